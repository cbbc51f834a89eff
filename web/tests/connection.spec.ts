import { answerOf, ask, ended, expect, expectStored, login, signIn, stored, test } from './support/test'

test.use({ losesConnections: true })
test.beforeEach(async ({ page, account }) => signIn(page, account))

const QUESTION = 'Which of two roads do I take, when both are dark?'

test('an answer survives connections that are cut', async ({ page, way, server, account }) => {
  const id = await ask(page, QUESTION)
  for (let cuts = 0; cuts < 2; cuts++) {
    const before = (await answerOf(page).innerText()).length
    await expect.poll(async () => (await answerOf(page).innerText()).length).toBeGreaterThan(before)
    way.cut()
  }
  await expectStored(page, server, account.token, id)
})

test('an answer survives a network that is away for a while', async ({ page, way, server, account }) => {
  const id = await ask(page, QUESTION)
  await expect(answerOf(page)).toContainText(/\w+ \w+/)
  way.close()
  await expect(page.getByText('The connection was lost.')).toBeVisible()
  const text = await answerOf(page).innerText()
  await page.waitForTimeout(1000)
  expect(await answerOf(page).innerText()).toBe(text)
  way.open()
  await expectStored(page, server, account.token, id)
})

test('an answer that cannot be followed says so, with what had been written', async ({ page, server, account }) => {
  // The rest of the network is there.
  let isRefused = true
  await page.routeWebSocket('**/graphql/ws', (socket) => {
    if (isRefused) void socket.close({ code: 1001 })
    else socket.connectToServer()
  })
  const id = await ask(page, QUESTION)
  await expect(page.getByText('The connection was lost.')).toBeVisible()
  await expect(answerOf(page).locator('.pen')).toBeVisible()
  isRefused = false
  await expectStored(page, server, account.token, id)
})

test('a page can be left while its connection is being made anew', async ({ page, way }) => {
  await ask(page, QUESTION)
  await expect(answerOf(page)).toContainText(/\w+ \w+/)
  way.close()
  await expect(page.getByText('The connection was lost.')).toBeVisible()
  await page.getByRole('link', { name: 'Ask', exact: true }).click()
  await expect(page.getByLabel('Your question for Legba')).toBeVisible()
  way.open()
  // The attempt that nobody waits for any more has failed by then: without a rejection that nobody handles.
  await page.getByRole('link', { name: 'Readings', exact: true }).click()
  await expect(page.getByText(QUESTION)).toBeVisible()
})

test('an answer survives a reload', async ({ page, server, account }) => {
  const id = await ask(page, QUESTION)
  await expect(answerOf(page)).toContainText(/\w+ \w+/)
  await page.reload()
  await expectStored(page, server, account.token, id)
})

test('an answer is followed at 100 ms of latency', async ({ page, way, server, account }) => {
  way.delay = 100
  const id = await ask(page, QUESTION)
  await expectStored(page, server, account.token, id)
})

test('what had been written survives a server that is killed', async ({ page, server, account }) => {
  const id = await ask(page, QUESTION)
  await expect(answerOf(page)).toContainText(/\w+ \w+/)
  await server.kill()
  await expect(page.getByText('The connection was lost.')).toBeVisible()
  const shown = await answerOf(page).locator('p').first().innerText()
  await server.start()
  await expectStored(page, server, account.token, id)
  await expect(answerOf(page).locator('p').first()).toContainText(shown.slice(0, 20))
})

test('an answer is followed in two tabs', async ({ page, context, server, account }) => {
  const id = await ask(page, QUESTION)
  const other = await context.newPage()
  await other.goto(`/app/readings/${id}`)
  await expectStored(page, server, account.token, id)
  await expectStored(other, server, account.token, id)
})

test('a question without a network is kept, and asked once', async ({ page, way, server, account }) => {
  await page.goto('/app')
  await page.getByLabel('Your question for Legba').fill(QUESTION)
  // With the first key, the page loads the code that sends questions.
  await page.waitForFunction(() => {
    const loaded = new Set(performance.getEntriesByType('resource').map(({ name }) => name))
    const wanted = Array.from(document.querySelectorAll<HTMLLinkElement>('link[rel=modulepreload]'), ({ href }) => href)
    return wanted.some((href) => href.includes('/asking-')) && wanted.every((href) => loaded.has(href))
  })
  way.close()
  await page.getByRole('button', { name: 'Ask Legba' }).click()
  await expect(page.getByText('Your question is kept here')).toBeVisible()
  way.open()
  await page.waitForURL('**/readings/reading_*')
  await ended(page)
  expect((await server.api('{ readings { totalCount } }', {}, account.token)).readings.totalCount).toBe(1)
})

test('a question whose answer was lost is asked once', async ({ page, way, server, account }) => {
  await page.goto('/app')
  await page.getByLabel('Your question for Legba').fill(QUESTION)
  way.loseAnswerTo(/askAdvisor/)
  await page.getByRole('button', { name: 'Ask Legba' }).click()
  await page.waitForURL('**/readings/reading_*')
  await ended(page)
  expect((await server.api('{ readings { totalCount } }', {}, account.token)).readings.totalCount).toBe(1)
})

test('a question that was on its way is asked after a reload, once', async ({ page, way, server, account }) => {
  await page.goto('/app')
  await page.getByLabel('Your question for Legba').fill(QUESTION)
  way.close()
  await page.getByRole('button', { name: 'Ask Legba' }).click()
  await expect(page.getByText('Your question is kept here')).toBeVisible()
  way.open()
  await page.reload()
  await page.waitForURL('**/readings/reading_*')
  expect((await server.api('{ readings { totalCount } }', {}, account.token)).readings.totalCount).toBe(1)
})

test('a session that is revoked elsewhere ends here, in the middle of an answer', async ({ page, server, account }) => {
  await ask(page, QUESTION)
  await expect(answerOf(page)).toContainText(/\w+/)
  const elsewhere = await login(server, account)
  const { profile } = await server.api('{ profile { sessions { id isCurrent } } }', {}, elsewhere)
  for (const { id, isCurrent } of profile.sessions) {
    if (!isCurrent) await server.api('mutation ($i: RevokeSessionInput!) { revokeSession(input: $i) { revokedSessionId } }', { i: { id } }, elsewhere)
  }
  await expect(page.getByText('Your session has ended.')).toBeVisible()
  // The page it was on comes after signing in.
  const id = page.url().split('/').at(-1) ?? ''
  await page.getByLabel('Email address').fill(account.email)
  await page.getByLabel('Password').fill(account.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expectStored(page, server, elsewhere, id)
  expect((await stored(server, elsewhere, id)).status).toBe('COMPLETED')
})

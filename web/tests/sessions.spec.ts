import type { Page } from '@playwright/test'
import { answerOf, ask, ended, expect, expectStored, login, signIn, test, type Server } from './support/test'

test.use({ settings: { TOKEN_LIFETIME: '4s', EMBEDDED_PACE: '12' } })

const tokenOf = (page: Page): Promise<string> =>
  page.evaluate(() => (JSON.parse(localStorage.getItem('mula:session') ?? '{}') as { token: string }).token)

const isAccepted = (server: Server, token: string): Promise<boolean> =>
  server.api('{ profile { id } }', {}, token).then(() => true, () => false)

/** Until the token has expired, whatever follows it. */
const expired = (server: Server, token: string) => expect.poll(() => isAccepted(server, token)).toBe(false)

test('a page in use extends its token before it expires', async ({ page, server, account }) => {
  const refused: string[] = []
  page.on('response', async (response) => {
    const text = response.url().endsWith('/graphql') ? await response.text().catch(() => '') : ''
    if (text.includes('TOKEN_EXPIRED')) refused.push(text)
  })
  await signIn(page, account)
  for (let extensions = 0; extensions < 2; extensions++) {
    const token = await tokenOf(page)
    await expect.poll(() => tokenOf(page)).not.toBe(token)
  }
  expect(refused).toEqual([])
  const { profile } = await server.api('{ profile { sessions { id } } }', {}, await tokenOf(page))
  // That of the fixture, and this.
  expect(profile.sessions).toHaveLength(2)
})

test('a page that comes back after its token has expired goes on', async ({ page, server, account }) => {
  await signIn(page, account)
  const token = await tokenOf(page)
  await page.goto('about:blank')
  await expired(server, token)
  await page.goto('/app/profile')
  await expect(page.getByRole('heading', { name: account.username })).toBeVisible()
  expect(await tokenOf(page)).not.toBe(token)
})

test('an answer that takes longer than its token lasts is followed to its end', async ({ page, server, account }) => {
  await signIn(page, account)
  const id = await ask(page, 'Which of two roads do I take, when both are long?')
  const token = await tokenOf(page)
  await expired(server, token)
  await page.reload()
  await ended(page)
  await expectStored(page, server, await login(server, account), id)
  await expect(page.getByRole('alert').filter({ hasText: /\w/ })).toHaveCount(0)
})

test('what happens on another device is shown after the token has expired, too', async ({ page, server, account }) => {
  await signIn(page, account)
  await expired(server, await tokenOf(page))
  const mutation = 'mutation ($i: AskAdvisorInput!) { askAdvisor(input: $i) { reading { id } } }'
  const question = 'What did the other device ask, much later?'
  await server.api(mutation, { i: { advisor: 'OSHUN', question, wait: false } }, await login(server, account))
  await expect(page.getByRole('link', { name: question })).toBeVisible()
})

test('two tabs that extend at once both stay signed in', async ({ page, context, server, account }) => {
  await signIn(page, account)
  const other = await context.newPage()
  await other.goto('/app/readings')
  for (let extensions = 0; extensions < 2; extensions++) await expired(server, await tokenOf(page))
  for (const tab of [page, other]) {
    await tab.getByRole('link', { name: 'Profile' }).click()
    await expect(tab.getByRole('heading', { name: account.username })).toBeVisible()
  }
  // Signing out of one tab still is of both.
  await page.getByRole('button', { name: 'Sign out', exact: true }).click()
  await expect(other.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  await expect(other.getByText('Your session has ended.')).toHaveCount(0)
  expect(await other.evaluate(() => localStorage.getItem('mula:session'))).toBeNull()
})

test.describe('with a network that goes away', () => {
  test.use({ losesConnections: true })

  test('a token that expires meanwhile is extended afterwards', async ({ page, way, server, account }) => {
    await signIn(page, account)
    const id = await ask(page, 'What grows in a garden that nobody waters?')
    await expect(answerOf(page)).toContainText(/\w+ \w+/)
    const token = await tokenOf(page)
    way.close()
    await expired(server, token)
    way.open()
    await ended(page)
    await expectStored(page, server, await login(server, account), id)
    await page.getByRole('link', { name: 'Profile' }).click()
    await expect(page.getByRole('heading', { name: account.username })).toBeVisible()
  })
})

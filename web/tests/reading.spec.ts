import { answerOf, ask, ended, expect, expectStored, signIn, stored, test } from './support/test'

test.beforeEach(async ({ page, account }) => signIn(page, account))

test('an answer is stopped, and what had been written stays', async ({ page, server, account }) => {
  const id = await ask(page, 'Where does this road lead, after the bridge?')
  await expect(answerOf(page)).toContainText(/\w+ \w+ \w+/)
  await page.getByRole('button', { name: 'Stop' }).click()
  await expect(page.getByText('You stopped this answer.')).toBeVisible()
  await expectStored(page, server, account.token, id)
  expect((await stored(server, account.token, id)).status).toBe('CANCELLED')
})

test('a question is asked again, and the earlier answer stays', async ({ page, server, account }) => {
  const id = await ask(page, 'How do I tell the truth kindly?', 'Yemaya')
  await ended(page)
  const first = await stored(server, account.token, id)
  await page.getByRole('button', { name: 'Ask again' }).click()
  await expect(page.getByText('Yemaya is answering.')).toBeVisible()
  await expectStored(page, server, account.token, id)
  await page.getByRole('heading', { name: 'Earlier answers' }).scrollIntoViewIfNeeded()
  await page.locator('.earlier summary').click()
  await expect(page.locator('.earlier .prose')).toContainText(first.response.slice(0, 40))
})

test('a reading is deleted', async ({ page, server, account }) => {
  await ask(page, 'What do I leave behind this year?')
  await ended(page)
  await page.getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await expect(page).toHaveURL(/\/app\/readings$/)
  await expect(page.getByText('Your questions and their answers are kept here.')).toBeVisible()
  expect((await server.api('{ readings { totalCount } }', {}, account.token)).readings.totalCount).toBe(0)
})

test('a cry for help is answered apart, with lines that can be tapped to call', async ({ page }) => {
  await ask(page, 'I want to die tonight', 'Shango')
  await expect(page.getByRole('heading', { name: 'You can talk to somebody now' })).toBeVisible()
  await expect(page.getByRole('link', { name: '116 123' })).toHaveAttribute('href', 'tel:116123')
  await expect(page.getByRole('link', { name: '0800 567 567' })).toHaveAttribute('href', 'tel:0800567567')
  await expect(page.getByRole('link', { name: 'findahelpline.com' })).toHaveAttribute('href', 'https://findahelpline.com')
  await expect(page.getByRole('link', { name: '130' })).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'Ask again' })).toHaveCount(0)
  await expect(page.locator('.sign')).toHaveCount(0)
})

test('a screen reader is told of changes, not of each piece', async ({ page }) => {
  await page.addInitScript(() => {
    const spoken: string[] = []
    Object.assign(window, { spoken })
    new MutationObserver((changes) => {
      for (const { target } of changes) {
        const element = target instanceof Element ? target : target.parentElement
        const region = element?.closest('[role=status], [role=alert], [aria-live]')
        if (region?.textContent) spoken.push(region.textContent)
      }
    }).observe(document, { subtree: true, childList: true, characterData: true })
  })
  await ask(page, 'What does the river ask of those who cross it?')
  await ended(page)
  await expect.poll(() => page.evaluate(() => (window as unknown as { spoken: string[] }).spoken.at(-1))).toContain('complete')
  const spoken = await page.evaluate(() => (window as unknown as { spoken: string[] }).spoken)
  expect(spoken.length).toBeLessThan(8)
})

test('another account’s reading, and none, look alike', async ({ page, server, account }) => {
  void server
  void account
  await page.goto('/app/readings/reading_01h455vb4pex5vsknk084sn02q')
  await expect(page.getByRole('heading', { name: 'Nothing here' })).toBeVisible()
  await page.goto('/app/nowhere')
  await expect(page.getByRole('heading', { name: 'Nothing here' })).toBeVisible()
})

test('readings asked and deleted on another device come and go', async ({ page, server, account }) => {
  await expect(page.getByText('Your questions and their answers are kept here.')).toBeVisible()
  const mutation = 'mutation ($i: AskAdvisorInput!) { askAdvisor(input: $i) { reading { id } } }'
  const question = 'What did the other device ask?'
  const { askAdvisor } = await server.api(mutation, { i: { advisor: 'OSHUN', question, wait: false } }, account.token)
  const item = page.getByRole('link', { name: question })
  await expect(item).toBeVisible()
  await expect(item.locator('.excerpt')).toBeVisible()
  await item.click()
  await ended(page)
  const { id } = askAdvisor.reading
  await server.api('mutation ($i: DeleteReadingInput!) { deleteReading(input: $i) { deletedReadingId } }', { i: { id } }, account.token)
  await expect(page.getByRole('heading', { name: 'Nothing here' })).toBeVisible()
})

test('a question that is asked again on another device is followed here', async ({ page, server, account }) => {
  const id = await ask(page, 'Who hears the same question twice?')
  await ended(page)
  await server.api('mutation ($i: RegenerateReadingInput!) { regenerateReading(input: $i) { reading { id } } }', { i: { id, wait: false } }, account.token)
  await expect(page.getByText('Legba is answering.')).toBeVisible()
  await expectStored(page, server, account.token, id)
})

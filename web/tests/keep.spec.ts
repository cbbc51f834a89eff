import { ask, ended, expect, expectAccessible, signIn, test } from './support/test'

test.use({ settings: { EMBEDDED_PACE: '0' } })
test.beforeEach(async ({ page, account }) => signIn(page, account))

const ASK = 'mutation ($i: AskAdvisorInput!) { askAdvisor(input: $i) { reading { id } } }'

test('a favourite, a judgement and a note are kept', async ({ page, server, account }) => {
  const id = await ask(page, 'What is worth keeping from this year?')
  await ended(page)
  await page.getByRole('button', { name: 'Favourite' }).click()
  await page.getByRole('button', { name: 'No', exact: true }).click()
  await page.getByLabel('Why not?').fill('It was about last year.')
  await page.getByRole('button', { name: 'Send' }).click()
  await expect(page.getByText('Sent. Thank you.')).toBeVisible()
  await page.getByRole('button', { name: 'Add a note' }).click()
  await page.getByLabel('Your note').fill('Ask again in spring.')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('Ask again in spring.')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Change the note' })).toBeFocused()
  const query = 'query ($id: ID!) { reading(id: $id) { isFavourite rating note } }'
  expect((await server.api(query, { id }, account.token)).reading).toEqual({
    isFavourite: true,
    rating: 'NOT_HELPFUL',
    note: 'Ask again in spring.',
  })
  await expectAccessible(page)

  await page.reload()
  await expect(page.getByRole('button', { name: 'Favourite' })).toHaveAttribute('aria-pressed', 'true')
  await page.getByRole('button', { name: 'No', exact: true }).click()
  await expect(page.getByRole('button', { name: 'No', exact: true })).toHaveAttribute('aria-pressed', 'false')
  await expect.poll(async () => (await server.api(query, { id }, account.token)).reading.rating).toBeNull()
  await page.goto('/app/readings')
  await expect(page.getByRole('img', { name: 'Favourite' })).toBeVisible()
})

test('a note that is too long is refused at its field, and stays', async ({ page }) => {
  await ask(page, 'How long may a note be, in the end?')
  await ended(page)
  await page.getByRole('button', { name: 'Add a note' }).click()
  await page.getByLabel('Your note').fill('a'.repeat(2001))
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByLabel('Your note')).toHaveAttribute('aria-invalid', 'true')
  await expect(page.getByText('At most 2,000 characters.')).toBeVisible()
})

test('readings are found by words, advisor, state and favourites', async ({ page, server, account }) => {
  const questions = ['Why does my garden fail?', 'When do I sell the boat?', 'Does the boat have a name?']
  for (const [n, question] of questions.entries()) {
    const advisor = n === 2 ? 'OSHUN' : 'YEMAYA'
    await server.api(ASK, { i: { advisor, question, wait: true } }, account.token)
  }
  await page.goto('/app/readings')
  const items = page.locator('.list li')
  await expect(items).toHaveCount(3)
  await page.getByLabel('Search your questions and answers').fill('boat')
  await expect(items).toHaveCount(2)
  await page.getByRole('radio', { name: 'Oshun' }).check()
  await expect(items).toHaveCount(1)
  await expect(items).toContainText('Does the boat have a name?')
  await page.getByText('More filters').click()
  await expectAccessible(page)
  await page.getByLabel('Favourites only').check()
  await expect(page.getByText('No reading is like that.')).toBeVisible()
  await page.getByLabel('Favourites only').uncheck()
  await page.getByLabel('State').selectOption('Complete')
  await expect(items).toHaveCount(1)
  await page.getByLabel('From').fill('2001-01-01')
  await page.getByLabel('To', { exact: true }).fill('2001-12-31')
  await expect(page.getByText('No reading is like that.')).toBeVisible()
  await page.getByLabel('To', { exact: true }).fill('')
  await expect(items).toHaveCount(1)
})

test('a question goes on from a reading, and both show it', async ({ page, server, account }) => {
  const first = await ask(page, 'How do I mend a quarrel with my brother?', 'Yemaya')
  await ended(page)
  await page.getByRole('button', { name: 'Ask further' }).click()
  await expect(page.getByText('Asking further from:')).toContainText('How do I mend a quarrel')
  await expect(page.getByRole('radio', { name: 'Yemaya' })).toBeChecked()
  await page.getByLabel('Your question for Yemaya').fill('And if he does not answer?')
  await page.getByRole('button', { name: 'Ask Yemaya' }).click()
  await page.waitForURL((url) => /readings\/reading_/.test(url.pathname) && !url.pathname.endsWith(first))
  await ended(page)
  const second = page.url().split('/').at(-1)
  const query = 'query ($id: ID!) { reading(id: $id) { inReplyTo { id } } }'
  expect((await server.api(query, { id: second }, account.token)).reading.inReplyTo.id).toBe(first)
  await page.getByRole('link', { name: 'How do I mend a quarrel' }).click()
  await expect(page.locator('.thread')).toContainText('And if he does not answer?')
  await expectAccessible(page)
})

test('a question is asked on its own after all', async ({ page, server, account }) => {
  await ask(page, 'What is the shape of a good day?')
  await ended(page)
  await page.getByRole('button', { name: 'Ask further' }).click()
  await page.getByRole('button', { name: 'Ask on its own' }).click()
  await page.getByLabel('Your question for Legba').fill('And of a good evening?')
  await page.getByRole('button', { name: 'Ask Legba' }).click()
  await page.waitForURL('**/readings/reading_*')
  await ended(page)
  const query = '{ readings(first: 1) { nodes { inReplyTo { id } } } }'
  expect((await server.api(query, {}, account.token)).readings.nodes[0].inReplyTo).toBeNull()
})

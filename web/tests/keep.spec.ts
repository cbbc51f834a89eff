import { ask, ended, expect, expectAccessible, signIn, test } from './support/test'

test.use({ settings: { EMBEDDED_PACE: '0' } })
test.beforeEach(async ({ page, account }) => signIn(page, account))

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

import { answerOf, ended, expect, expectAccessible, PASSWORD, Server, Proxy, signIn, test } from './support/test'
import type { Page } from '@playwright/test'

const QUESTION = 'Two jobs want me; how do I choose between them?'

/** Asks without an account, and goes on as a guest. */
async function askAsGuest(page: Page): Promise<void> {
  await page.goto('/app')
  await page.getByLabel('Your question for').fill(QUESTION)
  await page.getByRole('button', { name: 'Ask Legba' }).click()
  await expect(page.getByText('Your question is kept')).toBeVisible()
  await page.getByRole('button', { name: 'Go on as a guest' }).click()
  await page.waitForURL('**/app/readings/reading_*')
}

test('a guest asks, and keeps the readings with an account', async ({ page }) => {
  await page.goto('/app/register')
  await expect(page.getByRole('button', { name: 'Go on as a guest' })).toBeVisible()
  await expectAccessible(page)
  await askAsGuest(page)
  await ended(page)
  await expect(answerOf(page)).toBeVisible()

  await page.getByRole('link', { name: 'Profile' }).click()
  await expect(page.getByRole('heading', { name: 'Guest', level: 1 })).toBeVisible()
  await expect(page.getByText('1 of 3')).toBeVisible()
  await expect(page.getByLabel('Current password')).toHaveCount(0)
  await expectAccessible(page)
  expect(await page.content()).not.toContain('guest.invalid')

  await page.getByRole('link', { name: 'Keep your readings' }).click()
  await page.getByLabel('Email address').fill('nowhere')
  await page.getByLabel('Username').fill('carried')
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Keep them' }).click()
  await expect(page.getByLabel('Email address')).toHaveAttribute('aria-invalid', 'true')
  await expectAccessible(page)
  await page.getByLabel('Email address').fill('carried@example.com')
  await page.getByRole('button', { name: 'Keep them' }).click()
  await expect(page.getByRole('heading', { name: 'carried', level: 1 })).toBeVisible()
  await expect(page.getByText('carried@example.com').first()).toBeVisible()
  await expect(page.getByLabel('Current password')).toBeVisible()
  await page.getByRole('button', { name: 'Sign out', exact: true }).click()

  await signIn(page, { email: 'carried@example.com', password: PASSWORD })
  await expect(page.getByRole('link', { name: QUESTION })).toBeVisible()
})

test('a guest is told before signing out, and may leave without a password', async ({ page }) => {
  await askAsGuest(page)
  await page.getByRole('link', { name: 'Profile' }).click()
  await page.getByRole('button', { name: 'Sign out', exact: true }).click()
  await expect(page.getByRole('dialog')).toContainText('no way back')
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Cancel' }).click()

  await page.getByRole('button', { name: 'Delete account' }).click()
  await expect(page.getByRole('dialog').getByLabel('Password')).toHaveCount(0)
  await page.getByRole('dialog').getByRole('button', { name: 'Delete account' }).click()
  await expect(page.getByRole('link', { name: 'Sign in' })).toBeVisible()
})

test.describe('where there are no guests', () => {
  test.use({
    way: async ({}, use) => {
      const server = await Server.start({ GUESTS: 'false' })
      const way = await Proxy.before(server)
      await use(way)
      await way.stop()
      await server.stop()
    },
  })

  test('there is no way in as one', async ({ page }) => {
    const answered = page.waitForResponse(async (response) => (response.request().postData() ?? '').includes('serviceQuery'))
    await page.goto('/app/register')
    await answered
    await expect(page.getByRole('button', { name: 'Create account' })).toBeVisible()
    await expect(page.getByRole('button', { name: 'Go on as a guest' })).toHaveCount(0)
  })
})

import { expect, expectAccessible, login, Proxy, register, Server, signIn, test } from './support/test'
import { Mail } from './support/mail'

/** A server that sends mail, and a way to it. */
type Mailing = Proxy & { server: Server; mail: Mail }

test.use({
  way: async ({}, use) => {
    const mail = await Mail.start()
    const server = await Server.start(mail.settings)
    const way = Object.assign(await Proxy.before(server), { server, mail })
    await use(way)
    await way.stop()
    await server.stop()
    await mail.stop()
  },
  account: async ({ way }, use) => use(await register((way as Mailing).server)),
})

test('a forgotten password is replaced by the link of a message, once', async ({ page, way, account }) => {
  const { server, mail } = way as Mailing
  await page.goto('/app/sign-in')
  await page.getByRole('link', { name: 'Forgot your password?' }).click()
  await expect(page.getByRole('button', { name: 'Send a link' })).toBeVisible()
  await expectAccessible(page)
  await page.getByLabel('Email address').fill(account.email)
  await page.getByRole('button', { name: 'Send a link' }).click()
  await expect(page.getByText('If there is an account with this address')).toBeVisible()
  await expect.poll(() => mail.link('reset')).toBeTruthy()
  const link = mail.link('reset') ?? ''

  await page.goto(link)
  await page.getByLabel('New password').fill('password')
  await page.getByRole('button', { name: 'Set the password' }).click()
  await expect(page.getByLabel('New password')).toHaveAttribute('aria-invalid', 'true')
  await expectAccessible(page)
  await page.getByLabel('New password').fill('a river that found another way')
  await page.getByRole('button', { name: 'Set the password' }).click()
  await expect(page.getByText('The password is changed')).toBeVisible()
  await login(server, { email: account.email, password: 'a river that found another way' })
  await expect(server.api('{ profile { id } }', {}, account.token)).rejects.toThrow()

  await page.getByRole('link', { name: 'Sign in' }).last().click()
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  await page.goto('/app')
  await page.goto(link)
  await page.getByLabel('New password').fill('yet another way to the sea')
  await page.getByRole('button', { name: 'Set the password' }).click()
  await expect(page.getByText('This link does not work any more.')).toBeVisible()
})

test('an address without an account looks the same', async ({ page, way }) => {
  await page.goto('/app/forgot')
  await page.getByLabel('Email address').fill('nobody@example.com')
  await page.getByRole('button', { name: 'Send a link' }).click()
  await expect(page.getByText('If there is an account with this address')).toBeVisible()
  expect((way as Mailing).mail.messages).toEqual([])
})

test('an address is confirmed, and changed to another once that is', async ({ page, way, account }) => {
  const { server, mail } = way as Mailing
  await signIn(page, account)
  await expect.poll(() => mail.link('verify')).toBeTruthy()
  const missed = mail.link('verify')
  await page.getByRole('link', { name: 'Profile' }).click()
  await page.getByRole('button', { name: 'Send the link again' }).click()
  await expect.poll(() => mail.link('verify')).not.toBe(missed)
  const first = mail.link('verify') ?? ''
  await page.goto(first)
  await expect(page.getByRole('heading', { name: 'Confirm your address' })).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Confirm' }).click()
  await expect(page.getByText(`${account.email} is confirmed.`)).toBeVisible()

  const next = `new-${account.email}`
  await page.goto('/app/profile')
  await page.getByLabel('New email address').fill(next)
  await page.getByLabel('Password', { exact: true }).fill(account.password)
  await page.getByRole('button', { name: 'Change address' }).click()
  await expect(page.getByText(`${next} is not confirmed yet.`)).toBeVisible()
  await expectAccessible(page)
  await expect.poll(() => mail.link('verify')).not.toBe(first)
  await page.goto('/app')
  await page.goto(mail.link('verify') ?? '')
  await page.getByRole('button', { name: 'Confirm' }).click()
  await expect(page.getByText(`${next} is confirmed.`)).toBeVisible()
  await login(server, { email: next, password: account.password })
})

test('a link that was used shows so', async ({ page }) => {
  await page.goto('/app/verify#token=unknown')
  await page.getByRole('button', { name: 'Confirm' }).click()
  await expect(page.getByText('This link does not work any more.')).toBeVisible()
})

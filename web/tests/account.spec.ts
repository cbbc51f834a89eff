import { readFile } from 'node:fs/promises'
import { ask, ended, expect, expectAccessible, login, PASSWORD, Proxy, Server, signIn, register, test } from './support/test'

test('a wrong password is refused in words', async ({ page, account }) => {
  await page.goto('/app/sign-in')
  await page.getByLabel('Email address').fill(account.email)
  await page.getByLabel('Password').fill('not the password')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('alert')).toHaveText('The email address or the password is wrong.')
})

test('registration names every field that fails, and its rule', async ({ page, account }) => {
  await page.goto('/app/register')
  await page.getByLabel('Email address').fill('nowhere')
  await page.getByLabel('Username').fill('a')
  await page.getByLabel('Password').fill('password')
  await page.getByRole('button', { name: 'Create account' }).click()
  for (const label of ['Email address', 'Username', 'Password']) {
    await expect(page.getByLabel(label)).toHaveAttribute('aria-invalid', 'true')
  }
  await expect(page.getByText('An address such as ada@example.com.')).toBeVisible()
  await expect(page.getByText('This password is among the first')).toBeVisible()

  await page.getByLabel('Email address').fill(account.email)
  await page.getByLabel('Username').fill(`${account.username}b`)
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(page.getByText('There is an account with this address already.')).toBeVisible()
})

test('signing out in one tab signs out in the other', async ({ page, context, account }) => {
  await signIn(page, account)
  const other = await context.newPage()
  await other.goto('/app/readings')
  await expect(other.getByRole('heading', { name: 'Your readings' })).toBeVisible()
  await page.goto('/app/profile')
  await page.getByRole('button', { name: 'Sign out', exact: true }).click()
  await expect(other.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  await expect(other.getByText('Your session has ended.')).toHaveCount(0)
})

test('signing in in one tab signs in in the other', async ({ page, context, account }) => {
  await page.goto('/app/profile')
  const other = await context.newPage()
  await signIn(other, account)
  await expect(page.getByRole('heading', { name: account.username })).toBeVisible()
})

test('sessions are listed, and ended one by one', async ({ page, server, account }) => {
  await signIn(page, account)
  await page.goto('/app/profile')
  const rows = page.getByRole('region', { name: 'Where you are signed in' }).getByRole('listitem')
  await expect(rows).toHaveCount(2)
  await expect(rows.filter({ hasText: 'This device' })).toHaveCount(1)
  await rows.getByRole('button').click()
  await expect(rows).toHaveCount(1)
  await expect(server.api('{ profile { id } }', {}, account.token)).rejects.toThrow()
})

test('all other sessions are ended at once', async ({ page, server, account }) => {
  await login(server, account)
  await signIn(page, account)
  await page.goto('/app/profile')
  const rows = page.getByRole('region', { name: 'Where you are signed in' }).getByRole('listitem')
  await expect(rows).toHaveCount(3)
  await expect(rows.filter({ hasText: /Chrome · \w+/ })).toHaveCount(1)
  await expect(rows.filter({ hasText: 'Last used' })).toHaveCount(2)
  await page.getByRole('button', { name: 'End all other sessions' }).click()
  await expect(page.getByText('2 other sessions have ended.')).toBeVisible()
  await expect(rows).toHaveCount(1)
  await expect(server.api('{ profile { id } }', {}, account.token)).rejects.toThrow()
})

test('what happens to the account is listed', async ({ page, server, account }) => {
  await signIn(page, account)
  await expect(login(server, { email: account.email, password: 'not the password' })).rejects.toThrow()
  const kinds = async () => {
    const query = '{ profile { events(first: 1) { nodes { kind } } } }'
    return (await server.api(query, {}, account.token)).profile.events.nodes[0].kind
  }
  await expect.poll(kinds).toBe('SIGN_IN_FAILED')
  await page.goto('/app/profile')
  const rows = page.getByRole('region', { name: 'Recent activity' }).getByRole('listitem')
  await expect(rows.locator('strong')).toHaveText([
    'Sign-in with a wrong password',
    'Signed in',
    'Signed in',
    'Account created',
  ])
  await page.getByRole('button', { name: 'End all other sessions' }).click()
  await expect(rows.first()).toContainText('Session ended')
  for (let more = 0; more < 2; more++) await login(server, account)
  await page.reload()
  await expect(rows).toHaveCount(5)
  await page.getByRole('region', { name: 'Recent activity' }).getByRole('button', { name: 'Show more' }).click()
  await expect(rows).toHaveCount(7)
})

test('one’s own data is downloaded as a file', async ({ page, account }) => {
  await signIn(page, account)
  await ask(page, 'What do I take along?')
  await ended(page)
  await page.goto('/app/profile')
  const coming = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download my data' }).click()
  const download = await coming
  expect(download.suggestedFilename()).toBe('mula-export.jsonl')
  const text = await readFile(await download.path(), 'utf8')
  const lines = text.trim().split('\n').map((line) => JSON.parse(line) as { type: string; question?: string })
  expect(lines.find(({ type }) => type === 'reading')?.question).toBe('What do I take along?')
  expect(lines.at(-1)?.type).toBe('end')
})

test.describe('with a network that goes away', () => {
  test.use({ losesConnections: true })

  test('a download that fails is said in words', async ({ page, account }) => {
    await signIn(page, account)
    await page.goto('/app/profile')
    await page.route('**/export', (route) => route.abort())
    await page.getByRole('button', { name: 'Download my data' }).click()
    const alert = page.getByRole('region', { name: 'Download my data' }).getByRole('alert')
    await expect(alert).toContainText('The service can')
  })
})

test('the name and the language are changed', async ({ page, server, account }) => {
  await signIn(page, account)
  await page.goto('/app/profile')
  await page.getByLabel('Username').fill('a')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByLabel('Username')).toHaveAttribute('aria-invalid', 'true')
  await page.getByLabel('Username').fill(`${account.username}-new`)
  await page.getByRole('main').getByLabel('Language', { exact: true }).selectOption('fr')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('Enregistré.')).toBeVisible()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(`${account.username}-new`)
  const { profile } = await server.api('{ profile { username locale } }', {}, account.token)
  expect(profile).toEqual({ username: `${account.username}-new`, locale: 'fr' })
})

test('the password is changed, and other sessions end', async ({ page, server, account }) => {
  await signIn(page, account)
  await page.goto('/app/profile')
  await page.getByLabel('Current password').fill('not the password')
  await page.getByLabel('New password').fill('thunder over the river')
  await page.getByRole('button', { name: 'Change password' }).click()
  await expect(page.getByText('This is not the password.')).toBeVisible()
  await page.getByLabel('Current password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Change password' }).click()
  await expect(page.getByText('The password is changed. 1 other session has ended.')).toBeVisible()
  await login(server, { email: account.email, password: 'thunder over the river' })
})

test('the account is deleted with its password', async ({ page, server, account }) => {
  await signIn(page, account)
  await page.goto('/app/profile')
  await page.getByRole('button', { name: 'Delete account' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Password').fill('not the password')
  await dialog.getByRole('button', { name: 'Delete account' }).click()
  await expect(dialog.getByText('This is not the password.')).toBeVisible()
  await dialog.getByLabel('Password').fill(PASSWORD)
  await dialog.getByRole('button', { name: 'Delete account' }).click()
  await expect(page).toHaveURL(/\/app$/)
  await expect(page.getByRole('link', { name: 'Sign in' })).toBeVisible()
  await expect(login(server, account)).rejects.toThrow()
})

test('what needs mail is not offered where none is sent', async ({ page, account }) => {
  const offers = () => page.waitForResponse((response) => response.request().postData()?.includes('serviceQuery') ?? false)
  await signIn(page, account)
  const known = offers()
  await page.getByRole('link', { name: 'Profile' }).click()
  await (await known).finished()
  await expect(page.getByRole('button', { name: 'Change address' })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Send the link again' })).toHaveCount(0)

  await page.goto('/app/forgot')
  await expect(page.getByText('This service sends no mail. Ask those who run it for a link.')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Send a link' })).toHaveCount(0)
  await expectAccessible(page)
})

test('usage is shown with its limit', async ({ page, account }) => {
  await signIn(page, account)
  await ask(page, 'What is enough?')
  await page.goto('/app/profile')
  await expect(page.getByText('1 of 50')).toBeVisible()
})

test.describe('with little time and few readings', () => {
  test.use({
    // A server and a way to it of its own.
    way: async ({}, use) => {
      const server = await Server.start({ TOKEN_LIFETIME: '8s', SESSION_IDLE: '8s', SESSION_MAX: '8s', READINGS_PER_DAY: '1', EMBEDDED_PACE: '0' })
      const way = await Proxy.before(server)
      await use(Object.assign(way, { server }))
      await way.stop()
      await server.stop()
    },
    account: async ({ way }, use) => use(await register((way as Proxy & { server: Server }).server)),
  })

  test('the day’s readings run out in words, and the question stays', async ({ page, account }) => {
    await signIn(page, account)
    await ask(page, 'What is the first question?')
    await ended(page)
    await page.goto('/app')
    await page.getByLabel('Your question for Legba').fill('What is the second question?')
    await page.getByRole('button', { name: 'Ask Legba' }).click()
    await expect(page.getByRole('alert').filter({ hasText: /again/ })).toBeVisible()
    await expect(page.getByLabel('Your question for Legba')).toHaveValue('What is the second question?')
  })

  test('a session at its end asks for the password, and goes on', async ({ page, account }) => {
    await signIn(page, account)
    await page.getByRole('link', { name: 'Profile' }).click()
    await expect(page.getByText('Your session has ended.')).toBeVisible()
    await page.getByLabel('Email address').fill(account.email)
    await page.getByLabel('Password').fill(account.password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await expect(page.getByRole('heading', { name: account.username })).toBeVisible()
  })
})

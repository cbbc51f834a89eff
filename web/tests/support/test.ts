import AxeBuilder from '@axe-core/playwright'
import { test as base, expect, type Page } from '@playwright/test'
import { Proxy, Server } from './server'

export { expect, Proxy, Server }

interface Account {
  email: string
  username: string
  password: string
  token: string
}

interface Fixtures {
  /** A new connection to the server for each test. */
  way: Proxy
  /** Signed in to by `signIn`. */
  account: Account
  /** Whether lost connections, which browsers report as errors, belong to the test. */
  losesConnections: boolean
}

let users = 0

export const PASSWORD = 'river and thunder'

interface WorkerFixtures {
  /** Of the server, for a whole file. */
  settings: Record<string, string>
  server: Server
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  settings: [{}, { option: true, scope: 'worker' }],
  server: [
    async ({ settings }, use) => {
      const server = await Server.start(settings)
      await use(server)
      await server.stop()
    },
    { scope: 'worker' },
  ],
  losesConnections: [false, { option: true }],
  way: async ({ server }, use) => {
    const way = await Proxy.before(server)
    await use(way)
    await way.stop()
  },
  baseURL: async ({ way }, use) => use(way.url),
  account: async ({ server }, use) => use(await register(server)),
  // Nothing in the console, and no rejection that nobody handles.
  context: async ({ context, losesConnections }, use) => {
    const problems: string[] = []
    context.on('console', (message) => {
      const isLost = /net::ERR_|WebSocket connection to .* failed/.test(message.text())
      if (['error', 'warning'].includes(message.type()) && !(losesConnections && isLost)) problems.push(message.text())
    })
    context.on('weberror', (error) => problems.push(String(error.error().stack)))
    await use(context)
    expect(problems).toEqual([])
  },
})

export async function register(server: Server): Promise<Account> {
  const name = `ada${++users}x${process.pid}`
  const account = { email: `${name}@example.com`, username: name, password: PASSWORD }
  await server.api('mutation ($i: RegisterInput!) { register(input: $i) { user { id } } }', { i: account })
  return { ...account, token: await login(server, account) }
}

export async function login(server: Server, { email, password }: { email: string; password: string }): Promise<string> {
  const query = 'mutation ($i: LoginInput!) { login(input: $i) { accessToken } }'
  return (await server.api(query, { i: { email, password } })).login.accessToken
}

export async function signIn(page: Page, account: { email: string; password: string }): Promise<void> {
  await page.goto('/app/sign-in')
  await page.getByLabel('Email address').fill(account.email)
  await page.getByLabel('Password').fill(account.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL('**/app/readings')
}

/** Asks, and is on the reading's page. Returns the reading's id. */
export async function ask(page: Page, question: string, advisor = 'Legba'): Promise<string> {
  await page.goto('/app')
  await page.getByRole('radio', { name: advisor }).check()
  await page.getByLabel('Your question for').fill(question)
  await page.getByRole('button', { name: `Ask ${advisor}` }).click()
  await page.waitForURL('**/app/readings/reading_*')
  return page.url().split('/').at(-1) ?? ''
}

export const answerOf = (page: Page) => page.locator('.answer')

/** Until the answer has ended. */
export async function ended(page: Page): Promise<void> {
  await expect(page.locator('.writer')).toBeVisible({ timeout: 90_000 })
}

export async function stored(server: Server, token: string, id: string): Promise<{ response: string; status: string }> {
  const query = 'query ($id: ID!) { reading(id: $id) { response status } }'
  return (await server.api(query, { id }, token)).reading
}

/** The text of an answer as a reader has it: without marks of sources, emphasis and line breaks. */
export const words = (text: string) => text.replace(/\s?\[\d+\]|[*_]/g, '').replace(/\s+/g, ' ').trim()

/** That the text on the page is the text that is stored. */
export async function expectStored(page: Page, server: Server, token: string, id: string): Promise<void> {
  await ended(page)
  const { response } = await stored(server, token, id)
  expect(response.length).toBeGreaterThan(0)
  await expect
    .poll(() => answerOf(page).evaluate((element) => {
      const copy = element.cloneNode(true) as HTMLElement
      for (const mark of copy.querySelectorAll('.mark, h2')) mark.remove()
      return Array.from(copy.querySelectorAll('p, li'), (block) => block.textContent).join(' ')
    }).then(words))
    .toBe(words(response))
}

export async function expectAccessible(page: Page): Promise<void> {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
  const { violations } = await new AxeBuilder({ page }).withTags(tags).analyze()
  expect(violations.map(({ id, nodes }) => [id, nodes.map(({ target, failureSummary }) => [target, failureSummary])])).toEqual([])
}

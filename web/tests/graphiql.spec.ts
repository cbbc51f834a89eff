import type { Page } from '@playwright/test'
import { expect, expectAccessible, Proxy, register, Server, test } from './support/test'

const tab = (page: Page, name: string) => page.locator('.graphiql-tab-button', { hasText: name }).click()
const run = (page: Page) => page.getByRole('button', { name: /Execute query/ }).click()
const result = (page: Page) => page.locator('.graphiql-response')

/** The editor of this label, by its keyboard input. */
async function fill(page: Page, label: string, text: string): Promise<void> {
  await page.getByRole('textbox', { name: label, exact: true }).focus()
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.insertText(text)
}

async function signInAt(page: Page, account: { email: string; password: string }): Promise<void> {
  await page.goto('/graphiql')
  await tab(page, 'SignIn')
  await fill(page, 'Variables', JSON.stringify({ input: { email: account.email, password: account.password } }))
  await run(page)
  await expect(page.locator('#token-state')).toHaveText('Sent with every request')
}

test('the tabs do the whole job, and the answer is watched as prose', async ({ page, account }) => {
  await signInAt(page, account)
  await tab(page, 'Ask')
  await run(page)
  await expect(result(page)).toContainText('"reading_')
  await tab(page, 'Watch')
  await expect(page.locator('.graphiql-editor-tool')).toContainText('reading_')
  await run(page)
  const answer = page.getByRole('region', { name: 'Answer' })
  await expect(answer.getByRole('status')).toHaveText('Being written')
  await expect(answer).toContainText(/\w+ \w+ \w+/)
  await expectAccessible(page)
  await expect(answer.getByRole('status')).toHaveText('COMPLETED')
})

test.describe('with a slow answer', () => {
  test.use({
    way: async ({}, use) => {
      const server = await Server.start({ EMBEDDED_PACE: '1' })
      const way = Object.assign(await Proxy.before(server), { server })
      await use(way)
      await way.stop()
      await server.stop()
    },
  })

  test('an answer that is no longer followed says so', async ({ page, way }) => {
    await signInAt(page, await register((way as Proxy & { server: Server }).server))
    await tab(page, 'Ask')
    await run(page)
    await expect(result(page)).toContainText('"reading_')
    await tab(page, 'Watch')
    await run(page)
    const status = page.getByRole('region', { name: 'Answer' }).getByRole('status')
    await expect(status).toHaveText('Being written')
    await page.getByRole('button', { name: /Stop query/ }).click()
    await expect(status).toHaveText('No longer followed')
  })
})

test('a token that is refused is shown as refused', async ({ page, server, account }) => {
  await signInAt(page, account)
  const token = await page.getByLabel('Access token').inputValue()
  await server.api('mutation { logout { message } }', {}, token)
  await tab(page, 'ReadBack')
  await run(page)
  await expect(page.locator('#token-state')).toHaveText('Refused: sign in again')
})

test('Tab leaves the editors', async ({ page }) => {
  await page.goto('/graphiql')
  for (const editor of ['Operation', 'Variables']) {
    await page.getByRole('textbox', { name: editor, exact: true }).focus()
    await page.keyboard.press('Tab')
    await expect(page.getByRole('textbox', { name: editor, exact: true })).not.toBeFocused()
  }
})

test('an operation is copied as a curl command', async ({ page, context, account }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await signInAt(page, account)
  await tab(page, 'ReadBack')
  await page.getByRole('button', { name: 'Copy as cURL' }).click()
  await expect(page.getByText('Copied as a curl command.')).toBeVisible()
  const command = await page.evaluate(() => navigator.clipboard.readText())
  expect(command).toMatch(/^curl -sS http:\S+\/graphql -H 'content-type: application\/json' -H 'Authorization: Bearer /)
})

test('the documentation opens with a description of this API', async ({ page }) => {
  await page.goto('/graphiql')
  await page.getByRole('button', { name: /Documentation Explorer/ }).click()
  await expect(page.locator('.graphiql-doc-explorer')).toContainText('The API of Mula: The Root.')
})

for (const width of [1280, 700]) {
  test(`it is accessible, and no wider than the window, at ${width} px`, async ({ page, account }) => {
    await page.setViewportSize({ width, height: 900 })
    await signInAt(page, account)
    await expectAccessible(page)
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
    const [editors, response] = await Promise.all(
      [page.locator('.graphiql-editors'), result(page)].map((pane) => pane.boundingBox()),
    )
    // Under 46 rem the panes are one under the other.
    expect((response?.y ?? 0) >= (editors?.y ?? 0) + (editors?.height ?? 0)).toBe(width < 736)
  })
}

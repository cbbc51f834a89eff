// The whole job in Firefox, as Debian has it. Playwright drives only a Firefox of its own, so that this is Puppeteer's.
import { existsSync } from 'node:fs'
import puppeteer, { type Browser, type Page } from 'puppeteer-core'
import { expect, PASSWORD, test as base } from './support/test'

const FIREFOX = process.env.FIREFOX ?? '/usr/bin/firefox-esr'
const QUESTION = 'Why does every door I knock on stay shut?'

const test = base.extend<{ firefox: Page }>({
  firefox: async ({ way }, use) => {
    const browser: Browser = await puppeteer.launch({ browser: 'firefox', executablePath: FIREFOX })
    const page = await browser.newPage()
    page.setDefaultTimeout(40_000)
    const problems: string[] = []
    page.on('console', (message) => ['error', 'warn'].includes(message.type()) && problems.push(message.text()))
    page.on('pageerror', (error) => problems.push(String(error)))
    await page.goto(`${way.url}/app`)
    await use(page)
    await browser.close()
    expect(problems).toEqual([])
  },
})

test.skip(!existsSync(FIREFOX) && !process.env.MULA_REQUIRE_FIREFOX, `there is no ${FIREFOX}`)

// Neither Puppeteer's locators nor its `waitForFunction`: both wait by `eval`, which the page's policy forbids.

const find = async (page: Page, selector: string) => {
  const found = await page.waitForSelector(selector)
  if (!found) throw new Error(`no ${selector}`)
  return found
}

const click = async (page: Page, selector: string) => (await find(page, selector)).click()

const fill = async (page: Page, label: string, text: string) =>
  (await find(page, `::-p-xpath(//*[@id = //label[normalize-space() = '${label}']/@for])`)).type(text)

/** The button or link that says so, once it can be used. */
const named = (name: string) =>
  `::-p-xpath(//*[self::a or self::button][normalize-space() = '${name}'][not(@disabled)])`

const text = (page: Page, selector: string) => page.$eval(selector, (element) => element.textContent)

/** Until the page is at an address that has this. */
const arrive = (page: Page, address: string) =>
  expect.poll(() => page.evaluate(() => location.href), { timeout: 40_000 }).toContain(address)

test('a stranger asks, watches the answer, reads its sources, and comes back', async ({ firefox: page }) => {
  const email = 'ada@example.com'
  await fill(page, 'Your question for Legba', QUESTION)
  await click(page, named('Ask Legba'))

  await arrive(page, '/app/register')
  await fill(page, 'Email address', email)
  await fill(page, 'Username', 'ada')
  await fill(page, 'Password', PASSWORD)
  await click(page, named('Create account'))

  await arrive(page, '/app/readings/reading_')
  await page.waitForSelector('.answer[aria-busy=true]')
  await expect.poll(() => text(page, '.answer'), { timeout: 40_000 }).toMatch(/\w+ \w+/)
  const begun = (await text(page, '.answer'))?.length ?? 0
  await page.waitForSelector('.writer')
  expect((await text(page, '.answer'))?.length).toBeGreaterThan(begun)
  await click(page, '.answer .mark a')
  await arrive(page, '#source-1')
  expect(await text(page, '#source-1 cite')).not.toBe('')

  await click(page, named('Profile'))
  await click(page, named('Sign out'))
  await click(page, named('Sign in'))
  await fill(page, 'Email address', email)
  await fill(page, 'Password', PASSWORD)
  await click(page, 'main button[type=submit]')
  await arrive(page, '/app/readings')
  await click(page, '.list a')
  await arrive(page, '/app/readings/reading_')
  await page.waitForSelector('.writer')
  expect(await text(page, 'h1')).toBe(QUESTION)
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { ask, ended, expect, expectAccessible, Proxy, register, Server, signIn, test } from './support/test'

const SCREENSHOTS = process.env.SCREENSHOTS

/** Every page, with what has to be on it before it is looked at. */
const PAGES: [name: string, open: (page: Page) => Promise<void>][] = [
  ['ask', async (page) => {
    await page.goto('/app')
    await expect(page.locator('.words blockquote')).toBeVisible()
  }],
  ['readings', async (page) => {
    await page.goto('/app/readings')
    await expect(page.locator('.list li')).toHaveCount(2)
  }],
  ['reading', async (page) => {
    await page.goto('/app/readings')
    await page.getByRole('link', { name: /Two jobs/ }).click()
    await expect(page.locator('#source-1')).toBeVisible()
  }],
  ['crisis', async (page) => {
    await page.goto('/app/readings')
    await page.getByRole('link', { name: /want to die/ }).click()
    await expect(page.locator('.help-lines')).toBeVisible()
  }],
  ['profile', async (page) => {
    await page.goto('/app/profile')
    await expect(page.locator('.rows li').first()).toBeVisible()
  }],
  ['delete', async (page) => {
    await page.goto('/app/profile')
    await page.getByRole('button', { name: 'Delete account' }).click()
    await expect(page.getByRole('dialog')).toBeVisible()
  }],
  ['sign-in', async (page) => {
    await page.goto('/app/sign-in')
    await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  }],
  ['register', async (page) => {
    await page.goto('/app/register')
    await page.getByRole('button', { name: 'Create account' }).click()
    await expect(page.locator('[aria-invalid]').first()).toBeVisible()
  }],
  ['not-found', async (page) => {
    await page.goto('/app/nowhere')
    await expect(page.getByRole('heading', { name: 'Nothing here' })).toBeVisible()
  }],
]

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [1280, 320]) {
    test.describe(`${colorScheme}, ${width} px`, () => {
      test.use({ colorScheme, viewport: { width, height: 800 }, contextOptions: { reducedMotion: 'reduce' } })

      test('every page is accessible, and no wider than the window', async ({ page, account }) => {
        test.setTimeout(400_000)
        await signIn(page, account)
        await ask(page, 'I want to die tonight')
        await ended(page)
        await ask(page, 'Two jobs want me; how do I choose between them?')
        await ended(page)
        for (const [name, open] of PAGES) {
          await open(page)
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
          expect(wide, `${name} is too wide`).toBeLessThanOrEqual(0)
          if (SCREENSHOTS) {
            await page.screenshot({ path: join(SCREENSHOTS, `${name}-${colorScheme}-${width}.png`), fullPage: true })
          }
          await expectAccessible(page)
        }
      })
    })
  }
}

for (const width of [1280, 320]) {
  test(`right to left does not break it, at ${width} px`, async ({ page, account }) => {
    await page.setViewportSize({ width, height: 800 })
    await page.addInitScript(() => addEventListener('DOMContentLoaded', () => (document.documentElement.dir = 'rtl')))
    await signIn(page, account)
    await ask(page, 'Two jobs want me; how do I choose between them?')
    await ended(page)
    for (const path of ['/app', '/app/readings', page.url(), '/app/profile', '/app/sign-in']) {
      await page.goto(path)
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
      // What overflows to the left is scrolled to by a negative amount.
      const cut = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
      expect(cut, `${path} is too wide`).toBeLessThanOrEqual(0)
      if (SCREENSHOTS) {
        const name = path.split('/').at(-1)?.replace(/^reading_.*/, 'reading')
        await page.screenshot({ path: join(SCREENSHOTS, `${name}-rtl-${width}.png`), fullPage: true })
      }
    }
  })
}

test('an answer that is being written is accessible', async ({ page, account }) => {
  await signIn(page, account)
  await ask(page, 'What grows back after a fire?', 'Shango')
  await expect(page.getByText('Shango is answering.')).toBeVisible()
  await expectAccessible(page)
})

test('the first view is under 120 kB', async ({ page }) => {
  const client = await page.context().newCDPSession(page)
  await client.send('Network.enable')
  let bytes = 0
  client.on('Network.loadingFinished', (event) => (bytes += event.encodedDataLength))
  await page.goto('/app', { waitUntil: 'networkidle' })
  await expect(page.locator('.words blockquote')).toBeVisible()
  test.info().annotations.push({ type: 'bytes', description: String(bytes) })
  expect(bytes).toBeGreaterThan(50_000)
  expect(bytes).toBeLessThan(120_000)
})

test.describe('with 500 readings', () => {
  test.use({
    // A server of its own, which answers at once.
    way: async ({}, use) => {
      const server = await Server.start({ EMBEDDED_PACE: '0', READINGS_PER_DAY: '0' })
      const way = Object.assign(await Proxy.before(server), { server })
      await use(way)
      await way.stop()
      await server.stop()
    },
  })

  test('a long history is read to its end', async ({ page, way }) => {
    const { server } = way as Proxy & { server: Server }
    const account = await register(server)
    const mutation = 'mutation ($i: AskAdvisorInput!) { askAdvisor(input: $i) { reading { id } } }'
    for (let n = 1; n <= 500; n++) {
      const advisor = ['LEGBA', 'OSHUN', 'SHANGO', 'YEMAYA'][n % 4]
      await server.api(mutation, { i: { advisor, question: `What is behind door ${n}?` } }, account.token)
    }
    await signIn(page, account)
    const items = page.locator('.list li')
    await expect(async () => {
      await page.keyboard.press('End')
      await expect(items).toHaveCount(500, { timeout: 500 })
    }).toPass()
    await expect(items.last()).toContainText('What is behind door 1?')
    await page.getByRole('radio', { name: 'Oshun' }).check()
    await expect(async () => {
      await page.keyboard.press('End')
      await expect(items).toHaveCount(125, { timeout: 500 })
    }).toPass()
  })
})

const LANGUAGES = ['es', 'pt', 'fr', 'ht'] as const

for (const language of LANGUAGES) {
  test.describe(`in ${language}`, () => {
    test.use({ locale: language })

    test('the interface is in the language of the browser', async ({ page }) => {
      const messages = JSON.parse(readFileSync(join(import.meta.dirname, `../src/messages/${language}.json`), 'utf8'))
      await page.goto('/app/sign-in')
      await expect(page.locator('html')).toHaveAttribute('lang', language)
      await expect(page.getByRole('heading', { level: 1 })).toHaveText(messages['signIn.title'])
      await page.getByLabel(messages['field.email']).fill('nobody@example.com')
      await page.getByLabel(messages['field.password']).fill('not the password')
      await page.getByRole('button', { name: messages['signIn.action'] }).click()
      await expect(page.getByRole('alert')).toHaveText(messages['error.UNAUTHENTICATED'])
      await page.goto('/app')
      await expect(page.locator('.words .title')).toHaveText(messages['advisor.LEGBA.title'])
    })
  })
}

test('the language and the appearance are chosen, and stay', async ({ page }) => {
  await page.goto('/app')
  await page.getByLabel('Language').selectOption('fr')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Que voulez-vous demander ?')
  await page.getByLabel('Apparence').selectOption('dark')
  await page.reload()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Que voulez-vous demander ?')
  await expect(page.locator('html')).toHaveCSS('background-color', 'rgb(18, 18, 29)')
})

test.describe('without a network', () => {
  test.use({ losesConnections: true })

  test('readings that were read can be read', async ({ page, way, account }) => {
    await signIn(page, account)
    await ask(page, 'What did I come back for?')
    await ended(page)
    const text = await page.locator('.answer').innerText()
    await page.goto('/app/readings')
    await expect(page.locator('.list li')).toHaveCount(1)
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined))
    // Once with the service worker, which keeps the files.
    await page.reload()
    await page.locator('.list a').click()
    await expect(page.locator('.answer')).toHaveText(/\w+/)

    way.close()
    await page.goto('/app/readings')
    await expect(page.getByText('This is what you read before.')).toBeVisible()
    await page.locator('.list a').click()
    await expect.poll(() => page.locator('.answer').innerText()).toBe(text)
  })
})

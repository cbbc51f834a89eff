// The pictures of the README: `make pictures`.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { answerOf, expect, signIn, test } from './support/test'

const PICTURES = process.env.PICTURES

test.skip(!PICTURES, 'PICTURES names no folder')
test.use({
  settings: { EMBEDDED_PACE: '40' },
  viewport: { width: 1120, height: 840 },
  colorScheme: 'light',
  contextOptions: { reducedMotion: 'reduce' },
})

async function keep(page: Page, name: string): Promise<void> {
  const browser = await page.context().newCDPSession(page)
  const { data } = await browser.send('Page.captureScreenshot', { format: 'webp', quality: 80 })
  await writeFile(join(PICTURES ?? '', `${name}.webp`), data, 'base64')
}

test('the first page, and an answer being written', async ({ page, account }) => {
  await page.goto('/app')
  await page.getByRole('radio', { name: 'Oshun' }).check()
  await expect(page.locator('.words')).toContainText('Lady of the Sweet Waters')
  await keep(page, 'ask')

  await signIn(page, account)
  await page.goto('/app')
  await page.getByRole('radio', { name: 'Oshun' }).check()
  await page.getByLabel('Your question for Oshun').fill('How do I mend my heart after a breakup?')
  await page.getByRole('button', { name: 'Ask Oshun' }).click()
  await expect.poll(async () => (await answerOf(page).innerText()).length, { intervals: [50] }).toBeGreaterThan(420)
  await keep(page, 'answer')
})

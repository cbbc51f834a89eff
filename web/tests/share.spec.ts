import { ask, ended, expect, expectAccessible, signIn, test } from './support/test'

test.use({ settings: { EMBEDDED_PACE: '0', SHARING: 'true' }, permissions: ['clipboard-read', 'clipboard-write'] })

test('a reading is shared by a link, until that is ended', async ({ page, account, browser, baseURL }) => {
  await signIn(page, account)
  await ask(page, 'Two jobs want me; how do I choose between them?')
  await ended(page)
  await page.getByText('Share', { exact: true }).click()
  await page.getByRole('button', { name: 'Make a link' }).click()
  const link = await page.getByLabel('Link').inputValue()
  expect(link).toMatch(new RegExp(`^${baseURL}/app/shared#token=[\\w-]{43}$`))
  await page.getByRole('button', { name: 'Copy' }).click()
  await expect(page.getByText('Copied.')).toBeVisible()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(link)
  await expectAccessible(page)
  const answer = await page.locator('.answer').innerText()

  const context = await browser.newContext()
  const visitor = await context.newPage()
  await visitor.goto(link)
  await expect(visitor.getByRole('heading', { name: 'Two jobs want me' })).toBeVisible()
  await expect(visitor.getByText('A question to Legba')).toBeVisible()
  await expect(visitor.locator('#source-1')).toBeVisible()
  expect(await visitor.locator('.answer').innerText()).toBe(answer)
  await expect(visitor.getByText(account.username)).toHaveCount(0)
  await expectAccessible(visitor)
  await visitor.setViewportSize({ width: 320, height: 800 })
  expect(await visitor.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)

  await page.reload()
  await page.getByText('Shared', { exact: true }).click()
  await expect(page.getByLabel('Link')).toHaveValue(link)
  await page.setViewportSize({ width: 320, height: 800 })
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
  await page.getByRole('button', { name: 'Stop sharing' }).click()
  await expect(page.getByRole('button', { name: 'Make a link' })).toBeVisible()
  await visitor.reload()
  await expect(visitor.getByRole('heading', { name: 'Nothing here' })).toBeVisible()
  await context.close()
})

test('memory is turned off and on again', async ({ page, server, account }) => {
  await signIn(page, account)
  const memory = async () => (await server.api('{ profile { memory } }', {}, account.token)).profile.memory
  await page.goto('/app/profile')
  const box = page.getByLabel('Tell the advisors what I asked before')
  await expect(box).toBeChecked()
  for (const isOn of [false, true]) {
    await box.setChecked(isOn)
    await page.getByRole('button', { name: 'Save' }).click()
    await expect(page.getByText('Saved.')).toBeVisible()
    await expect.poll(memory).toBe(isOn)
    await page.reload()
    await expect(box).toBeChecked({ checked: isOn })
  }
})

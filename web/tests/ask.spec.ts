import { ask, ended, expect, expectStored, PASSWORD, signIn, test } from './support/test'

test('a stranger asks, makes an account on the way, and watches the answer', async ({ page, server }) => {
  await page.goto('/')
  await expect(page).toHaveURL(/\/app$/)
  await page.getByRole('radio', { name: 'Oshun' }).check()
  await expect(page.locator('.words')).toContainText('Lady of the Sweet Waters')
  await page.getByRole('button', { name: 'How do I mend my heart after a breakup?' }).click()
  await expect(page.getByLabel('Your question for Oshun')).toHaveValue('How do I mend my heart after a breakup?')
  await page.getByRole('button', { name: 'Ask Oshun' }).click()

  await expect(page.getByText('Your question is kept')).toBeVisible()
  const email = `stranger${Date.now()}@example.com`
  await page.getByLabel('Email address').fill(email)
  await page.getByLabel('Username').fill(`stranger${Date.now()}`)
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Create account' }).click()

  await page.waitForURL('**/readings/reading_*')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('How do I mend my heart after a breakup?')
  await expect(page.getByText('Oshun is answering.')).toBeVisible()
  const id = page.url().split('/').at(-1) ?? ''
  const { login } = await server.api('mutation ($i: LoginInput!) { login(input: $i) { accessToken } }', {
    i: { email, password: PASSWORD },
  })
  await expectStored(page, server, login.accessToken, id)
  const { readings } = await server.api('{ readings { totalCount } }', {}, login.accessToken)
  expect(readings.totalCount).toBe(1)
})

test('a question that is too short is refused at its field', async ({ page, account }) => {
  await signIn(page, account)
  await page.goto('/app')
  const question = page.getByLabel('Your question for Legba')
  await question.fill('Why')
  await page.getByRole('button', { name: 'Ask Legba' }).click()
  await expect(question).toHaveAttribute('aria-invalid', 'true')
  await expect(page.locator('.question .error')).toBeVisible()
  await expect(page.getByText('3 of 500 characters')).toBeVisible()
})

test('characters are counted as the service counts them', async ({ page }) => {
  await page.goto('/app')
  await page.getByLabel('Your question for Legba').fill('  ¿Qué 🌊?  ')
  await expect(page.getByText('7 of 500 characters')).toBeVisible()
})

test('an unfinished question is there again after a reload', async ({ page }) => {
  await page.goto('/app')
  await page.getByRole('radio', { name: 'Yemaya' }).check()
  await page.getByLabel('Your question for Yemaya').fill('What should I carry home?')
  await page.reload()
  await expect(page.getByLabel('Your question for Yemaya')).toHaveValue('What should I carry home?')
})

test('the sources are reached by their marks', async ({ page, account }) => {
  await signIn(page, account)
  await ask(page, 'Why does every door I knock on stay shut?')
  await ended(page)
  await page.getByRole('link', { name: 'Source 1', exact: true }).click()
  await expect(page.locator('#source-1')).toBeInViewport()
  await expect(page.locator('#source-1 cite')).not.toBeEmpty()
})

test('the whole job is done with the keyboard', async ({ page, account }) => {
  await signIn(page, account)
  await page.goto('/app')
  await expect(page.locator('.words blockquote')).toBeVisible()
  const tabTo = async (name: string) => {
    for (let presses = 0; presses < 30; presses++) {
      await page.keyboard.press('Tab')
      const focused = await page.evaluate(() => {
        const { id, textContent } = document.activeElement as HTMLElement
        return [document.activeElement?.getAttribute('name'), id, textContent]
      })
      if (focused.some((one) => one?.startsWith(name))) return
    }
    throw new Error(`no ${name} by Tab`)
  }
  await tabTo('Skip')
  await tabTo('advisor')
  await page.keyboard.press('ArrowRight')
  await expect(page.getByRole('radio', { name: 'Oshun' })).toBeChecked()
  await tabTo('question')
  await page.keyboard.type('How do I begin again with my sister?')
  await tabTo('Ask Oshun')
  await page.keyboard.press('Enter')
  await page.waitForURL('**/readings/reading_*')
  await expect(page.getByRole('button', { name: 'Stop' })).toBeVisible()
  await tabTo('Stop')
  await page.keyboard.press('Enter')
  await expect(page.getByText('You stopped this answer.')).toBeVisible()
  await tabTo('Delete')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toBeHidden()
})

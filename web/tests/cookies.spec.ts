// Session cookies in a real browser: the web client with them, and what pages of other origins achieve against them.
import { createServer, type Server as Listener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from '@playwright/test'
import { ask, ended, expect, register, signIn, test } from './support/test'

test.use({ settings: { SESSION_COOKIE: 'true' } })

const cookieOf = async (page: Page) => (await page.context().cookies()).find(({ name }) => name === '__Host-mula')

test('the web client keeps its token in a cookie', async ({ page, server, account }) => {
  await signIn(page, account)
  expect(await cookieOf(page)).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Lax', path: '/' })
  expect(await page.evaluate(() => document.cookie)).toBe('')
  expect(JSON.parse((await page.evaluate(() => localStorage.getItem('mula:session'))) ?? '{}').token).toBe('')
  // By HTTP and by WebSocket.
  await ask(page, 'What grows back after a fire?', 'Shango')
  await ended(page)
  await page.reload()
  await expect(page.getByText('What grows back after a fire?').first()).toBeVisible()
  await page.goto('/app/profile')
  await page.getByRole('button', { name: 'Sign out', exact: true }).click()
  await expect(page.getByRole('link', { name: 'Sign in' })).toBeVisible()
  expect(await cookieOf(page)).toBeUndefined()
  const query = '{ profile { sessions { id } } }'
  // That of the test's own.
  expect((await server.api(query, {}, account.token)).profile.sessions).toHaveLength(1)
})

/** A page of another origin, on another site or on another port of the same. */
async function elsewhere(): Promise<Listener> {
  const listener = createServer((_, response) => {
    response.setHeader('content-type', 'text/html')
    response.end('<!doctype html><title>Elsewhere</title>')
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  return listener
}

const MUTATION = 'mutation { updateProfile(input: { username: "forged" }) { user { username } } }'

/** What each way of sending a request came to, as far as the page can tell. */
type Attempts = Record<string, string>

/** Tries everything that a page can send with the visitor's cookie. */
function attack(page: Page, url: string, query: string): Promise<Attempts> {
  return page.evaluate(
    async ([url, query]) => {
      const attempts: Record<string, string> = {}
      const body = JSON.stringify({ query })
      const tell = async (name: string, request: () => Promise<Response>) => {
        attempts[name] = await request().then((response) => (response.type === 'opaque' ? 'sent' : response.text()), () => 'refused')
      }
      const post = { method: 'POST', body, credentials: 'include' } as const
      await tell('no-cors', () => fetch(`${url}/graphql`, { ...post, mode: 'no-cors' }))
      await tell('plain', () => fetch(`${url}/graphql`, { ...post, mode: 'no-cors', headers: { 'content-type': 'text/plain' } }))
      await tell('json', () => fetch(`${url}/graphql`, { ...post, headers: { 'content-type': 'application/json' } }))
      await tell('header', () =>
        fetch(`${url}/graphql`, { ...post, headers: { 'content-type': 'application/json', 'x-mula-client': 'web' } }))
      attempts.beacon = String(navigator.sendBeacon(`${url}/graphql`, new Blob([body], { type: 'text/plain' })))
      await tell('get', () => fetch(`${url}/graphql?query=${encodeURIComponent(query)}`, { credentials: 'include', mode: 'no-cors' }))
      await tell('read', () => fetch(`${url}/graphql?query=${encodeURIComponent('{ profile { email } }')}`, { credentials: 'include' }))
      // A form, in a frame of its own.
      for (const enctype of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
        const frame = document.createElement('iframe')
        frame.name = enctype
        const form = document.createElement('form')
        Object.assign(form, { method: 'post', action: `${url}/graphql`, target: enctype, enctype })
        const field = document.createElement('input')
        // As text/plain the two make JSON: {"query":"…","x":"="}.
        Object.assign(field, { name: `${body.slice(0, -1)},"x":"`, value: '"}' })
        form.append(field)
        document.body.append(frame, form)
        await new Promise<void>((resolve) => {
          frame.addEventListener('load', () => resolve(), { once: true })
          setTimeout(resolve, 3000)
          form.submit()
        })
      }
      attempts.socket = await new Promise<string>((resolve) => {
        const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql/ws`, 'graphql-transport-ws')
        socket.onerror = () => resolve('refused')
        socket.onopen = () => socket.send('{"type":"connection_init"}')
        socket.onmessage = ({ data }) => {
          const { type, payload } = JSON.parse(String(data))
          if (type === 'connection_ack') socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query } }))
          else resolve(JSON.stringify(payload))
        }
      })
      return attempts
    },
    [url, query] as const,
  )
}

/** What is refused is an error in the console of the page that tried. */
const WITH_ERRORS: Parameters<typeof test.use>[0] = {
  context: async ({ browser, baseURL }, use) => {
    const context = await browser.newContext({ baseURL: baseURL ?? '' })
    await use(context)
    await context.close()
  },
}

for (const [where, host] of [['another site', 'localhost'], ['another port', '127.0.0.1']] as const) {
  test.describe(`a page of ${where}`, () => {
    test.use(WITH_ERRORS)

    test('changes and reads nothing', async ({ page, way, server }) => {
      const account = await register(server)
      await signIn(page, account)
      const cookie = await cookieOf(page)
      const listener = await elsewhere()
      await page.goto(`http://${host}:${(listener.address() as AddressInfo).port}/`)

      const attempts = await attack(page, way.url, MUTATION)

      const { profile } = await server.api('{ profile { username } }', {}, account.token)
      expect(profile.username).toBe(account.username)
      expect(JSON.stringify(attempts)).not.toContain('forged')
      expect(JSON.stringify(attempts)).not.toContain(account.email)
      expect(attempts.header).not.toContain('"username"')
      expect(attempts.socket === 'refused' || attempts.socket?.includes('UNAUTHENTICATED')).toBe(true)
      // The visitor is signed in as before.
      expect(await cookieOf(page)).toEqual(cookie)
      await page.goto(`${way.url}/app/profile`)
      await expect(page.getByRole('heading', { name: account.username, level: 1 })).toBeVisible()
      await new Promise((resolve) => listener.close(resolve))
    })
  })
}

test.describe('a service that asks for nothing but a cookie', () => {
  test.use(WITH_ERRORS)

  // From another site browsers send no such cookie at all.
  test('falls to the same attack from another port', async ({ page }) => {
    const names: string[] = []
    const naive = createServer((request, response) => {
      let body = ''
      request.on('data', (bytes) => (body += String(bytes)))
      request.on('end', () => {
        if (request.url === '/sign-in') response.setHeader('set-cookie', 'naive=1; SameSite=None; Secure; Path=/')
        if (request.headers.cookie?.includes('naive=1') && decodeURIComponent(body + request.url).includes('updateProfile')) names.push(request.headers['content-type'] ?? 'none')
        response.end('{}')
      })
    })
    await new Promise<void>((resolve) => naive.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(naive.address() as AddressInfo).port}`
    await page.goto(`${url}/sign-in`)
    const listener = await elsewhere()
    await page.goto(`http://127.0.0.1:${(listener.address() as AddressInfo).port}/`)
    await attack(page, url, MUTATION)
    expect(names).toContain('text/plain')
    expect(names).toContain('application/x-www-form-urlencoded')
    naive.closeAllConnections()
    await new Promise((resolve) => listener.close(resolve))
  })
})

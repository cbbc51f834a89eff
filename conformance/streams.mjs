// Follows an answer with the clients of npm's graphql-ws and graphql-sse against a running
// server:
//
//     node streams.mjs [http://127.0.0.1:8000/graphql]
//
// The address may also be in MULA_URL. Makes an account, and deletes it. Exits with 1 unless
// everything passes.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { createClient as createSseClient } from 'graphql-sse'
import { createClient as createWsClient } from 'graphql-ws'
import WebSocket from 'ws'

const url = new URL(process.argv[2] ?? process.env.MULA_URL ?? 'http://127.0.0.1:8000/graphql')
if (url.pathname === '/') url.pathname = '/graphql'
const socketUrl = url.href.replace(/^http/, 'ws') + '/ws'

/** How long a stream may take. */
const PATIENCE = 60_000

const FOLLOW = `subscription ($id: ID!, $after: Int) {
  readingUpdates(id: $id, after: $after) { sequence text status }
}`

/** Of the account, once it has signed in. */
let authorization

const name = `conformance-${randomUUID().slice(0, 8)}`
const credentials = { email: `${name}@example.com`, password: randomUUID() }
await request('mutation ($input: RegisterInput!) { register(input: $input) { user { id } } }', {
  input: { ...credentials, username: name }
})
const { login } = await request(
  'mutation ($input: LoginInput!) { login(input: $input) { accessToken } }',
  { input: credentials }
)
authorization = `Bearer ${login.accessToken}`

const counts = { passed: 0, failed: 0 }

await check('graphql-ws hears the whole answer', async () => {
  const id = await ask('What does the river teach?')
  await isWhole(id, await follow(overWebSocket(), { id }))
})

await check('graphql-sse hears the whole answer', async () => {
  const id = await ask('What does the thunder teach?')
  await isWhole(id, await follow(overEvents(), { id }))
})

await check('both go on where another connection ended', async () => {
  const id = await ask('What does the sea teach?')
  const first = await follow(overWebSocket(), { id }, 1)
  const second = await follow(overEvents(), { id, after: 1 }, 1)
  const rest = await follow(overWebSocket(), { id, after: 2 })
  await isWhole(id, [...first, ...second, ...rest])
})

await check('graphql-ws asks and answers over one socket', async () => {
  const client = overWebSocket()
  const document = '{ profile { email } }'
  for await (const { data } of client.iterate({ query: document })) {
    assert.equal(data.profile.email, credentials.email)
  }
  await client.dispose()
})

await check('graphql-ws is told that a document is not valid', async () => {
  const client = overWebSocket()
  const errors = await heard(client, { query: 'subscription { nothing }' }).catch((error) => error)
  assert.equal(errors[0].extensions.code, 'GRAPHQL_VALIDATION_FAILED')
  await client.dispose()
})

await check('graphql-sse is told that a document is not valid', async () => {
  const [answer] = await heard(overEvents(), { query: 'subscription { nothing }' })
  assert.equal(answer.errors[0].extensions.code, 'GRAPHQL_VALIDATION_FAILED')
})

await check('graphql-ws is refused with a token that is not good', async () => {
  const client = overWebSocket('Bearer nonsense')
  const closed = await heard(client, { query: '{ profile { id } }' }).catch((error) => error)
  assert.equal(closed.code, 4401)
  await client.dispose()
})

await request('mutation ($input: DeleteAccountInput!) { deleteAccount(input: $input) { deletedUserId } }', {
  input: { password: credentials.password }
})

console.log(`${counts.passed} passed, ${counts.failed} failed`)
process.exitCode = counts.passed > 0 && counts.failed === 0 ? 0 : 1

async function check(what, run) {
  try {
    await run()
    counts.passed += 1
  } catch (error) {
    counts.failed += 1
    console.log(`${what}\n     ${error.message ?? JSON.stringify(error)}`)
  }
}

function overWebSocket(token = authorization) {
  return createWsClient({
    url: socketUrl,
    webSocketImpl: WebSocket,
    connectionParams: { Authorization: token },
    retryAttempts: 0
  })
}

function overEvents() {
  return createSseClient({ url: url.href, headers: { authorization }, retryAttempts: 0 })
}

/** All that an operation is answered. */
function heard(client, operation) {
  return new Promise((resolve, reject) => {
    const answers = []
    const timer = setTimeout(() => reject(new Error('nothing more came')), PATIENCE)
    const after = (settle) => (value) => {
      clearTimeout(timer)
      settle(value)
    }
    client.subscribe(operation, {
      next: (answer) => answers.push(answer),
      error: after(reject),
      complete: after(() => resolve(answers))
    })
  })
}

/** The updates after `after`, to the end or up to a number of them. */
async function follow(client, variables, most = Infinity) {
  const updates = []
  for await (const { data, errors } of client.iterate({ query: FOLLOW, variables })) {
    assert.equal(errors, undefined)
    updates.push(data.readingUpdates)
    if (updates.length >= most) break
  }
  await client.dispose()
  return updates
}

/** Every number once, in order, and the text as it is stored. */
async function isWhole(id, updates) {
  const sequences = updates.map((update) => update.sequence)
  assert.deepEqual(sequences, Array.from(updates, (_, index) => index + 1))
  const { reading } = await request('query ($id: ID!) { reading(id: $id) { status response } }', {
    id
  })
  assert.equal(reading.status, 'COMPLETED')
  assert.equal(updates.at(-1).status, 'COMPLETED')
  assert.ok(reading.response.length > 0)
  assert.equal(updates.map((update) => update.text).join(''), reading.response)
}

/** Asks, without waiting for the answer. */
async function ask(question) {
  const { askAdvisor } = await request(
    'mutation ($input: AskAdvisorInput!) { askAdvisor(input: $input) { reading { id } } }',
    { input: { advisor: 'LEGBA', question, wait: false } }
  )
  return askAdvisor.reading.id
}

async function request(query, variables) {
  const headers = { 'content-type': 'application/json' }
  if (authorization) headers.authorization = authorization
  const response = await fetch(url, {
    method: 'POST',
    headers,
    body: JSON.stringify({ query, variables })
  })
  const { data, errors } = await response.json()
  if (errors) throw new Error(errors[0].message)
  return data
}

// Has a running server ask a mock of a language model's server, llmock, which breaks in every way
// it knows, and then says what it thinks of the client:
//
//     node models.mjs http://127.0.0.1:8000/graphql http://127.0.0.1:8101
//
// The first address is the server's, the second llmock's. The server has to have
// MODEL_FIRST_TOKEN_TIMEOUT=3s, MODEL_IDLE_TIMEOUT=1s and READINGS_PER_DAY=0. Makes an account, and
// deletes it. Exits with 1 unless everything passes.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'

const [url, mock] = process.argv.slice(2)

/** How often a broken answer is asked for again, until the same cast falls: 1 in 16 at worst. */
const PATIENCE = 200

const FIELDS = `id status response engine model tokensUsed isEstimated
  sources { title } failure { code message }`

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
let asked = 0

await check('an answer is whole', [], async (reading) => {
  isWhole(reading)
  assert.equal(reading.isEstimated, false)
  assert.ok(reading.tokensUsed > 0)
  assert.ok(reading.model)
})

await check(
  'only what was supplied is cited',
  [{ type: 'reply', text: 'One door [S1], and another [77], and no more.' }],
  async (reading) => {
    isWhole(reading)
    assert.equal(reading.response, 'One door [1], and another, and no more.')
    assert.equal(reading.sources.length, 1)
  }
)

for (const status of [500, 503]) {
  await check(`${status} passes`, [{ type: 'fail', status, times: 2 }], isWhole)
}

for (const [status, code] of [
  [429, 'PROVIDER_BUSY'],
  [500, 'PROVIDER_UNAVAILABLE']
]) {
  await check(`${status} stays`, [{ type: 'fail', status, times: 3 }], hasFailed(code))
}

await check(
  'a server is given the time it asks for',
  [{ type: 'fail', status: 429, retry_after: 1 }],
  isWhole
)

for (const [status, code] of [
  [400, 'PROVIDER_REJECTED'],
  [401, 'PROVIDER_MISCONFIGURED'],
  [403, 'PROVIDER_MISCONFIGURED'],
  [404, 'PROVIDER_MISCONFIGURED'],
  [422, 'PROVIDER_REJECTED']
]) {
  await check(`${status} is final`, [{ type: 'fail', status }], hasFailed(code))
}

await check('a late word is waited for', [{ type: 'slow_first_token', seconds: 1 }], isWhole)
await check(
  'but not for ever',
  [{ type: 'slow_first_token', seconds: 5 }],
  hasFailed('PROVIDER_TIMEOUT')
)
await check('nor is a head', [{ type: 'delay', seconds: 5 }], hasFailed('PROVIDER_TIMEOUT'))

for (const [kind, code] of [
  ['disconnect', 'PROVIDER_CUT'],
  ['truncate', 'PROVIDER_CUT'],
  ['malformed', 'PROVIDER_MALFORMED'],
  ['stall', 'PROVIDER_TIMEOUT']
]) {
  await check(
    `a stream with ${kind} is no answer`,
    // The first chunks of a response have no text.
    [{ type: 'stream_fault', kind, after_chunks: 6, stall_seconds: 6 }, long()],
    async (reading) => {
      hasFailed(code)(reading)
      assert.ok(long().text.startsWith(reading.response), 'what was written is kept')
    },
    // Whoever asks for it again pays again: that is for a person to decide. Here one does.
    { asksAgain: true }
  )
}

await request(
  'mutation ($input: DeleteAccountInput!) { deleteAccount(input: $input) { deletedUserId } }',
  { input: { password: credentials.password } }
)

console.log(`${counts.passed} passed, ${counts.failed} failed`)
process.exitCode = counts.passed > 0 && counts.failed === 0 ? 0 : 1

/** Has llmock behave so for a question; what came of it is as it should be, and llmock agrees. */
async function check(what, behaviors, examine, { asksAgain = false } = {}) {
  try {
    await llmock('reset', {})
    if (behaviors.length > 0) await llmock('scenario', { behaviors })
    const { askAdvisor } = await request(
      `mutation ($input: AskAdvisorInput!) { askAdvisor(input: $input) { reading { ${FIELDS} } } }`,
      // Each its own, so that none is answered from the cache.
      { input: { advisor: 'LEGBA', question: `Which road should I take at crossroads ${++asked} of my life?` } }
    )
    await examine(askAdvisor.reading)
    let verdict = await llmock('verdict')
    for (let tries = 0; asksAgain && verdict.findings.length > 0 && tries < PATIENCE; tries += 1) {
      isWhole(await regenerated(askAdvisor.reading.id))
      verdict = await llmock('verdict')
    }
    assert.deepEqual(verdict.findings, [])
    counts.passed += 1
  } catch (error) {
    counts.failed += 1
    console.log(`${what}\n     ${error.message ?? JSON.stringify(error)}`)
  }
}

async function regenerated(id) {
  const { regenerateReading } = await request(
    `mutation ($input: RegenerateReadingInput!) {
      regenerateReading(input: $input) { reading { ${FIELDS} } }
    }`,
    { input: { id, wait: true } }
  )
  return regenerateReading.reading
}

function isWhole(reading) {
  assert.equal(reading.status, 'COMPLETED', JSON.stringify(reading))
  assert.equal(reading.engine, 'MODEL')
  assert.ok(reading.response.length > 0)
}

function hasFailed(code) {
  return (reading) => {
    assert.equal(reading.status, 'FAILED', JSON.stringify(reading))
    assert.equal(reading.failure.code, code)
    assert.ok(reading.failure.message)
  }
}

/** An answer that is longer than any fault lets through. */
function long() {
  return { type: 'reply', text: 'word by word '.repeat(40).trim() }
}

async function llmock(path, body) {
  const response = await fetch(`${mock}/_llmock/${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { 'content-type': 'application/json' },
    body: body && JSON.stringify(body)
  })
  assert.ok(response.ok, `llmock answers ${path} with ${response.status}`)
  return response.json()
}

async function request(query, variables) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
    body: JSON.stringify({ query, variables })
  })
  const { data, errors } = await response.json()
  assert.equal(errors, undefined, JSON.stringify(errors))
  return data
}

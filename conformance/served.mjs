// Has a running server ask a real server of a language model, made by tiny.py:
//
//     node served.mjs http://127.0.0.1:8000/graphql [FAILURE]
//
// With the code of a failure, the answer has to fail so. Makes an account, and deletes it. Exits with 1
// unless everything passes.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'

const [url, failure] = process.argv.slice(2)

/** What the model can say. */
const WORDS = new Set('the river road door water stone thunder mother child moon stands opens waits turns runs'.split(' '))

const FIELDS = 'id status response engine model tokensUsed isTruncated sources { title } failure { code message }'

let authorization
const name = `served-${randomUUID().slice(0, 8)}`
const credentials = { email: `${name}@example.com`, password: randomUUID() }
await request('mutation ($input: RegisterInput!) { register(input: $input) { user { id } } }', {
  input: { ...credentials, username: name }
})
const { login } = await request('mutation ($input: LoginInput!) { login(input: $input) { accessToken } }', {
  input: credentials
})
authorization = `Bearer ${login.accessToken}`

const counts = { passed: 0, failed: 0 }

if (failure) {
  await check(`the answer fails as ${failure}`, async () => {
    const reading = await ask('Which way leads home from here?', true)
    assert.equal(reading.status, 'FAILED', JSON.stringify(reading))
    assert.equal(reading.failure.code, failure, JSON.stringify(reading))
  })
} else {
  for (const question of ['Which way leads home from here?', 'Why does the drum fall silent at night?']) {
    await check('an answer is whole', async () => isWhole(await ask(question, true)))
  }
  await check('an answer is followed as it is written', async () => {
    const reading = await ask('What waits behind the third door?', false)
    const updates = await follow(reading.id)
    const last = updates.at(-1)
    isWhole(last.reading)
    assert.equal(updates.map((update) => update.text).join(''), last.reading.response)
    assert.deepEqual(
      updates.filter((update) => !update.isThinking).map((update) => update.sequence),
      updates.filter((update) => !update.isThinking).map((_, index) => index + 1)
    )
  })
}

await request('mutation ($input: DeleteAccountInput!) { deleteAccount(input: $input) { deletedUserId } }', {
  input: { password: credentials.password }
})
console.log(`${counts.passed} passed, ${counts.failed} failed`)
process.exitCode = counts.passed > 0 && counts.failed === 0 ? 0 : 1

async function check(what, examine) {
  try {
    await examine()
    counts.passed += 1
  } catch (error) {
    counts.failed += 1
    console.log(`${what}\n     ${error.message ?? JSON.stringify(error)}`)
  }
}

function isWhole(reading) {
  assert.equal(reading.status, 'COMPLETED', JSON.stringify(reading))
  assert.equal(reading.engine, 'MODEL')
  assert.ok(reading.tokensUsed > 100, 'the prompt alone has thousands')
  assert.ok(reading.model)
  const words = reading.response.split(/\s+/)
  assert.deepEqual(words.filter((word) => !WORDS.has(word)), [])
  if (!reading.isTruncated) assert.equal(words.at(-1), 'runs')
}

async function ask(question, wait) {
  const { askAdvisor } = await request(
    `mutation ($input: AskAdvisorInput!) { askAdvisor(input: $input) { reading { ${FIELDS} } } }`,
    { input: { advisor: 'LEGBA', question, wait } }
  )
  return askAdvisor.reading
}

async function follow(id) {
  const query = `subscription ($id: ID!) {
    readingUpdates(id: $id) { sequence text isThinking reading { ${FIELDS} } }
  }`
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization },
    body: JSON.stringify({ query, variables: { id } })
  })
  const events = (await response.text()).split('\n\n')
  const data = events.flatMap((event) => event.match(/^data: ?(\{.*)$/m)?.[1] ?? [])
  return data.map((json) => JSON.parse(json).data.readingUpdates)
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

// The whole job of a client, and answers that are followed while something goes wrong.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Answer, follow } from './answer.mjs'
import { graphqlRequest } from './graphql-request.mjs'
import { watch } from './watch.mjs'

/** Updates after which something goes wrong. */
const MIDWAY = 3

/** Within which the end of a session is reported, in milliseconds. */
const AT_ONCE = 2_000

/** Within which an operation is done that opens a socket, at 100 ms a round trip. */
const QUICK = 1_500

/** Registers, signs in, asks, follows, reads back, filters, deletes and signs out. */
export async function wholeJob(adapter, urls) {
  const { client } = await signUp(adapter, urls)
  const listed = async (filter) => (await client.run('Readings', { filter })).readings.nodes.map(({ id }) => id)
  assert.deepEqual(await listed(), [])

  const answer = new CheckedAnswer(adapter)
  const follows = adapter.follows ?? true
  const id = await ask(adapter, client, { wait: !follows })
  if (follows) await followed(adapter, client, id, answer)
  const { reading } = await client.run('Reading', { id })
  assert.equal(reading.status, 'COMPLETED')
  if (follows) assert.equal(answer.text, reading.response)
  assert.ok(reading.response.length > 100)

  assert.deepEqual(await listed(), [id], 'a new reading is in the list')
  assert.deepEqual(await listed({ advisor: 'OSHUN' }), [id])
  assert.deepEqual(await listed({ advisor: 'LEGBA' }), [])

  await client.run('Delete', { input: { id } })
  assert.deepEqual(await listed(), [], 'a deleted reading is not in the list')

  await client.run('Logout')
  assert.equal(await codeOf(adapter, client.run('Delete', { input: { id } })), 'UNAUTHENTICATED')
  await client.close()
}

/** Has all clients follow answers, then something happens; each follows to the end. */
export async function disturbed(adapters, urls, disturb) {
  const ready = new Barrier(adapters)
  const midway = new Barrier(adapters, disturb)
  await all(adapters, async (adapter) => {
    try {
      const { client } = await signUp(adapter, urls)
      await ready.reach(adapter)
      const id = await ask(adapter, client)
      const answer = new CheckedAnswer(adapter)
      const following = followed(adapter, client, id, answer)
      await Promise.race([answer.midway, following])
      await midway.reach(adapter)
      assert.ok(!answer.hasEnded, 'the answer ended before anything happened')
      await following
      const { reading } = await client.run('Reading', { id })
      assert.equal(reading.status, 'COMPLETED')
      assert.equal(answer.text, reading.response)
      await client.close()
    } catch (error) {
      ready.fail()
      midway.fail()
      throw error
    }
  })
}

/** Holds each client until all have come, and then something has been done. */
class Barrier {
  #absent
  #done
  #open = deferred()

  constructor(adapters, done = () => {}) {
    this.#absent = new Set(adapters)
    this.#done = done
    this.#open.promise.catch(() => {})
  }

  async reach(adapter) {
    this.#absent.delete(adapter)
    if (this.#absent.size === 0) this.#open.resolve(this.#done())
    await this.#open.promise
  }

  /** Lets nobody wait for a client that does not come. */
  fail() {
    this.#open.reject(new Error('another client has failed'))
  }
}

/** Ends each client's session while it follows an answer. */
export async function revoked(adapters, urls) {
  await all(adapters, async (adapter) => {
    const { client, credentials, session } = await signUp(adapter, urls)
    const elsewhere = await signIn(graphqlRequest, urls, credentials)
    const answer = new CheckedAnswer(adapter)
    const following = codeOf(adapter, followed(adapter, client, await ask(adapter, client), answer))
    await Promise.race([answer.midway, following])
    await elsewhere.run('Revoke', { input: { id: session.id } })
    const code = await Promise.race([following, sleep(AT_ONCE, 'nothing', { ref: false })])
    assert.equal(code, 'UNAUTHENTICATED')
    assert.ok(!answer.hasEnded, 'the answer ended before the session did')
    await client.close()
  })
}

/** Each client hears what another device of the same user does, until that ends its session. */
export async function events(adapters, urls) {
  await all(adapters, async (adapter) => {
    const { client, credentials, session } = await signUp(adapter, urls)
    const elsewhere = await signIn(graphqlRequest, urls, credentials)
    const received = new Received()
    const over = codeOf(adapter, client.subscribe('Events', {}, ({ readingEvents }) => received.add(readingEvents)))

    // No client says when its subscription has begun: events are those from then on.
    let id, asked
    do {
      id = await ask(graphqlRequest, elsewhere)
      asked = await Promise.race([received.some(({ edge }) => edge?.node.id === id), sleep(AT_ONCE)])
      await elsewhere.run('Cancel', { input: { id } })
    } while (!asked)
    await received.some(({ reading }) => reading?.id === id && reading.status === 'CANCELLED')
    await elsewhere.run('Delete', { input: { id } })
    await received.some(({ deletedReadingId }) => deletedReadingId === id)

    await elsewhere.run('Revoke', { input: { id: session.id } })
    assert.equal(await Promise.race([over, sleep(AT_ONCE, 'nothing', { ref: false })]), 'UNAUTHENTICATED')
    await client.close()
  })
}

/** Events in the order in which they came. */
class Received {
  #events = []
  #more = deferred()

  add(event) {
    this.#events.push(event)
    this.#more.resolve()
    this.#more = deferred()
  }

  /** The first event of a kind, once there is one. */
  async some(isWanted) {
    for (;;) {
      const found = this.#events.find(isWanted)
      if (found) return found
      await this.#more.promise
    }
  }
}

/** An answer that has no gap, and repeats only what a client replays when it reconnects by itself. */
class CheckedAnswer extends Answer {
  #midway = deferred()
  #fault = deferred()
  #offsets = new Map()
  #mayReplay
  #subscribedAfter = 0

  constructor({ reconnects }) {
    super()
    this.#mayReplay = reconnects
    this.fault.catch(() => {})
  }

  /** Resolves when there is a part of the answer. */
  get midway() {
    return this.#midway.promise
  }

  /** Rejects when an update does not fit: clients swallow exceptions. */
  get fault() {
    return this.#fault.promise
  }

  get position() {
    this.#subscribedAfter = this.sequence
    return super.position
  }

  add(update) {
    const isNew = update.generation !== this.generation
    if (isNew) this.#offsets.clear()
    const sequence = isNew ? 1 : this.sequence + 1
    const replays = this.#mayReplay && update.sequence === this.#subscribedAfter + 1
    const offset = this.#offsets.get(update.sequence) ?? (isNew ? 0 : Array.from(this.text).length)
    if (update.sequence !== sequence && !replays) this.#misfit('sequence', sequence, update)
    if (update.offset !== offset) this.#misfit('offset', offset, update)
    this.#offsets.set(update.sequence, update.offset)
    super.add(update)
    if (this.#offsets.size === MIDWAY) this.#midway.resolve()
  }

  #misfit(member, expected, update) {
    this.#fault.reject(new Error(`${member} is not ${expected} in ${JSON.stringify(update)}`))
  }
}

async function signUp(adapter, urls) {
  const name = `client-${randomUUID().slice(0, 8)}`
  const credentials = { email: `${name}@example.com`, password: randomUUID() }
  const anonymous = await adapter.open(urls)
  await retry(adapter, () => anonymous.run('Register', { input: { ...credentials, username: name } }))
  const { login } = await retry(adapter, () => anonymous.run('Login', { input: credentials }))
  await anonymous.close()
  assert.equal(login.user.username, name)
  const client = await adapter.open({ ...urls, token: login.accessToken })
  const { profile } = await client.run('Profile')
  assert.equal(profile.id, login.user.id)
  return { client, credentials, session: login.session }
}

/** Another device of the same user. */
async function signIn(adapter, urls, credentials) {
  const anonymous = await adapter.open(urls)
  const { login } = await retry(adapter, () => anonymous.run('Login', { input: credentials }))
  await anonymous.close()
  return adapter.open({ ...urls, token: login.accessToken })
}

async function ask(adapter, client, { wait = false } = {}) {
  const question = `What does the river teach me about ${randomUUID().slice(0, 6)}?`
  const input = { advisor: 'OSHUN', question, wait, idempotencyKey: randomUUID() }
  const { askAdvisor } = await retry(adapter, () => client.run('Ask', { input }))
  return askAdvisor.edge.node.id
}

/** Runs an operation again for as long as the service is busy and has done nothing. */
async function retry(adapter, run) {
  for (;;) {
    try {
      return await run()
    } catch (error) {
      if (adapter.codeOf(error) !== 'OVERLOADED') throw error
      await sleep(1_000)
    }
  }
}

/** To the answer's end. */
function followed(adapter, client, id, answer) {
  const subscribe = (variables, next) =>
    client.subscribe('Follow', variables, ({ readingUpdates }) => next(readingUpdates))
  return Promise.race([follow(subscribe, adapter.codeOf, id, answer), answer.fault])
}

/** The code that an operation fails with. */
async function codeOf(adapter, operation) {
  return operation.then(
    () => assert.fail('the operation succeeded'),
    (error) => {
      if (error instanceof assert.AssertionError) throw error
      const code = adapter.codeOf(error)
      if (!code) throw error
      return code
    }
  )
}

function deferred() {
  const parts = {}
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }))
  return parts
}

/** Lets all clients run to their ends, and throws what any of them has thrown. */
export async function all(adapters, run) {
  const results = await Promise.allSettled(
    adapters.map((adapter, index) => watch(adapter.name, () => run(adapter, index)))
  )
  const faults = results.flatMap(({ reason }) => (reason ? [reason] : []))
  if (faults.length > 0) throw new AggregateError(faults)
}

/** Sends an operation while the socket of the one before it closes. */
export async function quickAfterClose(adapter, urls) {
  await all([adapter], async () => {
    const { client } = await signUp(adapter, urls)
    for (const pause of [0, 20, 60, 200]) {
      await client.run('Profile')
      await sleep(pause)
      const began = Date.now()
      await client.run('Profile')
      const took = Date.now() - began
      assert.ok(took < QUICK, `the next operation took ${took} ms, ${pause} ms after the last`)
    }
    await client.close()
  })
}

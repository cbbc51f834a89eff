// Tests nginx.conf with a real nginx before two instances on one PostgreSQL:
//
//     node deploy/nginx/check.mjs [rounds of restarts, 5]
//
// Needs target/debug/mula (or MULA, the binary), conformance's packages, and nginx and PostgreSQL on this machine.
// WebSockets and event streams have to get through, events as they come; an instance that is gone
// must not be noticed; and neither may a rolling restart of both, under a light load of queries.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request as send } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const ROUNDS = Number(process.argv[2] ?? 5)
/** Each sends a query, waits for the answer, and then this long. */
const CLIENTS = 8
const PAUSE = 30 // milliseconds

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '../..')
const mula = process.env.MULA ?? join(root, 'target/debug/mula')
const dir = mkdtempSync(join(tmpdir(), 'mula-nginx-'))
const running = new Set()
process.on('exit', () => {
  // Not SIGKILL: nginx would leave its workers behind.
  for (const child of running) child.kill('SIGINT')
  rmSync(dir, { recursive: true, force: true })
})

const [proxyPort, databasePort, ...ports] = await freePorts(4)
const url = `http://127.0.0.1:${proxyPort}/graphql`
/** Once signed in. */
let authorization

const postgres = await startPostgres()
const instances = await Promise.all(ports.map(startMula))
const nginx = await startNginx()

// The clients people use, over WebSocket and over events.
const streams = spawn('node', [join(root, 'conformance/streams.mjs'), url], { stdio: 'inherit' })
const [code] = await once(streams, 'exit')
assert.equal(code, 0, 'streams do not get through')
console.log('WebSocket and event streams get through')

authorization = await signIn()
const spread = await spreadOfEvents()
assert.ok(spread.first < spread.last / 2, `events were held back: ${JSON.stringify(spread)}`)
console.log(`events come as they are written: ${JSON.stringify(spread)} ms`)

await stop(instances[1], 'SIGKILL')
for (let each = 0; each < 50; each += 1) await query()
console.log('50 queries with one of two instances gone: none failed')
instances[1] = await startMula(ports[1])

const load = startLoad()
for (let round = 0; round < ROUNDS; round += 1) {
  for (const index of instances.keys()) {
    await sleep(300)
    await stop(instances[index], 'SIGTERM')
    instances[index] = await startMula(ports[index])
  }
}
const { sent, failures, slowest } = await load.end()
console.log(`${ROUNDS} rolling restarts: ${sent} queries, ${failures.length} failed, the slowest ${slowest} ms`)
assert.deepEqual(failures, [])

for (const child of [nginx, ...instances, postgres]) await stop(child, 'SIGINT')

async function startPostgres() {
  const versions = '/usr/lib/postgresql'
  const newest = existsSync(versions) && readdirSync(versions).sort((a, b) => b - a)[0]
  assert.ok(newest, `there is no PostgreSQL in ${versions}`)
  const bin = join(versions, newest, 'bin')
  const data = join(dir, 'postgres')
  mkdirSync(data)
  // PostgreSQL refuses to run as root.
  const user = process.getuid() === 0 ? accountOf('postgres') : {}
  if (user.uid) {
    chmodSync(dir, 0o755)
    chownSync(data, user.uid, user.gid)
  }
  const initdb = spawnSync(join(bin, 'initdb'), ['-D', data, '-U', 'mula', '-A', 'trust', '--no-sync'], user)
  assert.equal(initdb.status, 0, String(initdb.stderr))
  const flags = ['-D', data, '-k', data, '-p', databasePort, '-h', '127.0.0.1', '-F']
  const server = start(join(bin, 'postgres'), flags.map(String), { ...user, cwd: data })
  const ready = ['-h', '127.0.0.1', '-p', databasePort].map(String)
  await until('PostgreSQL', server, () => spawnSync(join(bin, 'pg_isready'), ready).status === 0)
  return server
}

async function startMula(port) {
  const env = {
    PATH: process.env.PATH,
    PORT: port,
    DATABASE_URL: `postgres://mula@127.0.0.1:${databasePort}/postgres`,
    SECRET_KEY: 'a secret of this test alone: 6f1d0b7c',
    BCRYPT_COST: '4',
    EMBEDDED_PACE: '80',
    LOG_LEVEL: 'warn'
  }
  const server = start(mula, [], { env, cwd: dir })
  const ready = `http://127.0.0.1:${port}/health/ready`
  await until('Mula', server, async () => (await fetch(ready).catch(() => null))?.ok)
  return server
}

async function startNginx() {
  const config = readFileSync(join(here, 'nginx.conf'), 'utf8')
  assert.ok(config.includes('listen 8080;'))
  const ours = config.replace('listen 8080;', `listen 127.0.0.1:${proxyPort};`).replaceAll('/tmp/', `${dir}/`)
  writeFileSync(join(dir, 'nginx.conf'), ours)
  // As upstream.conf has it, with addresses for the names that only Docker knows.
  const upstream = readFileSync(join(here, 'upstream.conf'), 'utf8')
    .replace(/^resolver.*;$/gm, '')
    .replace(/server mula-(\d):8000 resolve/g, (_, number) => `server 127.0.0.1:${ports[number - 1]}`)
  writeFileSync(join(dir, 'upstream.conf'), upstream)
  const server = start('nginx', ['-c', join(dir, 'nginx.conf'), '-g', 'daemon off;'])
  await until('nginx', server, async () => (await fetch(url).catch(() => null)) !== null)
  return server
}

function start(program, flags, options) {
  const child = spawn(program, flags, { ...options, stdio: ['ignore', 'ignore', 'inherit'] })
  running.add(child)
  child.on('exit', () => running.delete(child))
  return child
}

async function stop(child, signal) {
  child.kill(signal)
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

async function until(name, child, isReady) {
  for (let tries = 0; tries < 300; tries += 1) {
    assert.equal(child.exitCode, null, `${name} does not start`)
    if (await isReady()) return
    await sleep(50)
  }
  assert.fail(`${name} is not ready`)
}

function accountOf(name) {
  const line = readFileSync('/etc/passwd', 'utf8').split('\n').find((line) => line.startsWith(`${name}:`))
  const [, , uid, gid] = line.split(':').map(Number)
  return { uid, gid }
}

async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => server.address().port)
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))))
  return ports
}

async function signIn() {
  const credentials = { email: 'proxy@example.com', password: 'river and thunder' }
  await graphql('mutation ($input: RegisterInput!) { register(input: $input) { user { id } } }', {
    input: { ...credentials, username: 'proxy' }
  })
  const { login } = await graphql('mutation ($input: LoginInput!) { login(input: $input) { accessToken } }', {
    input: credentials
  })
  return `Bearer ${login.accessToken}`
}

/** When the first and the last event of an answer came, after it was asked for. */
async function spreadOfEvents() {
  const { askAdvisor } = await graphql(
    'mutation ($input: AskAdvisorInput!) { askAdvisor(input: $input) { reading { id } } }',
    { input: { advisor: 'OSHUN', question: 'What does the river keep?', wait: false } }
  )
  const asked = Date.now()
  const response = await post(
    'subscription ($id: ID!) { readingUpdates(id: $id) { sequence } }',
    { id: askAdvisor.reading.id },
    { accept: 'text/event-stream' }
  )
  const times = []
  for await (const bytes of response.body) {
    if (Buffer.from(bytes).includes('event: next')) times.push(Date.now() - asked)
  }
  return { first: times[0], last: times.at(-1), pieces: times.length }
}

async function query() {
  const { profile } = await graphql('{ profile { username } }')
  assert.equal(profile.username, 'proxy')
}

async function graphql(document, variables) {
  const response = await post(document, variables)
  const { data, errors } = await response.json()
  assert.equal(errors, undefined, JSON.stringify(errors))
  return data
}

function post(document, variables, headers) {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(authorization && { authorization }), ...headers },
    body: JSON.stringify({ query: document, variables })
  })
}

/** Signed-in queries by POST, which nginx does not repeat, until told to end. */
function startLoad() {
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS })
  const result = { sent: 0, failures: [], slowest: 0 }
  let ending = false
  const client = async () => {
    while (!ending) {
      const began = Date.now()
      result.sent += 1
      const failure = await attempt(agent).catch((error) => error.message)
      if (failure) result.failures.push(failure)
      result.slowest = Math.max(result.slowest, Date.now() - began)
      await sleep(PAUSE)
    }
  }
  const clients = Array.from({ length: CLIENTS }, client)
  return {
    async end() {
      ending = true
      await Promise.all(clients)
      agent.destroy()
      return result
    }
  }
}

/** What went wrong, or nothing. */
function attempt(agent) {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', authorization }
    const sending = send(url, { method: 'POST', agent, headers }, async (response) => {
      try {
        const text = Buffer.concat(await response.toArray()).toString()
        const good = response.statusCode === 200 && text.includes('"username":"proxy"')
        resolve(good ? undefined : `${response.statusCode} ${text}`)
      } catch (error) {
        reject(error)
      }
    })
    sending.on('error', reject)
    sending.end(JSON.stringify({ query: '{ profile { username } }' }))
  })
}

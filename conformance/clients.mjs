// Has the clients that people use do their whole job against servers of their own, with the
// clients' default settings, directly and through a proxy that delays and cuts:
//
//     node clients.mjs [sqlite] [postgres]
//
// Needs target/debug/mula (or MULA, the binary), PostgreSQL's server binaries for `postgres`, and
// virtual environments of Python in VENVS. Exits with 1 unless everything passes.
import assert from 'node:assert/strict'
import WebSocket from 'ws'
import { apollo, apolloMultipart, apolloPersisted } from './clients/apollo.mjs'
import { generate } from './clients/generators.mjs'
import { graphqlRequest } from './clients/graphql-request.mjs'
import { sse } from './clients/graphql-sse.mjs'
import { eager, lazy } from './clients/graphql-ws.mjs'
import { all, disturbed, events, quickAfterClose, revoked, wholeJob } from './clients/job.mjs'
import { Proxy } from './clients/proxy.mjs'
import { ariadne, gql } from './clients/python.mjs'
import { relay } from './clients/relay.mjs'
import { Server } from './clients/server.mjs'
import { snippets } from './clients/snippets.mjs'
import { urql, urqlFetch, urqlGraphcache } from './clients/urql.mjs'
import { takeUnawaited } from './clients/watch.mjs'

// As browsers have it, and Node from version 22.
globalThis.WebSocket ??= WebSocket

/** Words a second: an answer lasts long enough for every client to be in its middle at once. */
const PACE = '25'

const everyone = [
  ...[urql, urqlGraphcache, urqlFetch, apollo, apolloMultipart, apolloPersisted],
  ...[relay, lazy, eager, sse, gql, ariadne, graphqlRequest]
]
const followers = everyone.filter((adapter) => adapter !== graphqlRequest)

const counts = { passed: 0, failed: 0 }
await check('docs/front-ends.md', snippets)
const databases = process.argv.length > 2 ? process.argv.slice(2) : ['sqlite', 'postgres']
for (const database of databases) await clients(database).catch((error) => fail(database, error))
console.log(`${counts.passed} passed, ${counts.failed} failed`)
process.exit(counts.passed > 0 && counts.failed === 0 ? 0 : 1)

async function clients(database) {
  const server = await Server.start(database, {
    EMBEDDED_PACE: PACE,
    SHUTDOWN_TIMEOUT: '2s',
    BCRYPT_COST: '4',
    LOGIN_RATE: 'off',
    REGISTER_RATE: 'off',
    LOG_LEVEL: 'error'
  })
  const proxy = await Proxy.start(server.port)
  const direct = urls(server.url)
  const far = urls(proxy.url)
  const on = (what) => `${database}: ${what}`

  await check(on('generators'), () => generate(server.url))
  await check(on('the whole job'), () => all(everyone, (adapter) => wholeJob(adapter, direct)))
  await check(on('the whole job at 100 ms'), () => all(everyone, (adapter) => wholeJob(adapter, far)))
  await check(on('a socket closed and opened again'), () => quickAfterClose(lazy, far))
  await check(on('connections cut in mid-answer'), () => 
    disturbed(followers, far, () => assert.ok(proxy.cut() >= followers.length, 'each had a connection'))
  )
  await check(on('a restart in mid-answer'), () =>
    disturbed(followers, far, async () => {
      await server.stop()
      await server.start()
    })
  )
  await check(on("another device's readings"), () => events(followers, far))
  await check(on('a session revoked in mid-answer'), () => revoked(followers, far))
  proxy.close()
  await server.stop()
}

function urls(url) {
  return { url, socketUrl: url.replace(/^http/, 'ws') + '/ws' }
}

async function check(what, run) {
  const began = Date.now()
  const faults = await run().then(() => [], (error) => error.errors ?? [error])
  faults.push(...takeUnawaited())
  if (faults.length > 0) return fail(what, ...faults)
  counts.passed += 1
  console.log(`${what}: passed after ${Date.now() - began} ms`)
}

function fail(what, ...faults) {
  counts.failed += 1
  console.log(`${what}: FAILED`)
  for (const fault of faults) console.log(`     ${fault.stack ?? fault}`.replaceAll('\n', '\n     '))
}

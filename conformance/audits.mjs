// The GraphQL-over-HTTP audits of npm's graphql-http against a running server:
//
//     node audits.mjs [http://127.0.0.1:8000/graphql]
//
// The address may also be in MULA_URL. Exits with 1 unless every audit passes.
import { serverAudits } from 'graphql-http'

const url = new URL(process.argv[2] ?? process.env.MULA_URL ?? 'http://127.0.0.1:8000/graphql')
if (url.pathname === '/') url.pathname = '/graphql'

const audits = serverAudits({ url: url.href })
const counts = { passed: 0, failed: 0 }
for (const { id, name, fn } of audits) {
  // A failing audit is a result; a server that cannot be reached is thrown.
  const result = await fn().catch((error) => ({ status: 'error', reason: reason(error) }))
  if (result.status === 'ok') {
    counts.passed += 1
  } else {
    counts.failed += 1
    console.log(`${id} ${name}\n     ${result.reason}`)
  }
}
console.log(`${counts.passed} passed, ${counts.failed} failed`)
process.exitCode = counts.passed > 0 && counts.failed === 0 ? 0 : 1

/** fetch says no more than "fetch failed"; its cause does. */
function reason(error) {
  return error.cause?.message ?? error.message
}

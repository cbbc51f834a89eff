// Faults by the clients they belong to, also those that nobody awaits: errors on the console and
// unhandled rejections.
import { AsyncLocalStorage } from 'node:async_hooks'
import { inspect } from 'node:util'

/** How long a client may take for one of its tasks, in milliseconds. */
const PATIENCE = 90_000

const name = new AsyncLocalStorage()

/** What nobody awaited so far. */
const unawaited = []

console.error = (...values) => note('console.error', values)
process.on('unhandledRejection', (reason) => note('unhandled rejection', [reason]))
process.on('uncaughtException', (error) => note('uncaught exception', [error]))

function note(kind, values) {
  const text = values.map((value) => (typeof value === 'string' ? value : inspect(value))).join(' ')
  unawaited.push(`${name.getStore() ?? 'a client'}: ${kind}: ${text}`)
}

/** Runs a client's task in its name. */
export async function watch(client, run) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing more happened for ${PATIENCE / 1_000} s`)), PATIENCE)
  })
  try {
    return await name.run(client, () => Promise.race([run(), late]))
  } catch (error) {
    // With the places in the clients' own files, for those are what fails.
    const places = error?.stack?.split('\n').filter((line) => /^ +at .*clients\/(?!watch)/.test(line)) ?? []
    const message = error?.message ?? inspect(error, { depth: 4 })
    throw Object.assign(new Error(), { stack: [`${client}: ${message}`, ...places.slice(0, 4)].join('\n') })
  } finally {
    clearTimeout(timer)
  }
}

/** What nobody awaited since the last call. */
export function takeUnawaited() {
  return unawaited.splice(0)
}

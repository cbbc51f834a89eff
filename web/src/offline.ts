// What was read stays readable without a network: the results of queries, in the browser's cache, until the session ends.
import type { Operation } from '../client/session'
import { session } from './session'

const PREFIX = 'mula:read:'

const isKept = 'caches' in globalThis
let isOffline = false
const listeners = new Set<() => void>()

export const offline = {
  get: () => isOffline,
  listen(listener: () => void) {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
}

export async function remember(operation: Operation, data: object): Promise<void> {
  notice(false)
  const id = session.current?.id
  if (!isKept || !id) return
  try {
    const cache = await caches.open(PREFIX + id)
    await cache.put(key(operation), Response.json(data))
    // It ended meanwhile.
    if (session.current?.id !== id) await forget()
  } catch {
    // No room, or a browser that keeps nothing.
  }
}

/** What a query returned when it was last asked, if there is no network to ask again. */
export async function recall(operation: Operation): Promise<Record<string, unknown> | null> {
  const id = session.current?.id
  if (!isKept || !id) return null
  const found = await (await caches.open(PREFIX + id)).match(key(operation))
  if (!found) return null
  notice(true)
  return (await found.json()) as Record<string, unknown>
}

/** Deletes what belongs to sessions that are over. */
export async function forget(): Promise<void> {
  if (!isKept) return
  for (const name of await caches.keys()) {
    if (name.startsWith(PREFIX) && name !== PREFIX + session.current?.id) await caches.delete(name)
  }
}

function key({ operationName, variables }: Operation): string {
  return `/app/read/${operationName}?${encodeURIComponent(JSON.stringify(variables))}`
}

function notice(now: boolean): void {
  if (now === isOffline) return
  isOffline = now
  for (const listener of listeners) listener()
}

import { useSyncExternalStore } from 'react'
import { Session, type Stored } from '../client/session'

export const session = new Session('/graphql', storage())

/** The session, or null when nobody is signed in. */
export function useSession(): Stored | null {
  return useSyncExternalStore(session.listen, () => session.current)
}

/** A browser told to keep nothing refuses storage with an exception; then memory has to do. */
function storage(): Storage {
  try {
    localStorage.getItem('mula:session')
    return localStorage
  } catch {
    const values = new Map<string, string>()
    return {
      getItem: (key) => values.get(key) ?? null,
      setItem: (key, value) => void values.set(key, value),
      removeItem: (key) => void values.delete(key),
      clear: () => values.clear(),
      key: (index) => [...values.keys()][index] ?? null,
      get length() {
        return values.size
      },
    }
  }
}

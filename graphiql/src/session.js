// What the page keeps, all of it in sessionStorage: gone with the browser tab. The token is a
// key to the account, and the editors' variables can hold a password. The theme alone stays.
const TOKEN = 'mula:token'
const THEME = 'graphiql:theme'

const session = open('sessionStorage')
const local = open('localStorage')

/** A value that components follow with `useSyncExternalStore`. */
function store(value) {
  const listeners = new Set()
  return {
    get: () => value,
    set(next) {
      value = next
      for (const listener of listeners) listener()
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

const current = store(session.getItem(TOKEN) ?? '')

/** Whether the server has refused the token. */
export const refused = store(false)

/** The reading that was asked for last. */
export const asked = store('')

/** The answer that was followed last: its text so far, how far it is, and whether it is still followed. */
export const answer = store(null)

export const token = {
  ...current,
  set(value) {
    const clean = value.trim().replace(/^bearer\s+/i, '')
    if (clean) session.setItem(TOKEN, clean)
    else session.removeItem(TOKEN)
    refused.set(false)
    current.set(clean)
  },
}

/** What GraphiQL keeps: tabs, history, layout, theme. */
export const storage = {
  getItem: (key) => (key === THEME ? local : session).getItem(key),
  setItem: (key, value) => (key === THEME ? local : session).setItem(key, value),
  removeItem: (key) => (key === THEME ? local : session).removeItem(key),
  get length() {
    return session.length + local.length
  },
  clear() {
    for (const key of Object.keys(session)) {
      if (key.startsWith('graphiql:')) session.removeItem(key)
    }
    local.removeItem(THEME)
  },
}

/** A browser told to keep nothing refuses storage with an exception; then memory has to do. */
function open(name) {
  try {
    window[name].getItem(TOKEN)
    return window[name]
  } catch {
    const memory = Object.create({
      getItem: (key) => memory[key] ?? null,
      setItem: (key, value) => void (memory[key] = value),
      removeItem: (key) => void delete memory[key],
      length: 0,
    })
    return memory
  }
}

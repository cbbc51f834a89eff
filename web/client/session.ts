// A signed-in session in a browser, without a framework: keeps the token, shares it among the tabs of an
// origin, sends operations with it, and ends when the server says that it has ended.

/** An error of the API. Decide by `code` and `reason`, never by `message`. */
export interface GraphQLError {
  message: string
  extensions?: { code?: string; reason?: string; [more: string]: unknown }
}

export interface Result<Data> {
  data?: Data | null
  errors?: GraphQLError[]
}

export interface Operation {
  query: string
  variables?: object
  operationName?: string
}

/** A session: `id` stays the same when its token is extended. */
export interface Stored {
  id: string
  token: string
  expiresAt: number
}

/** No answer came: the server or the network is away, and the operation may or may not have run. */
export class Unreachable extends Error {}

/** Why a session is over: signed out here, or ended by the server or by time. */
export type Ended = 'SIGNED_OUT' | 'ENDED'

const KEY = 'mula:session'
const LONGEST_TIMER = 2 ** 31 - 1

export class Session {
  #stored: Stored | null
  #ended: Ended | null = null
  #listeners = new Set<() => void>()
  #expiry: ReturnType<typeof setTimeout> | undefined

  constructor(
    readonly url = '/graphql',
    private readonly storage: Storage = localStorage,
  ) {
    this.#stored = this.#read()
    this.#schedule()
    // Another tab signed in or out.
    addEventListener('storage', (event) => {
      if (event.key !== KEY && event.key !== null) return
      const before = this.#stored
      this.#stored = this.#read()
      if (before && !this.#stored) this.#ended = 'SIGNED_OUT'
      this.#changed()
    })
  }

  /** The session, or null when nobody is signed in. The same object until it changes. */
  get current(): Stored | null {
    return this.#stored
  }

  /** Why there is no session any more; null before the first, and while there is one. */
  get ended(): Ended | null {
    return this.#ended
  }

  /** Calls `listener` after each change, in this tab or another. Returns what stops that. */
  listen = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Begins a session with what `login` returned. */
  start(login: { accessToken: string; expiresIn: number }): void {
    this.#store(newKey(), login)
  }

  /** Forgets the session, in every tab. Call the `logout` mutation before it. */
  end(why: Ended = 'SIGNED_OUT'): void {
    if (!this.#stored) return
    this.storage.removeItem(KEY)
    this.#stored = null
    this.#ended = why
    this.#changed()
  }

  /** Sends a query or a mutation. Errors of the API are in the result; only `Unreachable` is thrown. */
  async send<Data>(operation: Operation, signal?: AbortSignal): Promise<Result<Data>> {
    const sentWith = this.#stored
    const result = await this.#post<Data>(operation, sentWith, signal)
    if (sentWith && result.errors?.some(endsSession)) this.#over(sentWith)
    return result
  }

  /** The headers, or the `connection_init` payload, that authenticate. */
  authorization(): Record<string, string> {
    return this.#stored ? { authorization: `Bearer ${this.#stored.token}` } : {}
  }

  /** Ends `session` if it is still the current one: a late answer never ends its successor. */
  #over(session: Stored): void {
    if (this.#stored?.id === session.id) this.end('ENDED')
  }

  async #post<Data>(
    operation: Operation,
    session: Stored | null,
    signal?: AbortSignal,
  ): Promise<Result<Data>> {
    try {
      const response = await fetch(this.url, {
        method: 'POST',
        headers: {
          // With this type errors are in the result alone, and browsers log no failed request.
          accept: 'application/json',
          'content-type': 'application/json',
          ...(session && { authorization: `Bearer ${session.token}` }),
        },
        body: JSON.stringify(operation),
        signal: signal ?? null,
      })
      return (await response.json()) as Result<Data>
    } catch (error) {
      if (signal?.aborted) throw error
      throw new Unreachable(String(error))
    }
  }

  #store(id: string, login: { accessToken: string; expiresIn: number }): void {
    const expiresAt = Date.now() + login.expiresIn * 1000
    this.#stored = { id, token: login.accessToken, expiresAt }
    this.#ended = null
    this.storage.setItem(KEY, JSON.stringify(this.#stored))
    this.#changed()
  }

  #read(): Stored | null {
    try {
      const stored = JSON.parse(this.storage.getItem(KEY) ?? 'null') as Stored | null
      return stored && stored.expiresAt > Date.now() ? stored : null
    } catch {
      return null
    }
  }

  #schedule(): void {
    clearTimeout(this.#expiry)
    const session = this.#stored
    if (!session) return
    const left = Math.min(session.expiresAt - Date.now(), LONGEST_TIMER)
    this.#expiry = setTimeout(() => {
      if (session.expiresAt <= Date.now()) this.#over(session)
      else this.#schedule()
    }, left)
  }

  #changed(): void {
    this.#schedule()
    for (const listener of this.#listeners) listener()
  }
}

/** Whether an error of an authenticated operation says that the session is over. */
export function endsSession(error: GraphQLError): boolean {
  const { code, reason } = error.extensions ?? {}
  return (
    (code === 'UNAUTHENTICATED' && reason !== 'WRONG_CREDENTIALS') ||
    (code === 'FORBIDDEN' && reason === 'ACCOUNT_INACTIVE')
  )
}

/** A random key, for `idempotencyKey` among others; unlike `crypto.randomUUID`, also without TLS. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

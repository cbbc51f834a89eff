// A signed-in session in a browser, without a framework: keeps the token, shares it among the tabs of an origin,
// extends it before it expires, sends operations with it, and ends when the server says that it has ended.

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

/** A session: `id` stays the same when its token is extended. Times are in milliseconds of this device's clock. */
export interface Stored {
  id: string
  /** Empty where the browser keeps it in a cookie. */
  token: string
  /** When the token expires. The session itself lasts longer. */
  expiresAt: number
  /** From when on a page that is looked at extends it: three quarters of its lifetime. */
  extendAt: number
}

/** What `login` and `extendSession` return; without a token where that is in a cookie. */
export interface Login {
  accessToken: string
  expiresIn: number
}

/** No answer came: the server or the network is away, and the operation may or may not have run. */
export class Unreachable extends Error {}

/** Why a session is over: signed out here, or ended by the server. */
export type Ended = 'SIGNED_OUT' | 'ENDED'

const KEY = 'mula:session'
const EXTEND = 'mutation ExtendSession { extendSession { accessToken expiresIn } }'
const LONGEST_TIMER = 2 ** 31 - 1
const RETRY = 10_000

export class Session {
  #stored: Stored | null
  #ended: Ended | null = null
  #listeners = new Set<() => void>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #extending: Promise<void> | null = null

  constructor(
    readonly url = '/graphql',
    private readonly storage: Storage = localStorage,
  ) {
    this.#stored = this.#read()
    this.#schedule()
    // Another tab signed in or out.
    addEventListener('storage', (event) => {
      if (event.key !== KEY && event.key !== null) return
      this.#adopt()
    })
    document.addEventListener('visibilitychange', () => this.#schedule())
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
  start(login: Login): void {
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
    await this.#extendExpired()
    let sentWith = this.#stored
    let result = await this.#post<Data>(operation, sentWith, signal)
    // The clocks differ, or the device slept meanwhile. Nothing was done yet.
    if (sentWith && result.errors?.some(isExpired)) {
      await this.#extend(sentWith)
      sentWith = this.#stored
      if (sentWith) result = await this.#post<Data>(operation, sentWith, signal)
    }
    if (sentWith && result.errors?.some(endsSession)) this.#over(sentWith)
    return result
  }

  /** The headers, or the `connection_init` payload, that authenticate. */
  async authorization(): Promise<Record<string, string>> {
    // Without an answer, the token that there is: it is refused, and the next attempt extends it.
    await this.#extendExpired().catch(() => {})
    return bearer(this.#stored)
  }

  async #extendExpired(): Promise<void> {
    if (this.#stored && this.#stored.expiresAt <= Date.now()) await this.#extend(this.#stored)
  }

  /** Gets the next token, once for all that wait for it. */
  #extend(session: Stored): Promise<void> {
    return (this.#extending ??= this.#extendOnce(session).finally(() => (this.#extending = null)))
  }

  async #extendOnce(session: Stored): Promise<void> {
    // Another tab may have been first, or signed out.
    if (this.#read()?.expiresAt !== session.expiresAt) return this.#adopt()
    const { data, errors } = await this.#post<{ extendSession: Login | null }>({ query: EXTEND }, session)
    const login = data?.extendSession
    if (errors?.some(endsSession)) this.#over(session)
    else if (!login) throw new Unreachable(errors?.[0]?.message)
    // Not if it was signed out of meanwhile, in any tab.
    else if (this.#read()?.id === session.id) this.#store(session.id, login)
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
          // Asks for a cookie in place of a token, where the service has cookies.
          'x-mula-client': 'web',
          ...bearer(session),
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

  /** Takes over what another tab has stored. */
  #adopt(): void {
    const before = this.#stored
    this.#stored = this.#read()
    if (before && !this.#stored) this.#ended = 'SIGNED_OUT'
    this.#changed()
  }

  #store(id: string, { accessToken, expiresIn }: Login): void {
    const lifetime = Math.max(expiresIn * 1000, 1000)
    const now = Date.now()
    this.#stored = { id, token: accessToken, expiresAt: now + lifetime, extendAt: now + lifetime * 0.75 }
    this.#ended = null
    this.storage.setItem(KEY, JSON.stringify(this.#stored))
    this.#changed()
  }

  #read(): Stored | null {
    try {
      return JSON.parse(this.storage.getItem(KEY) ?? 'null') as Stored | null
    } catch {
      return null
    }
  }

  /** Extends the token when it is time to, as long as the page is looked at. */
  #schedule(wait = 0): void {
    clearTimeout(this.#timer)
    const session = this.#stored
    if (!session || document.hidden) return
    const left = Math.max(wait, session.extendAt - Date.now())
    this.#timer = setTimeout(
      () => {
        if (session.extendAt > Date.now()) this.#schedule()
        else void this.#extend(session).catch(() => this.#schedule(RETRY))
      },
      Math.min(left, LONGEST_TIMER),
    )
  }

  #changed(): void {
    this.#schedule()
    for (const listener of this.#listeners) listener()
  }
}

/** The header with a session's token; none where a cookie has it. */
function bearer(session: Stored | null): Record<string, string> {
  return session?.token ? { authorization: `Bearer ${session.token}` } : {}
}

/** Whether an error says that the token has expired. The session may have not: it is extended then. */
export function isExpired({ extensions }: GraphQLError): boolean {
  return extensions?.reason === 'TOKEN_EXPIRED'
}

/** Whether an error of an authenticated operation says that the session is over. */
export function endsSession(error: GraphQLError): boolean {
  const { code, reason } = error.extensions ?? {}
  return (
    (code === 'UNAUTHENTICATED' && reason !== 'WRONG_CREDENTIALS' && reason !== 'TOKEN_EXPIRED') ||
    (code === 'FORBIDDEN' && reason === 'ACCOUNT_INACTIVE')
  )
}

/** A random key, for `idempotencyKey` among others; unlike `crypto.randomUUID`, also without TLS. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

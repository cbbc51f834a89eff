// A subscription over graphql-transport-ws that goes on after whatever ends its socket: a lost connection, a restart, an
// expired token.
import { createClient, type SubscribePayload } from 'graphql-ws'
import { endsSession, isExpired, type GraphQLError, type Result, type Session } from './session'

/** How long a tab waits before it says that the session has ended: another may be signing out of it. */
const SIGN_OUT = 1000

interface Sink<Data> {
  next: (result: Result<Data>) => void
  /** It cannot go on. Not called where the session is over, which ends then. */
  error: (errors: readonly GraphQLError[]) => void
  /** Called at each connection, and with false at each loss. */
  onConnected: (isConnected: boolean) => void
}

/** Returns what stops it. */
export function subscribe<Data>(session: Session, operation: SubscribePayload, sink: Sink<Data>): () => void {
  const id = session.current?.id
  const url = new URL(`${session.url}/ws`, location.href)
  url.protocol = url.protocol.replace('http', 'ws')
  let pong: ReturnType<typeof setTimeout> | undefined
  const client = createClient({
    url: url.href,
    connectionParams: () => session.authorization(),
    retryAttempts: Infinity,
    // What is not a closed socket is an error of this client; graphql-ws does not retry fatal codes.
    shouldRetry: (event) => event instanceof Event,
    retryWait: (attempt) => pause(Math.min(250 * 2 ** attempt, 5000) * (0.5 + Math.random())),
    // A connection that was lost without a word (a tunnel, sleep) is found by a ping without its pong.
    keepAlive: 10_000,
    on: {
      connected: () => sink.onConnected(true),
      closed() {
        clearTimeout(pong)
        sink.onConnected(false)
      },
      ping(received) {
        if (!received) pong = setTimeout(() => client.terminate(), 5000)
      },
      pong(received) {
        if (received) clearTimeout(pong)
      },
    },
  })
  let unsubscribe = () => {}
  const start = () => {
    unsubscribe = client.subscribe<Data>(operation, {
      next: (result) => sink.next(result as Result<Data>),
      error(error) {
        const errors = Array.isArray(error) ? (error as GraphQLError[]) : [closed(error)]
        // The server closes the socket, too; the next one is opened with the next token.
        if (errors.some(isExpired)) start()
        else if (errors.some(endsSession)) setTimeout(() => session.current?.id === id && session.end('ENDED'), SIGN_OUT)
        else sink.error(errors)
      },
      complete() {},
    })
  }
  start()
  return () => {
    unsubscribe()
    // It waits for the connection that is being made, and fails as that does.
    Promise.resolve(client.dispose()).catch(() => {})
  }
}

/** A close event that graphql-ws does not retry, as an error of the API. */
function closed(event: unknown): GraphQLError {
  const code = event instanceof CloseEvent && event.code === 4401 ? 'UNAUTHENTICATED' : 'INTERNAL_SERVER_ERROR'
  const message = event instanceof CloseEvent ? `${event.code} ${event.reason}` : String(event)
  return { message, extensions: { code } }
}

/** Waits, but not after the network is back or the page is looked at again; and until it is looked at. */
function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const stop = new AbortController()
    const done = () => {
      if (document.hidden) return
      stop.abort()
      clearTimeout(timer)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    addEventListener('online', done, stop)
    document.addEventListener('visibilitychange', done, stop)
  })
}

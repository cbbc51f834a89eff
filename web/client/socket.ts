// A WebSocket to the API that is made anew whenever it is lost.
import { createClient, type Client } from 'graphql-ws'
import type { Session } from './session'

/** `onConnected` is called at each connection, and with false at each loss. */
export function connect(session: Session, onConnected: (isConnected: boolean) => void): Client {
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
      connected: () => onConnected(true),
      closed() {
        clearTimeout(pong)
        onConnected(false)
      },
      ping(received) {
        if (!received) pong = setTimeout(() => client.terminate(), 5000)
      },
      pong(received) {
        if (received) clearTimeout(pong)
      },
    },
  })
  return client
}

/** Waits, but not after the network is back or the page is looked at again. */
function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const stop = new AbortController()
    const done = () => {
      stop.abort()
      clearTimeout(timer)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    addEventListener('online', done, { signal: stop.signal })
    document.addEventListener('visibilitychange', () => document.hidden || done(), stop)
  })
}

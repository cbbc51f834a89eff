// How operations reach the server: POST /graphql, subscriptions over /graphql/ws
// (graphql-transport-ws). An Observable for both, so that GraphiQL's stop button stops them.
import { getOperationAST, parse } from 'graphql'
import { createClient } from 'graphql-ws'
import { answer, asked, refused, token } from './session.js'

/** The library's text for the schema is about schemas in general. */
const DESCRIPTION =
  'The API of Mula: The Root. Register, sign in, ask one of four advisors, follow the answer while it is written, and read back.'

const problem = (message) => ({ errors: [{ message }] })

export function fetcher(params, { headers } = {}) {
  const { operation, name } = operationOf(params) ?? {}
  const request = { ...params, operationName: name?.value }
  return operation === 'subscription'
    ? { subscribe: (observer) => follow(request, headers, observer) }
    : { subscribe: (observer) => send(request, headers, observer) }
}

/** From the text: for a moment after a change of tabs, GraphiQL's name is that of the tab before. */
function operationOf({ query, operationName }) {
  try {
    const document = parse(query)
    return getOperationAST(document) ?? getOperationAST(document, operationName)
  } catch {
    return null
  }
}

function send(params, headers, observer) {
  const controller = new AbortController()
  post(params, headers, controller.signal).then((result) => {
    if (controller.signal.aborted) return
    note(result)
    if (result?.data?.__schema?.description) result.data.__schema.description = DESCRIPTION
    observer.next(result)
    observer.complete()
  })
  return { unsubscribe: () => controller.abort() }
}

/** Never rejects: what went wrong on the way is a result with `errors`, like any other. */
export async function post(params, headers, signal) {
  let response
  try {
    response = await fetch('/graphql', {
      method: 'POST',
      headers: {
        Accept: 'application/graphql-response+json, application/json',
        'Content-Type': 'application/json',
        ...authorization(headers),
      },
      body: JSON.stringify(params),
      signal,
    })
  } catch (error) {
    return problem(
      `${location.origin}/graphql gives no answer (${error.message}). Is the server running?`,
    )
  }
  try {
    return await response.json()
  } catch {
    return problem(`The server answered ${response.status} ${response.statusText}, and not with JSON.`)
  }
}

function follow(params, headers, observer) {
  const url = new URL('/graphql/ws', location.href)
  url.protocol = url.protocol.replace('http', 'ws')
  // A client each: the socket opens with this subscription, carries the token of now, and
  // closes after it. A lost connection is told and not papered over by a silent replay.
  const client = createClient({
    url: url.href,
    lazy: true,
    connectionParams: authorization(headers),
    keepAlive: 10_000,
    retryAttempts: 0,
  })
  answer.set(null)
  const end = () => answer.get() && answer.set({ ...answer.get(), isFollowed: false })
  const unsubscribe = client.subscribe(params, {
    next(result) {
      note(result)
      observer.next(result)
    },
    complete() {
      end()
      observer.complete()
    },
    error(error) {
      end()
      const result = Array.isArray(error) ? { errors: error } : problem(reason(error))
      if (error instanceof CloseEvent && error.code === 4401) refused.set(true)
      note(result)
      observer.next(result)
      observer.complete()
    },
  })
  return {
    unsubscribe() {
      end()
      unsubscribe()
    },
  }
}

function reason(error) {
  if (error instanceof CloseEvent) {
    return error.code === 1006
      ? 'The connection to /graphql/ws could not be made, or was lost.'
      : `The server closed the connection to /graphql/ws: ${error.code} ${error.reason}`.trimEnd()
  }
  return error?.message ?? 'The connection to /graphql/ws could not be made, or was lost.'
}

/** The token of the top bar; the headers editor has the last word. */
export function authorization(headers) {
  const named = Object.keys(headers ?? {}).some((name) => name.toLowerCase() === 'authorization')
  return { ...(token.get() && !named && { Authorization: `Bearer ${token.get()}` }), ...headers }
}

/** Signing in fills the token in; what ends the session takes it out. A question can be watched. */
function note(result) {
  const data = result?.data
  const codes = result?.errors?.map(({ extensions }) => extensions)
  const isRefused = codes?.some((one) => one?.code === 'UNAUTHENTICATED' && one.reason !== 'WRONG_CREDENTIALS')
  // Signing in with a wrong password refuses no token, by a server without reasons either.
  if (isRefused && token.get() && data?.login === undefined) refused.set(true)
  const reading = data?.askAdvisor?.reading ?? data?.regenerateReading?.reading
  if (typeof reading?.id === 'string') asked.set(reading.id)
  const update = data?.readingUpdates
  if (update) {
    const text = (answer.get()?.text ?? '') + (update.text ?? '')
    answer.set({ text, status: update.status, isFollowed: true })
  }
  if (typeof data?.login?.accessToken === 'string') token.set(data.login.accessToken)
  else if (data?.logout || data?.deleteAccount) token.set('')
}

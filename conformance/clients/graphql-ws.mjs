// graphql-ws, lazy as it comes, and not. It reconnects by itself, with the variables it began with.
import { createClient } from 'graphql-ws'
import { texts } from './operations.mjs'

export const lazy = { name: 'graphql-ws', open: (settings) => adapt(openLazy(settings)), reconnects: true, codeOf }
export const eager = { ...lazy, name: 'graphql-ws, not lazy', open: (settings) => adapt(openEager(settings)) }

// #region settings
export function openLazy({ socketUrl, token }) {
  return createClient({ url: socketUrl, connectionParams: token && { authorization: `Bearer ${token}` } })
}

// One socket that stays open. It is closed with 4401 when the session ends.
export function openEager({ socketUrl, token, onSignedOut }) {
  return createClient({
    url: socketUrl,
    connectionParams: token && { authorization: `Bearer ${token}` },
    lazy: false,
    onNonLazyError: ({ code }) => code === 4401 && onSignedOut?.()
  })
}

// An operation fails with a list of GraphQL errors, or with the event that closed the socket.
export function codeOf(error) {
  return error.code === 4401 ? 'UNAUTHENTICATED' : error[0]?.extensions.code
}
// #endregion

function adapt(client) {
  return {
    run: (name, variables) =>
      new Promise((resolve, reject) => {
        let result
        client.subscribe(
          { query: texts[name], variables },
          {
            next: (value) => (result = value),
            error: reject,
            complete: () => (result.errors ? reject(result.errors) : resolve(result.data))
          }
        )
      }),
    subscribe: (name, variables, next) =>
      new Promise((resolve, reject) => {
        client.subscribe(
          { query: texts[name], variables },
          {
            next: ({ data, errors }) => (errors ? reject(errors) : next(data)),
            error: reject,
            complete: resolve
          }
        )
      }),
    close: () => client.dispose()
  }
}

// graphql-sse in its default mode, a connection an operation. It reconnects by itself, with the
// variables it began with.
import { createClient } from 'graphql-sse'
import { texts } from './operations.mjs'

export const sse = { name: 'graphql-sse', open: (settings) => adapt(open(settings)), reconnects: true, codeOf }

// #region settings
export function open({ url, token }) {
  return createClient({ url, headers: token && { authorization: `Bearer ${token}` } })
}

// GraphQL errors come as a result; `errors` is that result's.
export function codeOf(errors) {
  return errors[0]?.extensions.code
}
// #endregion

function adapt(client) {
  const each = (name, variables, next) =>
    new Promise((resolve, reject) => {
      client.subscribe(
        { query: texts[name], variables },
        { next: ({ data, errors }) => (errors ? reject(errors) : next(data)), error: reject, complete: resolve }
      )
    })
  return {
    async run(name, variables) {
      let data
      await each(name, variables, (value) => (data = value))
      return data
    },
    subscribe: each,
    close: () => client.dispose()
  }
}

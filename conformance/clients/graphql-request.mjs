// graphql-request, which has no subscriptions: it asks with `wait: true`.
import { ClientError, GraphQLClient } from 'graphql-request'
import { texts } from './operations.mjs'

export const graphqlRequest = {
  name: 'graphql-request',
  open: (settings) => adapt(open(settings)),
  follows: false,
  codeOf
}

// #region settings
export function open({ url, token }) {
  return new GraphQLClient(url, { headers: token && { authorization: `Bearer ${token}` } })
}

export function codeOf(error) {
  return error instanceof ClientError ? error.response.errors?.[0].extensions.code : undefined
}
// #endregion

function adapt(client) {
  return { run: (name, variables) => client.request(texts[name], variables), close() {} }
}

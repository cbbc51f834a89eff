// Apollo Client: subscriptions over graphql-ws or as multipart responses; automatic persisted queries.
import { createHash } from 'node:crypto'
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client'
import { CombinedGraphQLErrors, CombinedProtocolErrors } from '@apollo/client/errors'
import { GraphQLWsLink } from '@apollo/client/link/subscriptions'
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries'
import { OperationTypeNode } from 'graphql'
import { createClient } from 'graphql-ws'
import { documents } from './operations.mjs'

export const apollo = { name: 'Apollo Client', open: (settings) => adapt(open(settings)), reconnects: true, codeOf }
export const apolloMultipart = {
  ...apollo,
  name: 'Apollo Client, multipart',
  open: (settings) => adapt(openMultipart(settings)),
  reconnects: false
}
export const apolloPersisted = {
  ...apolloMultipart,
  name: 'Apollo Client, persisted queries',
  open: (settings) => adapt(openPersisted(settings))
}

// #region settings
export function open({ url, socketUrl, token }) {
  const headers = token && { authorization: `Bearer ${token}` }
  const socket = new GraphQLWsLink(createClient({ url: socketUrl, connectionParams: headers }))
  const link = ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    socket,
    new HttpLink({ uri: url, headers })
  )
  return new ApolloClient({ link, cache: new InMemoryCache() })
}

// Without graphql-ws: subscriptions come as multipart responses, and are not resumed by themselves.
export function openMultipart({ url, token }) {
  const link = new HttpLink({ uri: url, headers: token && { authorization: `Bearer ${token}` } })
  return new ApolloClient({ link, cache: new InMemoryCache() })
}

// Queries by their hashes, with GET; the first client that sends a document teaches it to the server.
export function openPersisted({ url, token }) {
  const sha256 = (text) => createHash('sha256').update(text).digest('hex')
  const link = ApolloLink.from([
    new PersistedQueryLink({ sha256, useGETForHashedQueries: true }),
    new HttpLink({ uri: url, headers: token && { authorization: `Bearer ${token}` } })
  ])
  return new ApolloClient({ link, cache: new InMemoryCache() })
}

// `edge` of askAdvisor is put into the cached lists; what deleteReading has deleted leaves the cache.
const updates = {
  Ask: (cache, { data }) =>
    cache.modify({
      fields: {
        readings: (list, { toReference }) => ({
          ...list,
          nodes: [toReference(data.askAdvisor.edge.node), ...list.nodes]
        })
      }
    }),
  Delete: (cache, { data }) =>
    cache.evict({ id: cache.identify({ __typename: 'Reading', id: data.deleteReading.deletedReadingId }) })
}

export function codeOf(error) {
  const isGraphQL = CombinedGraphQLErrors.is(error) || CombinedProtocolErrors.is(error)
  return isGraphQL ? error.errors[0].extensions.code : undefined
}
// #endregion

function adapt(client) {
  return {
    async run(name, variables) {
      const document = documents[name]
      const { data } =
        document.definitions[0].operation === 'mutation'
          ? await client.mutate({ mutation: document, variables, update: updates[name] })
          : await client.query({ query: document, variables })
      return data
    },
    subscribe: (name, variables, next) =>
      new Promise((resolve, reject) => {
        client.subscribe({ query: documents[name], variables }).subscribe({
          next: ({ data, error }) => (error ? reject(error) : next(data)),
          error: reject,
          complete: resolve
        })
      }),
    close: () => client.stop()
  }
}

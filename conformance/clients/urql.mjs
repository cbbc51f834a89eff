// urql with its document cache and with graphcache; subscriptions over graphql-ws, or over fetch.
import { readFileSync } from 'node:fs'
import { Client, cacheExchange, fetchExchange, subscriptionExchange } from '@urql/core'
import { cacheExchange as graphcache } from '@urql/exchange-graphcache'
import { buildSchema, introspectionFromSchema } from 'graphql'
import { createClient } from 'graphql-ws'
import { onEnd, pipe, subscribe } from 'wonka'
import { documents } from './operations.mjs'

const schema = introspectionFromSchema(buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8')))

export const urql = { name: 'urql', open: (settings) => adapt(open(settings)), reconnects: true, codeOf }
export const urqlFetch = {
  ...urql,
  name: 'urql, fetchSubscriptions',
  open: (settings) => adapt(openFetch(settings)),
  reconnects: false
}
export const urqlGraphcache = { ...urql, name: 'urql, graphcache', open: (settings) => adapt(openGraphcache(settings)) }

// #region settings
export function open({ url, socketUrl, token, cache = cacheExchange }) {
  const headers = token && { authorization: `Bearer ${token}` }
  const socket = createClient({ url: socketUrl, connectionParams: headers })
  return new Client({
    url,
    exchanges: [
      cache,
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query, variables }) => ({
          subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables }, sink) })
        })
      })
    ],
    fetchOptions: { headers }
  })
}

// Without graphql-ws: subscriptions come as Server-Sent Events, and are not resumed by themselves.
export function openFetch({ url, token }) {
  return new Client({
    url,
    exchanges: [cacheExchange, fetchExchange],
    fetchSubscriptions: true,
    fetchOptions: { headers: token && { authorization: `Bearer ${token}` } }
  })
}

// graphcache is told which lists a mutation changes, and what it deletes; by the introspected schema
// it knows which fragments match the members of a union.
export function openGraphcache(settings) {
  const refreshLists = (_result, _variables, cache) => {
    for (const { fieldName, fieldKey } of cache.inspectFields('Query')) {
      if (fieldName === 'readings') cache.invalidate('Query', fieldKey)
    }
  }
  const remove = (_result, { input }, cache) => cache.invalidate({ __typename: 'Reading', id: input.id })
  const updates = { Mutation: { askAdvisor: refreshLists, deleteReading: remove } }
  return open({ ...settings, cache: graphcache({ schema, updates }) })
}

// The document cache refetches queries whose types a mutation's result has, or is said to have.
const READINGS = { additionalTypenames: ['Reading', 'ReadingConnection'] }

export function codeOf(error) {
  return error.graphQLErrors?.[0]?.extensions.code
}
// #endregion

function adapt(client) {
  return {
    async run(name, variables = {}) {
      const document = documents[name]
      const isMutation = document.definitions[0].operation === 'mutation'
      const result = isMutation
        ? await client.mutation(document, variables, READINGS)
        : await client.query(document, variables, READINGS)
      if (result.error) throw result.error
      return result.data
    },
    subscribe: (name, variables, next) =>
      new Promise((resolve, reject) => {
        pipe(
          client.subscription(documents[name], variables),
          onEnd(resolve),
          subscribe(({ data, error, hasNext }) => {
            if (error) reject(error)
            // `fetchSubscriptions` repeats the last result at the end.
            else if (hasNext) next(data)
          })
        )
      }),
    close() {}
  }
}

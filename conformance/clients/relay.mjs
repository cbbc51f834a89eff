// Relay's runtime, with operations that relay-compiler has compiled; subscriptions over graphql-ws.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { createClient } from 'graphql-ws'
import runtime from 'relay-runtime'
import { dir } from './server.mjs'

const { ConnectionHandler, Environment, Network, Observable, RecordSource, ROOT_ID, Store } = runtime
const { commitMutation, fetchQuery, requestSubscription } = runtime

export const relay = { name: 'Relay', open: (settings) => adapt(open(settings)), reconnects: true, codeOf }

// #region settings
export function open({ url, socketUrl, token }) {
  const headers = token && { authorization: `Bearer ${token}` }
  const socket = createClient({ url: socketUrl, connectionParams: headers })
  const network = Network.create(
    async ({ text }, variables) => {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query: text, variables })
      })
      const result = await response.json()
      // Relay hides the errors of nullable fields unless a query has @throwOnFieldError.
      if (result.errors) throw Object.assign(new Error(result.errors[0].message), { errors: result.errors })
      return result
    },
    ({ text }, variables) => Observable.create((sink) => socket.subscribe({ query: text, variables }, sink))
  )
  return new Environment({ network, store: new Store(new RecordSource()) })
}

export function codeOf(error) {
  return (error.errors ?? error)[0]?.extensions.code
}
// #endregion

/** What relay-compiler makes of relay/Job.js, by the operations' names. */
async function compile() {
  const folder = join(dir, 'relay')
  mkdirSync(join(folder, 'made'), { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  const source = fileURLToPath(new URL('relay', import.meta.url))
  const config = {
    root: '/',
    sources: { [source.slice(1)]: 'job' },
    projects: {
      job: {
        schema: fileURLToPath(new URL('../../schema.graphql', import.meta.url)).slice(1),
        language: 'javascript',
        output: join(folder, 'made').slice(1),
        eagerEsModules: true
      }
    }
  }
  writeFileSync(join(folder, 'relay.config.json'), JSON.stringify(config))
  const compiler = fileURLToPath(new URL('../node_modules/.bin/relay-compiler', import.meta.url))
  execFileSync(compiler, [join(folder, 'relay.config.json')], { stdio: ['ignore', 'ignore', 'inherit'] })
  const files = readdirSync(join(folder, 'made'))
  const named = files.map(async (file) => {
    const { default: operation } = await import(pathToFileURL(join(folder, 'made', file)))
    return [operation.params.name.match(/^Job(.*?)(Query|Mutation|Subscription)$/)[1], operation]
  })
  return Object.fromEntries(await Promise.all(named))
}

let compiled

function adapt(environment) {
  const lists = new Set()
  return {
    async run(name, variables = {}) {
      const operation = (await (compiled ??= compile()))[name]
      if (operation.params.operationKind === 'mutation') {
        const connections = /Ask|Delete/.test(name) ? { connections: [...lists] } : {}
        return mutate(environment, operation, { ...variables, ...connections })
      }
      const data = await fetchQuery(environment, operation, variables, { fetchPolicy: 'store-or-network' }).toPromise()
      if (name !== 'Readings') return data
      // The store keeps what mutations do to the list.
      environment.retain(runtime.createOperationDescriptor(operation, variables))
      lists.add(ConnectionHandler.getConnectionID(ROOT_ID, 'Job_readings', { filter: variables.filter }))
      return { readings: { nodes: data.readings.edges.map(({ node }) => node) } }
    },
    async subscribe(name, variables, next) {
      const subscription = (await (compiled ??= compile()))[name]
      return new Promise((resolve, reject) => {
        requestSubscription(environment, {
          subscription,
          variables,
          onNext: next,
          onError: reject,
          onCompleted: resolve
        })
      })
    },
    close() {}
  }
}

function mutate(environment, mutation, variables) {
  return new Promise((resolve, reject) => {
    commitMutation(environment, { mutation, variables, onCompleted: resolve, onError: reject })
  })
}

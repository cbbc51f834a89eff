import type { ReactNode } from 'react'
import { RelayEnvironmentProvider } from 'react-relay'
import { Environment, Network, RecordSource, Store, type FetchFunction, type GraphQLResponse } from 'relay-runtime'
import { subscribe, useReadingEvents } from './events'
import { run } from './fetch'
import { useSession } from './session'

/** For a query whose result is worth nothing unless it is the server's of now. */
export const FRESH = { force: true, metadata: { isFresh: true } }

const fetchOperation: FetchFunction = async ({ name, text, operationKind }, variables, { metadata }) => {
  const operation = { query: text ?? '', variables, operationName: name }
  const mayBeKept = operationKind === 'query' && !metadata?.isFresh
  return { data: await run(operation, operationKind === 'query', mayBeKept) } as GraphQLResponse
}

let current: { id: string | undefined; environment: Environment } | null = null

/** One for each session: nothing of one account is shown to the next. */
function environmentOf(id: string | undefined): Environment {
  if (current?.id !== id || !current) current = { id, environment: createEnvironment() }
  return current.environment
}

function createEnvironment(): Environment {
  return new Environment({
    network: Network.create(fetchOperation, subscribe),
    store: new Store(new RecordSource(), { gcReleaseBufferSize: 50 }),
    // `reading(id:)` is an object that may be in the store by its id.
    missingFieldHandlers: [
      {
        kind: 'linked',
        handle: (field, _, args) => (field.name === 'reading' ? (args.id as string) : undefined),
      },
    ],
  })
}

/** For components that read and write by Relay. The first page does without, to be there sooner. */
export function WithRelay({ children }: { children: ReactNode }) {
  const id = useSession()?.id
  return (
    <RelayEnvironmentProvider environment={environmentOf(id)}>
      {id && <Events />}
      {children}
    </RelayEnvironmentProvider>
  )
}

function Events() {
  useReadingEvents()
  return null
}

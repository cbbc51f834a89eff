// What happens to the readings elsewhere: on another device, or in another tab.
import { useEffect, useSyncExternalStore } from 'react'
import { graphql, useRelayEnvironment } from 'react-relay'
import { ConnectionHandler, Observable, requestSubscription, type RecordSourceProxy, type SubscribeFunction } from 'relay-runtime'
import type { eventsSubscription } from './__generated__/eventsSubscription.graphql'
import { subscribe as follow } from '../client/socket'
import { ADVISORS } from './advisors'
import { session } from './session'

let connections = 0
const listeners = new Set<() => void>()
const listen = (listener: () => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** How often events have been subscribed to: what was missed before is to be fetched at each. */
export function useConnections(): number {
  return useSyncExternalStore(listen, () => connections)
}

export const subscribe: SubscribeFunction = ({ name, text }, variables) =>
  Observable.create((sink) =>
    follow(session, { operationName: name, query: text ?? '', variables }, {
      next: ({ data }) => data && sink.next({ data } as Parameters<typeof sink.next>[0]),
      // What it would have brought is there at the next visit.
      error: () => sink.complete(),
      onConnected(isConnected) {
        if (!isConnected) return
        connections++
        for (const listener of listeners) listener()
      },
    }),
  )

/** Keeps what is shown of the readings as it is, while the component is there. */
export function useReadingEvents(): void {
  const environment = useRelayEnvironment()
  useEffect(() => {
    const { dispose } = requestSubscription<eventsSubscription>(environment, {
      subscription: graphql`
        subscription eventsSubscription {
          readingEvents {
            __typename
            ... on ReadingAsked {
              edge {
                node {
                  ...readings_item
                }
              }
            }
            ... on ReadingChanged {
              reading {
                ...readings_item
                ...readingView_reading
              }
            }
            ... on ReadingDeleted {
              deletedReadingId
            }
          }
        }
      `,
      variables: {},
      updater: update,
    })
    return dispose
  }, [environment])
}

function update(store: RecordSourceProxy): void {
  const event = (store as { getRootField?: (name: string) => unknown }).getRootField?.('readingEvents') as
    | ReturnType<RecordSourceProxy['get']>
    | undefined
  const deleted = event?.getValue('deletedReadingId')
  if (typeof deleted === 'string') store.delete(deleted)
  const reading = event?.getLinkedRecord('edge')?.getLinkedRecord('node')
  if (!reading) return
  // The list of all, and that of its advisor, where they are shown.
  for (const advisor of [null, ...ADVISORS]) {
    if (advisor && advisor !== reading.getValue('advisor')) continue
    const filter = advisor && { advisor }
    const list = ConnectionHandler.getConnection(store.getRoot(), 'readings_readings', { filter })
    const isListed = list?.getLinkedRecords('edges')?.some((edge) => edge?.getLinkedRecord('node')?.getDataID() === reading.getDataID())
    if (!list || isListed) continue
    ConnectionHandler.insertEdgeBefore(list, ConnectionHandler.createEdge(store, list, reading, 'ReadingEdge'))
  }
}

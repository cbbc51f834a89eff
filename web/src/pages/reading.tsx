import { useEffect } from 'react'
import { graphql, useLazyLoadQuery, useRelayEnvironment } from 'react-relay'
import { fetchQuery } from 'relay-runtime'
import type { readingQuery } from '../__generated__/readingQuery.graphql'
import { useConnections } from '../events'
import NotFound from './not-found'
import { FRESH } from '../relay'
import { ReadingView } from '../parts/reading-view'
import { Thread } from '../parts/thread'

export const query = graphql`
  query readingQuery($id: ID!) {
    reading(id: $id) {
      ...readingView_reading
      ...thread_reading
    }
  }
`

export default function ReadingPage({ id }: { id: string }) {
  const environment = useRelayEnvironment()
  const connections = useConnections()
  const { reading } = useLazyLoadQuery<readingQuery>(query, { id }, { fetchPolicy: 'store-or-network' })
  // What happened before its events were listened to. Where that cannot be had, what is shown is newer than what is kept.
  useEffect(() => {
    const refresh = fetchQuery<readingQuery>(environment, query, { id }, { networkCacheConfig: FRESH })
    return refresh.subscribe({ error() {} }).unsubscribe
  }, [environment, id, connections])
  // Deleted meanwhile, perhaps on another device.
  if (!reading) return <NotFound />
  return (
    <ReadingView of={reading} query={query}>
      <Thread of={reading} />
    </ReadingView>
  )
}

import { useEffect, useState } from 'react'
import { graphql, useRelayEnvironment } from 'react-relay'
import { fetchQuery } from 'relay-runtime'
import type { serviceQuery, serviceQuery$data } from '../__generated__/serviceQuery.graphql'

/** The offers of this service; null while they are unknown. */
export function useService(): serviceQuery$data['service'] | null {
  const environment = useRelayEnvironment()
  const [service, setService] = useState<serviceQuery$data['service'] | null>(null)
  useEffect(() => {
    const query = graphql`
      query serviceQuery {
        service {
          guests
          mail
        }
      }
    `
    const asking = fetchQuery<serviceQuery>(environment, query, {}).subscribe({
      next: ({ service }) => setService(service),
      // Without an answer nothing is offered.
      error: () => {},
    })
    return () => asking.unsubscribe()
  }, [environment])
  return service
}

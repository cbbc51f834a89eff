import { useEffect, useRef, useState } from 'react'
import { useRelayEnvironment } from 'react-relay'
import { commitLocalUpdate, fetchQuery, type GraphQLTaggedNode } from 'relay-runtime'
import { follow, isOpen, type Answer, type Part } from '../../client/follow'
import { ApiError } from '../fetch'
import { FRESH } from '../relay'
import { session } from '../session'

interface Live {
  /** The answer as it arrives; null before it is followed. */
  answer: Answer | null
  /** What to show: never less than what is stored. */
  text: string
  error: unknown
}

/** The answer of a reading: what is stored, and while it is being written what arrives of it. */
export function useAnswer(id: string, status: string, stored: Part, query: GraphQLTaggedNode): Live {
  const environment = useRelayEnvironment()
  const [answer, setAnswer] = useState<Answer | null>(null)
  const [error, setError] = useState<unknown>(null)
  const isWriting = isOpen(status)
  const latest = useRef(stored)
  latest.current = stored

  useEffect(() => {
    if (!isWriting) return
    setAnswer(null)
    setError(null)
    return follow(
      session,
      id,
      (next) => {
        setAnswer(next)
        if (isOpen(next.status)) return
        // The end as it is stored: its text, sources and cost. Without a network, what arrived.
        fetchQuery(environment, query, { id }, { networkCacheConfig: FRESH }).subscribe({
          error: () =>
            commitLocalUpdate(environment, (store) => {
              store.get(id)?.setValue(next.text, 'response').setValue(next.status, 'status')
            }),
        })
      },
      (errors) => setError(new ApiError(errors)),
      latest.current,
    )
  }, [id, isWriting, stored.generation, environment, query])

  return { answer, text: isWriting && answer ? answer.text : stored.text, error }
}

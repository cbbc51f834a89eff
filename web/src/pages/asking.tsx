import { useEffect, useRef, useState } from 'react'
import { graphql } from 'react-relay'
import type { askingMutation } from '../__generated__/askingMutation.graphql'
import { Unreachable } from '../../client/session'
import { useMutate } from '../mutate'
import { writeDraft, type Pending } from '../pending'
import { WithRelay } from '../relay'
import { navigate } from '../router'

const LONGEST_WAIT = 10_000

interface AskingProps {
  pending: Pending
  /** The service cannot be reached; it is tried again. */
  onWait: () => void
  /** The question is no longer pending: the service has it, or has refused it. */
  onEnd: (error?: unknown) => void
}

/** Sends a pending question until the service has it, and goes to its reading. */
export default function Asking(props: AskingProps) {
  return (
    <WithRelay>
      <Sending {...props} />
    </WithRelay>
  )
}

function Sending({ pending, onWait, onEnd }: AskingProps) {
  const [attempt, setAttempt] = useState(0)
  const report = useRef({ onWait, onEnd })
  report.current = { onWait, onEnd }
  const [ask] = useMutate<askingMutation>(graphql`
    mutation askingMutation($input: AskAdvisorInput!) {
      askAdvisor(input: $input) {
        reading {
          id
          ...readingView_reading
        }
        user {
          id
          usage {
            readingsToday
          }
        }
      }
    }
  `)

  useEffect(() => {
    const stop = new AbortController()
    const { advisor, question, inReplyTo, key } = pending
    const send = async () => {
      try {
        const input = { advisor, question, inReplyTo: inReplyTo?.id ?? null, idempotencyKey: key, wait: false }
        const { askAdvisor } = await ask({ input })
        if (stop.signal.aborted || !askAdvisor) return
        report.current.onEnd()
        writeDraft({ advisor, question: '' })
        navigate(`/readings/${askAdvisor.reading.id}`)
      } catch (failed) {
        if (stop.signal.aborted) return
        // Whether it was stored is not known: the same key asks once.
        if (!(failed instanceof Unreachable)) return report.current.onEnd(failed)
        report.current.onWait()
        setAttempt((n) => n + 1)
      }
    }
    const timer = setTimeout(() => void send(), attempt && Math.min(500 * 2 ** attempt, LONGEST_WAIT))
    addEventListener('online', () => setAttempt((n) => n + 1), { signal: stop.signal })
    return () => {
      stop.abort()
      clearTimeout(timer)
    }
  }, [pending, attempt, ask])

  return null
}

import { useEffect, useRef, useState } from 'react'
import { graphql } from 'react-relay'
import type { readingActionsAgainMutation } from '../__generated__/readingActionsAgainMutation.graphql'
import type { readingActionsDeleteMutation } from '../__generated__/readingActionsDeleteMutation.graphql'
import type { readingActionsStopMutation } from '../__generated__/readingActionsStopMutation.graphql'
import { isOpen } from '../../client/follow'
import { newKey, Unreachable } from '../../client/session'
import type { Advisor } from '../advisors'
import { describe } from '../errors'
import { useLanguage } from '../i18n'
import { useMutate } from '../mutate'
import { writeDraft } from '../pending'
import { navigate } from '../router'
import { Confirm } from './confirm'

interface ActionsProps {
  id: string
  status: string
  /** Of a reading that can be asked again, and asked further from. */
  further: { advisor: Advisor; question: string } | null
}

export function Actions({ id, status, further }: ActionsProps) {
  const language = useLanguage()
  const [error, setError] = useState<unknown>(null)
  const [isDeleting, setDeleting] = useState(false)
  // The same until the service has answered: a repeated press asks once.
  const key = useRef(newKey())
  const [stop, isStopping] = useMutate<readingActionsStopMutation>(graphql`
    mutation readingActionsStopMutation($input: CancelReadingInput!) {
      cancelReading(input: $input) {
        reading {
          ...readingView_reading
        }
      }
    }
  `)
  const [again, isAsking] = useMutate<readingActionsAgainMutation>(graphql`
    mutation readingActionsAgainMutation($input: RegenerateReadingInput!) {
      regenerateReading(input: $input) {
        reading {
          ...readingView_reading
        }
      }
    }
  `)
  const [remove] = useMutate<readingActionsDeleteMutation>(graphql`
    mutation readingActionsDeleteMutation($input: DeleteReadingInput!) {
      deleteReading(input: $input) {
        deletedReadingId
      }
    }
  `)
  const attempt = (action: Promise<unknown>) => {
    setError(null)
    isPressed.current = true
    return action.then(
      () => void (key.current = newKey()),
      (failed: unknown) => {
        if (!(failed instanceof Unreachable)) key.current = newKey()
        isPressed.current = false
        setError(failed)
      },
    )
  }
  const askFurther = ({ advisor, question }: { advisor: Advisor; question: string }) => {
    writeDraft({ advisor, question: '', inReplyTo: { id, question } })
    navigate('/')
  }
  const isWriting = isOpen(status)
  // The button that was pressed has given way to another, which has the focus then.
  const buttons = useRef<HTMLDivElement>(null)
  const isPressed = useRef(false)
  useEffect(() => {
    if (isPressed.current) buttons.current?.querySelector('button')?.focus({ preventScroll: true })
    isPressed.current = false
  }, [isWriting])

  return (
    <div className="actions" ref={buttons}>
      {isWriting && (
        <button type="button" disabled={isStopping} onClick={() => void attempt(stop({ input: { id } }))}>
          {language.t('reading.stop')}
        </button>
      )}
      {!isWriting && further && (
        <>
          <button type="button" onClick={() => askFurther(further)}>
            {language.t('reading.further')}
          </button>
          <button
            type="button"
            disabled={isAsking}
            onClick={() => void attempt(again({ input: { id, wait: false, idempotencyKey: key.current } }))}
          >
            {language.t('reading.again')}
          </button>
        </>
      )}
      <button type="button" className="quiet" onClick={() => setDeleting(true)}>
        {language.t('delete')}
      </button>
      <div role="alert">{error !== null && <p className="error">{describe(error, language)}</p>}</div>
      {isDeleting && (
        <Confirm
          title={language.t('reading.delete.title')}
          text={language.t('reading.delete.text')}
          action={language.t('delete')}
          onClose={() => setDeleting(false)}
          onConfirm={async () => {
            await remove({ input: { id } })
            navigate('/readings', 'replace')
          }}
        />
      )}
    </div>
  )
}

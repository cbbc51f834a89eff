import { useId, useRef, useState, type FormEvent } from 'react'
import { graphql, useFragment } from 'react-relay'
import type { keep_reading$key } from '../__generated__/keep_reading.graphql'
import type { keepMutation, Rating, UpdateReadingInput } from '../__generated__/keepMutation.graphql'
import { isOpen } from '../../client/follow'
import { describe, fieldErrors } from '../errors'
import { useLanguage } from '../i18n'
import { useMutate } from '../mutate'
import { Star } from './signs'

/** What its owner makes of a reading: a favourite, a judgement of the answer, a note. */
export function Keep({ of }: { of: keep_reading$key }) {
  const language = useLanguage()
  const [error, setError] = useState<unknown>(null)
  const reading = useFragment(
    graphql`
      fragment keep_reading on Reading {
        id
        status
        isFavourite
        note
        rating
      }
    `,
    of,
  )
  const [update] = useMutate<keepMutation>(graphql`
    mutation keepMutation($input: UpdateReadingInput!) @raw_response_type {
      updateReading(input: $input) {
        reading {
          ...keep_reading
        }
      }
    }
  `)
  const { id, status, isFavourite, note, rating } = reading
  const change = async (input: Omit<UpdateReadingInput, 'id'>) => {
    setError(null)
    // Shown at once, and taken back if the service refuses.
    const after = {
      isFavourite: input.isFavourite ?? isFavourite,
      note: input.note === undefined ? note : input.note,
      rating: input.rating === undefined ? rating : input.rating,
    }
    const optimisticResponse = { updateReading: { reading: { id, status, ...after } } }
    try {
      await update({ input: { id, ...input } }, { optimisticResponse })
    } catch (failed) {
      setError(failed)
      throw failed
    }
  }
  const toggle = (input: Omit<UpdateReadingInput, 'id'>) => void change(input).catch(() => {})
  const fields = fieldErrors(error, language)
  return (
    <section className="keep" aria-label={language.t('keep.title')}>
      <div className="actions">
        <button type="button" aria-pressed={isFavourite} onClick={() => toggle({ isFavourite: !isFavourite })}>
          <Star /> {language.t('keep.favourite')}
        </button>
        {!isOpen(status) && (
          <Helped value={rating ?? null} onChange={(rating) => toggle({ rating })} />
        )}
      </div>
      {rating === 'NOT_HELPFUL' && <Reason key={id} onSend={(ratingReason) => change({ rating, ratingReason })} />}
      <Note key={id} value={note ?? ''} error={fields.note} onSave={(note) => change({ note: note || null })} />
      <div role="alert">
        {error !== null && !fields.note && <p className="error">{describe(error, language)}</p>}
      </div>
    </section>
  )
}

function Helped({ value, onChange }: { value: Rating | null; onChange: (rating: Rating | null) => void }) {
  const language = useLanguage()
  const id = useId()
  return (
    <div className="helped" role="group" aria-labelledby={id}>
      <span id={id}>{language.t('keep.helped')}</span>
      {(['HELPFUL', 'NOT_HELPFUL'] as const).map((rating) => (
        <button
          key={rating}
          type="button"
          aria-pressed={value === rating}
          onClick={() => onChange(value === rating ? null : rating)}
        >
          {language.t(`keep.${rating}`)}
        </button>
      ))}
    </div>
  )
}

/** Why an answer did not help, for those who run the service. */
function Reason({ onSend }: { onSend: (reason: string) => Promise<void> }) {
  const language = useLanguage()
  const id = useId()
  const [isSent, setSent] = useState(false)
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const reason = String(new FormData(event.currentTarget).get('reason')).trim()
    if (reason) void onSend(reason).then(() => setSent(true), () => {})
  }
  if (isSent) return <p role="status">{language.t('keep.reason.done')}</p>
  return (
    <form className="reason" onSubmit={submit}>
      <label htmlFor={id}>{language.t('keep.reason')}</label>
      <span>
        <input id={id} name="reason" maxLength={500} />
        <button type="submit">{language.t('send')}</button>
      </span>
    </form>
  )
}

interface NoteProps {
  value: string
  error: string | undefined
  onSave: (note: string) => Promise<void>
}

function Note({ value, error, onSave }: NoteProps) {
  const language = useLanguage()
  const id = useId()
  const [isOpen, setOpen] = useState(false)
  // The button that the form gives way to has the focus then.
  const wasOpen = useRef(false)
  const open = () => setOpen((wasOpen.current = true))
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const note = String(new FormData(event.currentTarget).get('note')).trim()
    void onSave(note).then(() => setOpen(false), () => {})
  }
  if (!isOpen) {
    return (
      <div className="note">
        {value && <p dir="auto">{value}</p>}
        <button type="button" className="quiet" autoFocus={wasOpen.current} onClick={open}>
          {language.t(value ? 'keep.note.change' : 'keep.note.add')}
        </button>
      </div>
    )
  }
  return (
    <form className="field note" onSubmit={submit}>
      <label htmlFor={id}>{language.t('keep.note')}</label>
      <textarea
        id={id}
        name="note"
        rows={3}
        defaultValue={value}
        autoFocus
        aria-describedby={error ? `${id}-error` : undefined}
        aria-invalid={error ? true : undefined}
      />
      {error && (
        <p className="error" id={`${id}-error`}>
          {error}
        </p>
      )}
      <div className="actions">
        <button type="submit">{language.t('account.profile.save')}</button>
        <button type="button" className="quiet" onClick={() => setOpen(false)}>
          {language.t('cancel')}
        </button>
      </div>
    </form>
  )
}

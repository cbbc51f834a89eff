import { lazy, Suspense, use, useEffect, useId, useRef, useState, type FormEvent, type KeyboardEvent } from 'react'
import { graphql } from 'react-relay'
import type { ConcreteRequest } from 'relay-runtime'
import type { askAdvisorsQuery$data } from '../__generated__/askAdvisorsQuery.graphql'
import { ADVISORS, inLanguage, NAMES, type Advisor, type Words } from '../advisors'
import { fieldErrors, describe } from '../errors'
import { useErrorFocus } from '../focus'
import { useLanguage } from '../i18n'
import { Sign } from '../parts/signs'
import { pendingOf, readDraft, readPending, writeDraft, writePending, type Draft, type Pending } from '../pending'
import { navigate } from '../router'
import { useSession } from '../session'
import { useTitle } from '../title'
import { run } from '../fetch'

const LONGEST = 500

const loadAsking = () => import('./asking')
const Asking = lazy(loadAsking)

export function Ask() {
  const language = useLanguage()
  const isSignedIn = useSession() !== null
  const [draft, setDraft] = useState(readDraft)
  const [pending, setPending] = useState(readPending)
  const last = useRef<Pending | null>(pending)
  const [error, setError] = useState<unknown>(null)
  const [isWaiting, setWaiting] = useState(false)
  const form = useErrorFocus(error)
  useTitle(language.t('ask.title'))

  const change = (next: Partial<Draft>) => {
    const changed = { ...draft, ...next }
    setDraft(changed)
    writeDraft(changed)
  }
  const end = (failed: unknown = null) => {
    writePending(null)
    setPending(null)
    setWaiting(false)
    setError(failed)
  }
  const ask = (event: FormEvent) => {
    event.preventDefault()
    const next = pendingOf({ ...draft, question: draft.question.trim() }, last.current)
    if (!next.question) return document.getElementById('question')?.focus()
    last.current = next
    writePending(next)
    setPending(next)
    setError(null)
    if (!isSignedIn) navigate('/register')
  }
  // On its way while signed in; without an account it waits for one.
  const isBusy = pending !== null && isSignedIn

  return (
    <form ref={form} className="page ask" onSubmit={ask} data-advisor={draft.advisor} noValidate onFocus={() => void loadAsking()}>
      <h1>{language.t('ask.title')}</h1>
      <Advisors value={draft.advisor} onChange={(advisor) => change({ advisor })} disabled={isBusy} />
      <div className="words">
        <Suspense>
          <Greeting advisor={draft.advisor} />
        </Suspense>
      </div>
      <div className="compose">
      {draft.inReplyTo && (
        <div className="notice further">
          <p>
            {language.t('ask.inReplyTo')} <q>{draft.inReplyTo.question}</q>
          </p>
          <button type="button" className="quiet" disabled={isBusy} onClick={() => change({ inReplyTo: null })}>
            {language.t('ask.alone')}
          </button>
        </div>
      )}
      <Question
        value={draft.question}
        onChange={(question) => change({ question })}
        error={fieldErrors(error, language).question}
        disabled={isBusy}
        advisor={draft.advisor}
      />
      <div className="actions">
        <button type="submit" className="primary" disabled={isBusy}>
          {language.t('ask.send', { name: NAMES[draft.advisor] })}
        </button>
        {isBusy && (
          <button type="button" onClick={() => end()}>
            {language.t('cancel')}
          </button>
        )}
      </div>
      {isBusy && (
        <Suspense>
          <Asking pending={pending} onWait={() => setWaiting(true)} onEnd={end} />
        </Suspense>
      )}
      <div role="status">{isBusy && <p>{language.t(isWaiting ? 'ask.waiting' : 'ask.sending')}</p>}</div>
      <div role="alert">
        {error !== null && !fieldErrors(error, language).question && <p className="error">{describe(error, language)}</p>}
      </div>
      </div>
      <Suspense>
        <Suggestions advisor={draft.advisor} onPick={(question) => change({ question })} disabled={isBusy} />
      </Suspense>
    </form>
  )
}

interface AdvisorsProps {
  value: Advisor
  onChange: (advisor: Advisor) => void
  disabled: boolean
}

function Advisors({ value, onChange, disabled }: AdvisorsProps) {
  const language = useLanguage()
  return (
    <fieldset className="advisors" disabled={disabled}>
      <legend>{language.t('ask.advisor')}</legend>
      {ADVISORS.map((advisor) => (
        <label key={advisor} data-advisor={advisor}>
          <input type="radio" name="advisor" value={advisor} checked={advisor === value} onChange={() => onChange(advisor)} />
          <Sign of={advisor} />
          <span className="name">{NAMES[advisor]}</span>
          <span className="domains">{language.t(`advisor.${advisor}.domains`)}</span>
        </label>
      ))}
    </fieldset>
  )
}

const QUERY = graphql`
  query askAdvisorsQuery {
    advisors {
      advisor
      title
      greeting
      suggestions
    }
  }
`

let advisors: Promise<askAdvisorsQuery$data> | null = null

/** Asked for once, and again after a failure. */
function loadAdvisors(): Promise<askAdvisorsQuery$data> {
  const { name, text } = (QUERY as ConcreteRequest).params
  advisors ??= run<askAdvisorsQuery$data>({ query: text ?? '', operationName: name }, true)
  advisors.catch(() => (advisors = null))
  return advisors
}

/** An advisor's words; null for one that the service does not have. */
function useWords(advisor: Advisor): Words | null {
  const language = useLanguage()
  const found = use(loadAdvisors()).advisors.find((one) => one.advisor === advisor)
  return found ? inLanguage(advisor, found, language) : null
}

function Greeting({ advisor }: { advisor: Advisor }) {
  const words = useWords(advisor)
  return (
    words && (
      <>
        <p className="title">{words.title}</p>
        <blockquote>{words.greeting}</blockquote>
      </>
    )
  )
}

interface SuggestionsProps {
  advisor: Advisor
  onPick: (question: string) => void
  disabled: boolean
}

/** Questions to begin with. */
function Suggestions({ advisor, onPick, disabled }: SuggestionsProps) {
  const language = useLanguage()
  const words = useWords(advisor)
  return (
    words && (
      <div className="suggestions">
        <h2 id="suggestions">{language.t('ask.suggestions')}</h2>
        <ul aria-labelledby="suggestions">
          {words.suggestions.map((text) => (
            <li key={text}>
              <button type="button" className="suggestion" disabled={disabled} onClick={() => onPick(text)}>
                {text}
              </button>
            </li>
          ))}
        </ul>
      </div>
    )
  )
}

interface QuestionProps {
  value: string
  onChange: (question: string) => void
  error: string | undefined
  disabled: boolean
  advisor: Advisor
}

function Question({ value, onChange, error, disabled, advisor }: QuestionProps) {
  const language = useLanguage()
  const id = useId()
  const area = useRef<HTMLTextAreaElement>(null)
  const count = Array.from(value.trim()).length
  // A suggestion that was picked is there to be changed.
  useEffect(() => {
    if (value && document.activeElement?.classList.contains('suggestion')) area.current?.focus()
  }, [value])
  const send = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) area.current?.form?.requestSubmit()
  }
  return (
    <div className="field question">
      <label htmlFor="question">{language.t('ask.question', { name: NAMES[advisor] })}</label>
      <textarea
        id="question"
        ref={area}
        rows={4}
        value={value}
        disabled={disabled}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={send}
        aria-describedby={`${id}-count${error ? ` ${id}-error` : ''}`}
        aria-invalid={error ? true : undefined}
      />
      {error && (
        <p className="error" id={`${id}-error`} role="alert">
          {error}
        </p>
      )}
      <p className={count > LONGEST ? 'count over' : 'count'} id={`${id}-count`}>
        {language.t('ask.count', { n: count, most: LONGEST })}
      </p>
    </div>
  )
}

import { useEffect, useRef, useState } from 'react'
import type { ReadingFilter, ReadingStatus } from '../__generated__/readingsQuery.graphql'
import { ADVISORS, NAMES, type Advisor } from '../advisors'
import { useLanguage } from '../i18n'

export interface Filters {
  advisor: Advisor | null
  search: string
  isFavourite: boolean
  state: State | null
  /** Days such as `2026-11-29`, in the reader's time zone. */
  from: string
  to: string
}

export const ALL: Filters = { advisor: null, search: '', isFavourite: false, state: null, from: '', to: '' }

const STATES = {
  WRITING: ['PENDING', 'WRITING'],
  COMPLETED: ['COMPLETED'],
  CANCELLED: ['CANCELLED'],
  FAILED: ['FAILED'],
} satisfies Record<string, ReadingStatus[]>

type State = keyof typeof STATES
const states = Object.keys(STATES) as State[]

/** How long after the last key a text is searched for. */
const PAUSE = 300

/** For the API; null for all readings. */
export function filterOf({ advisor, search, isFavourite, state, from, to }: Filters): ReadingFilter | null {
  const day = (text: string, days: number) => {
    const [year = 0, month = 1, date = 1] = text.split('-').map(Number)
    return new Date(year, month - 1, date + days).toISOString()
  }
  const filter = {
    ...(advisor && { advisor }),
    ...(search.trim() && { search: search.trim() }),
    ...(isFavourite && { isFavourite }),
    ...(state && { statuses: STATES[state] }),
    ...(from && { createdAfter: day(from, 0) }),
    ...(to && { createdBefore: day(to, 1) }),
  }
  return Object.keys(filter).length > 0 ? filter : null
}

export function FilterForm({ value, onChange }: { value: Filters; onChange: (change: Partial<Filters>) => void }) {
  const language = useLanguage()
  return (
    <form className="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <Search onChange={(search) => onChange({ search })} />
      <fieldset className="filter">
        <legend>{language.t('readings.filter')}</legend>
        {[null, ...ADVISORS].map((one) => (
          <label key={one} data-advisor={one}>
            <input type="radio" name="filter" defaultChecked={one === null} onChange={() => onChange({ advisor: one })} />
            <span>{one ? NAMES[one] : language.t('readings.all')}</span>
          </label>
        ))}
      </fieldset>
      <details>
        <summary>{language.t('filters.more')}</summary>
        <div className="more">
          <label className="check">
            <input type="checkbox" checked={value.isFavourite} onChange={(event) => onChange({ isFavourite: event.target.checked })} />
            <span>{language.t('filters.favourites')}</span>
          </label>
          <label className="field">
            <span>{language.t('filters.state')}</span>
            <select value={value.state ?? ''} onChange={(event) => onChange({ state: (event.target.value || null) as State | null })}>
              <option value="">{language.t('readings.all')}</option>
              {states.map((state) => (
                <option key={state} value={state}>
                  {language.t(`status.${state}`)}
                </option>
              ))}
            </select>
          </label>
          {(['from', 'to'] as const).map((end) => (
            <label key={end} className="field">
              <span>{language.t(`filters.${end}`)}</span>
              <input type="date" value={value[end]} onChange={(event) => onChange({ [end]: event.target.value })} />
            </label>
          ))}
        </div>
      </details>
    </form>
  )
}

function Search({ onChange }: { onChange: (search: string) => void }) {
  const language = useLanguage()
  const [text, setText] = useState('')
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  const type = (typed: string) => {
    setText(typed)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => onChange(typed), PAUSE)
  }
  return (
    <label className="field">
      <span>{language.t('filters.search')}</span>
      <input type="search" maxLength={200} value={text} onChange={(event) => type(event.target.value)} enterKeyHint="search" />
    </label>
  )
}

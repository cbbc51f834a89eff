import { Suspense, useDeferredValue, useEffect, useRef, useState } from 'react'
import { graphql, useFragment, useLazyLoadQuery, usePaginationFragment } from 'react-relay'
import type { readings_item$key } from '../__generated__/readings_item.graphql'
import type { readings_query$key } from '../__generated__/readings_query.graphql'
import type { readingsPageQuery } from '../__generated__/readingsPageQuery.graphql'
import type { readingsQuery } from '../__generated__/readingsQuery.graphql'
import { isAdvisor, NAMES } from '../advisors'
import { describe } from '../errors'
import { useConnections } from '../events'
import { useLanguage } from '../i18n'
import { ALL, FilterForm, filterOf, type Filters } from '../parts/filters'
import { Sign, Star } from '../parts/signs'
import { Link } from '../router'
import { useTitle } from '../title'

export default function Readings() {
  const language = useLanguage()
  const [filters, setFilters] = useState(ALL)
  const shown = useDeferredValue(filters)
  useTitle(language.t('readings.title'))
  return (
    <div className="page readings" aria-busy={shown !== filters}>
      <h1>{language.t('readings.title')}</h1>
      <FilterForm value={filters} onChange={(change) => setFilters((before) => ({ ...before, ...change }))} />
      <Suspense fallback={<p className="waiting" aria-hidden="true" />}>
        <Filtered by={shown} />
      </Suspense>
    </div>
  )
}

function Filtered({ by }: { by: Filters }) {
  const data = useLazyLoadQuery<readingsQuery>(
    graphql`
      query readingsQuery($filter: ReadingFilter) {
        ...readings_query @arguments(filter: $filter)
      }
    `,
    { filter: filterOf(by) },
    { fetchPolicy: 'store-and-network', fetchKey: useConnections() },
  )
  return <List of={data} isFiltered={filterOf(by) !== null} />
}

function List({ of, isFiltered }: { of: readings_query$key; isFiltered: boolean }) {
  const language = useLanguage()
  const [error, setError] = useState<unknown>(null)
  const { data, hasNext, isLoadingNext, loadNext } = usePaginationFragment<readingsPageQuery, readings_query$key>(
    graphql`
      fragment readings_query on Query
      @refetchable(queryName: "readingsPageQuery")
      @argumentDefinitions(
        count: { type: "Int", defaultValue: 20 }
        cursor: { type: "String" }
        filter: { type: "ReadingFilter" }
      ) {
        readings(first: $count, after: $cursor, filter: $filter) @connection(key: "readings_readings") {
          edges {
            node {
              id
              ...readings_item
            }
          }
        }
      }
    `,
    of,
  )
  const more = () => {
    if (!hasNext || isLoadingNext) return
    setError(null)
    loadNext(20, { onComplete: (failed) => setError(failed) })
  }
  const end = useSeen(error === null ? more : null)
  const readings = data.readings?.edges.map(({ node }) => node).filter((node) => node !== null) ?? []

  if (readings.length === 0) {
    return (
      <div className="empty">
        <p>{language.t(isFiltered ? 'readings.none' : 'readings.empty')}</p>
        <Link to="/" className="button primary">
          {language.t('nav.ask')}
        </Link>
      </div>
    )
  }
  return (
    <>
      <ol className="list">
        {readings.map((node) => (
          <Item key={node.id} of={node} />
        ))}
      </ol>
      <div role="alert">{error !== null && <p className="error">{describe(error, language)}</p>}</div>
      {hasNext && (
        <p className="actions" ref={end}>
          <button type="button" onClick={more} disabled={isLoadingNext}>
            {language.t(isLoadingNext ? 'loading' : 'readings.more')}
          </button>
        </p>
      )}
    </>
  )
}

function Item({ of }: { of: readings_item$key }) {
  const language = useLanguage()
  const reading = useFragment(
    graphql`
      fragment readings_item on Reading {
        id
        advisor
        question
        excerpt(length: 160)
        status
        care
        isFavourite
        createdAt
      }
    `,
    of,
  )
  const advisor = isAdvisor(reading.advisor) ? reading.advisor : 'LEGBA'
  return (
    <li data-advisor={advisor}>
      <Link to={`/readings/${reading.id}`}>
        <Sign of={advisor} />
        <span className="text">
          <span className="asked">
            {NAMES[advisor]}
            <time dateTime={reading.createdAt}>{language.ago(reading.createdAt)}</time>
            {reading.isFavourite && (
              <span className="state">
                <Star title={language.t('keep.favourite')} />
              </span>
            )}
            {reading.status !== 'COMPLETED' && <span className="state">{language.find(`status.${reading.status}`)}</span>}
          </span>
          <span className="what" dir="auto">{reading.question}</span>
          {reading.care !== 'CRISIS' && reading.excerpt && <span className="excerpt">{reading.excerpt}</span>}
        </span>
      </Link>
    </li>
  )
}

/** Calls `onSeen` when the element comes near the window. */
function useSeen(onSeen: (() => void) | null) {
  const element = useRef<HTMLParagraphElement>(null)
  useEffect(() => {
    if (!element.current || !onSeen) return
    const observer = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && onSeen(), {
      rootMargin: '600px',
    })
    observer.observe(element.current)
    return () => observer.disconnect()
  })
  return element
}

import { useState } from 'react'
import { graphql, usePaginationFragment } from 'react-relay'
import type { activity_user$key } from '../__generated__/activity_user.graphql'
import type { activityPageQuery } from '../__generated__/activityPageQuery.graphql'
import { describe } from '../errors'
import { useLanguage } from '../i18n'

/** What happened to an account, newest first. */
export function Activity({ of }: { of: activity_user$key }) {
  const language = useLanguage()
  const [error, setError] = useState<unknown>(null)
  const { data, hasNext, isLoadingNext, loadNext } = usePaginationFragment<activityPageQuery, activity_user$key>(
    graphql`
      fragment activity_user on User
      @refetchable(queryName: "activityPageQuery")
      @argumentDefinitions(count: { type: "Int", defaultValue: 5 }, cursor: { type: "String" }) {
        events(first: $count, after: $cursor) @connection(key: "activity_events") {
          edges {
            node {
              id
              kind
              createdAt
              userAgent
            }
          }
        }
      }
    `,
    of,
  )
  const more = () => {
    setError(null)
    loadNext(20, { onComplete: (failed) => setError(failed) })
  }
  return (
    <section aria-labelledby="activity">
      <h2 id="activity">{language.t('activity.title')}</h2>
      <ul className="rows">
        {data.events.edges.map(({ node: { id, kind, createdAt, userAgent } }) => (
          <li key={id}>
            <span>
              <strong>{language.find(`activity.${kind}`) ?? kind}</strong>
              <small title={userAgent ?? undefined}>
                <time dateTime={createdAt}>{language.ago(createdAt)}</time>
              </small>
            </span>
          </li>
        ))}
      </ul>
      <div role="alert">{error !== null && <p className="error">{describe(error, language)}</p>}</div>
      {hasNext && (
        <div className="actions">
          <button type="button" disabled={isLoadingNext} onClick={more}>
            {language.t(isLoadingNext ? 'loading' : 'readings.more')}
          </button>
        </div>
      )}
    </section>
  )
}

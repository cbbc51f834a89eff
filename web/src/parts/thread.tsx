import { graphql, useFragment } from 'react-relay'
import type { thread_reading$key } from '../__generated__/thread_reading.graphql'
import { isAdvisor, NAMES } from '../advisors'
import { useLanguage } from '../i18n'
import { Link } from '../router'

/** The questions that go on from a reading. */
export function Thread({ of }: { of: thread_reading$key }) {
  const language = useLanguage()
  const { replies } = useFragment(
    graphql`
      fragment thread_reading on Reading {
        replies(first: 20) {
          nodes {
            id
            advisor
            question
            createdAt
          }
        }
      }
    `,
    of,
  )
  if (replies.nodes.length === 0) return null
  return (
    <section className="thread" aria-labelledby="thread">
      <h2 id="thread">{language.t('reading.replies')}</h2>
      <ol>
        {replies.nodes.map(({ id, advisor, question, createdAt }) => (
          <li key={id} data-advisor={advisor}>
            <Link to={`/readings/${id}`}>{question}</Link>
            <small>
              {isAdvisor(advisor) && NAMES[advisor]} <time dateTime={createdAt}>{language.ago(createdAt)}</time>
            </small>
          </li>
        ))}
      </ol>
    </section>
  )
}

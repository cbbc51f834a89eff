import { graphql, useFragment } from 'react-relay'
import type { sources_earlier$key } from '../__generated__/sources_earlier.graphql'
import type { readingView_reading$data } from '../__generated__/readingView_reading.graphql'
import { useLanguage } from '../i18n'
import { Outside, Prose } from '../prose'

export function Sources({ of }: { of: readingView_reading$data['sources'] }) {
  const language = useLanguage()
  if (of.length === 0) return null
  return (
    <section className="sources" aria-labelledby="sources">
      <h2 id="sources">{language.t('reading.sources')}</h2>
      <ol>
        {of.map(({ title, excerpt, url }, index) => (
          <li key={index} id={`source-${index + 1}`} tabIndex={-1}>
            <cite>{title}</cite>
            {excerpt && <blockquote>{excerpt}</blockquote>}
            {url && <Outside url={url} />}
          </li>
        ))}
      </ol>
    </section>
  )
}

/** The answers before this one, to the same question. */
export function Earlier({ of }: { of: sources_earlier$key }) {
  const language = useLanguage()
  const { generations } = useFragment(
    graphql`
      fragment sources_earlier on Reading {
        generations {
          status
          response
          createdAt
          sources {
            title
          }
        }
      }
    `,
    of,
  )
  const earlier = generations.slice(1).filter(({ response }) => response)
  if (earlier.length === 0) return null
  return (
    <section className="earlier">
      <h2>{language.t('reading.earlier')}</h2>
      {earlier.map(({ createdAt, response, sources }) => (
        <details key={createdAt}>
          <summary>
            <time dateTime={createdAt}>{language.date(createdAt)}</time>
          </summary>
          <div className="prose">
            <Prose text={response ?? ''} sources={0} />
            <ol>
              {sources.map(({ title }, index) => (
                <li key={index}>
                  <cite>{title}</cite>
                </li>
              ))}
            </ol>
          </div>
        </details>
      ))}
    </section>
  )
}

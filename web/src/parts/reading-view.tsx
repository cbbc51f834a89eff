import type { ReactNode } from 'react'
import { graphql, useFragment } from 'react-relay'
import type { GraphQLTaggedNode } from 'relay-runtime'
import type { readingView_reading$data, readingView_reading$key } from '../__generated__/readingView_reading.graphql'
import { isOpen, type Answer } from '../../client/follow'
import { isAdvisor, NAMES } from '../advisors'
import { describe } from '../errors'
import { useLanguage, type Language } from '../i18n'
import { Prose } from '../prose'
import { Link } from '../router'
import { useTitle } from '../title'
import { Keep } from './keep'
import { Actions } from './reading-actions'
import { Share } from './share'
import { Sign } from './signs'
import { Earlier, Sources } from './sources'
import { useAnswer } from './use-answer'

type Reading = readingView_reading$data

interface ReadingViewProps {
  of: readingView_reading$key
  query: GraphQLTaggedNode
  /** What comes after the answer. */
  children: ReactNode
}

export function ReadingView({ of, query, children }: ReadingViewProps) {
  const language = useLanguage()
  const reading = useFragment(
    graphql`
      fragment readingView_reading on Reading {
        id
        advisor
        question
        status
        response
        sequence
        generation {
          id
        }
        care
        engine
        model
        isCached
        isTruncated
        createdAt
        inReplyTo {
          id
          question
        }
        failure {
          code
        }
        sources {
          title
          excerpt
          url
        }
        ...sources_earlier
        ...keep_reading
        ...share_reading
      }
    `,
    of,
  )
  const { id, response, sequence, generation, status } = reading
  const stored = { generation: generation.id, sequence, text: response ?? '' }
  const { answer, text, error } = useAnswer(id, status, stored, query)
  useTitle(reading.question)
  const advisor = isAdvisor(reading.advisor) ? reading.advisor : 'LEGBA'
  const isWriting = isOpen(reading.status)
  const isCrisis = reading.care === 'CRISIS'

  return (
    <article className={isCrisis ? 'page reading crisis' : 'page reading'} data-advisor={isCrisis ? undefined : advisor}>
      <header>
        {!isCrisis && <Sign of={advisor} />}
        <p className="asked">
          {language.t('reading.asked', { name: NAMES[advisor] })}
          <time dateTime={reading.createdAt} title={language.date(reading.createdAt)}>
            {language.ago(reading.createdAt)}
          </time>
        </p>
        <h1 dir="auto">{reading.question}</h1>
        {reading.inReplyTo && (
          <p className="further">
            {language.t('reading.inReplyTo')}{' '}
            <Link to={`/readings/${reading.inReplyTo.id}`}>{reading.inReplyTo.question}</Link>
          </p>
        )}
      </header>
      {reading.care === 'SOFT' && <p className="care">{language.t('reading.soft')}</p>}
      <div className="answer prose" dir="auto" aria-busy={isWriting}>
        {isCrisis && <h2>{language.t('reading.crisis')}</h2>}
        <Prose
          text={text}
          sources={reading.sources.length}
          hasHelp={isCrisis}
          end={isWriting && <span className="pen" aria-hidden="true" />}
        />
      </div>
      <Progress reading={reading} answer={answer} />
      <div role="alert">{error !== null && <p className="error">{describe(error, language)}</p>}</div>
      <Ending reading={reading} language={language} />
      <Actions id={reading.id} status={reading.status} further={isCrisis ? null : { advisor, question: reading.question }} />
      {!isCrisis && <Keep of={reading} />}
      {!isCrisis && <Share of={reading} />}
      {children}
      {!isCrisis && <Sources of={reading.sources} />}
      {!isCrisis && <Earlier of={reading} />}
    </article>
  )
}

/** How far the answer is: a word at each change, not at each piece. */
function Progress({ reading, answer }: { reading: Reading; answer: Answer | null }) {
  const language = useLanguage()
  const name = isAdvisor(reading.advisor) ? NAMES[reading.advisor] : ''
  const state = () => {
    if (!isOpen(reading.status)) return null
    if (answer && !answer.isConnected) return language.t('reading.reconnecting')
    if (answer?.isThinking) return language.t('reading.thinking', { name })
    return language.t(reading.response || answer?.text ? 'reading.writing' : 'reading.waiting', { name })
  }
  return (
    <div role="status" className="progress">
      {state() && <p>{state()}</p>}
      {/* Read out once, when an answer that was being written here is there. */}
      {answer && !isOpen(reading.status) && <p className="unseen">{language.t('reading.done', { name })}</p>}
    </div>
  )
}

/** How the answer ended, where that is worth a word, and what wrote it. */
function Ending({ reading, language }: { reading: Reading; language: Language }) {
  const { status, engine, failure, isTruncated, isCached, model } = reading
  if (isOpen(status)) return null
  const why = failure && (language.find(`failure.${failure.code}`) ?? language.t('failure.UNKNOWN'))
  const writer = engine === 'MODEL' ? language.t('engine.MODEL', { model: model ?? '' }) : language.find(`engine.${engine}`)
  return (
    <footer>
      {status === 'FAILED' && <p className="error">{why ?? language.t('failure.UNKNOWN')}</p>}
      {status === 'CANCELLED' && <p>{language.t('reading.stopped')}</p>}
      {isTruncated && <p>{language.t('reading.truncated')}</p>}
      <p className="writer">
        {writer} {isCached && language.t('reading.cached')}
      </p>
    </footer>
  )
}

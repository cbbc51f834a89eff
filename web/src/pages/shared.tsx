import { graphql, useLazyLoadQuery } from 'react-relay'
import type { sharedQuery } from '../__generated__/sharedQuery.graphql'
import { isAdvisor, NAMES } from '../advisors'
import { useLanguage } from '../i18n'
import NotFound from './not-found'
import { Sign } from '../parts/signs'
import { Sources } from '../parts/sources'
import { Prose } from '../prose'
import { FRESH } from '../relay'
import { useToken } from '../router'
import { useTitle } from '../title'

/** A reading of somebody's, by its link. */
export default function Shared() {
  const token = useToken()
  const { sharedReading } = useLazyLoadQuery<sharedQuery>(
    graphql`
      query sharedQuery($token: String!) {
        sharedReading(token: $token) {
          advisor
          question
          response
          engine
          createdAt
          sources {
            title
            excerpt
            url
          }
        }
      }
    `,
    { token },
    { fetchPolicy: 'network-only', networkCacheConfig: FRESH },
  )
  return sharedReading ? <View reading={sharedReading} /> : <NotFound />
}

function View({ reading }: { reading: NonNullable<sharedQuery['response']['sharedReading']> }) {
  const language = useLanguage()
  const { question, response, engine, sources, createdAt } = reading
  const advisor = isAdvisor(reading.advisor) ? reading.advisor : 'LEGBA'
  useTitle(question)
  return (
    <article className="page reading" data-advisor={advisor}>
      <header>
        <Sign of={advisor} />
        <p className="asked">
          {language.t('share.asked', { name: NAMES[advisor] })}
          <time dateTime={createdAt} title={language.date(createdAt)}>
            {language.ago(createdAt)}
          </time>
        </p>
        <h1 dir="auto">{question}</h1>
      </header>
      <div className="answer prose" dir="auto">
        <Prose text={response} sources={sources.length} />
      </div>
      <footer>
        <p className="writer">{language.t(engine === 'MODEL' ? 'share.MODEL' : 'engine.EMBEDDED')}</p>
      </footer>
      <Sources of={sources} />
    </article>
  )
}

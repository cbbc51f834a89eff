import { graphql, useFragment } from 'react-relay'
import type { usage_usage$key } from '../__generated__/usage_usage.graphql'
import { useLanguage } from '../i18n'

export function Usage({ of }: { of: usage_usage$key }) {
  const language = useLanguage()
  const usage = useFragment(
    graphql`
      fragment usage_usage on Usage {
        readingsToday
        readingsPerDay
        tokensThisMonth
        costThisMonth
        costPerMonth
        resetsAt
      }
    `,
    of,
  )
  const { readingsToday: today, readingsPerDay: most } = usage
  return (
    <section aria-labelledby="usage">
      <h2 id="usage">{language.t('usage.title')}</h2>
      <dl>
        <div>
          <dt id="usage-today">{language.t('usage.today')}</dt>
          <dd>
            {most > 0 ? language.t('usage.of', { n: today, most }) : language.number(today)}
            {most > 0 && <meter aria-labelledby="usage-today" min={0} max={most} value={today} />}
            {most > 0 && <small>{language.t('usage.resets', { date: language.date(usage.resetsAt) })}</small>}
          </dd>
        </div>
        <div>
          <dt>{language.t('usage.tokens')}</dt>
          <dd>{language.number(usage.tokensThisMonth)}</dd>
        </div>
        <div>
          <dt>{language.t('usage.cost')}</dt>
          <dd>
            {usage.costPerMonth === null || usage.costPerMonth === undefined
              ? language.money(usage.costThisMonth)
              : language.t('usage.of', {
                  n: language.money(usage.costThisMonth),
                  most: language.money(usage.costPerMonth),
                })}
          </dd>
        </div>
      </dl>
    </section>
  )
}

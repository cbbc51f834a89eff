import { useLanguage } from '../i18n'
import { Link } from '../router'
import { useTitle } from '../title'

export default function NotFound() {
  const language = useLanguage()
  useTitle(language.t('notFound.title'))
  return (
    <section className="page narrow">
      <h1>{language.t('notFound.title')}</h1>
      <p>{language.t('notFound.text')}</p>
      <p className="actions">
        <Link to="/">{language.t('nav.ask')}</Link>
      </p>
    </section>
  )
}

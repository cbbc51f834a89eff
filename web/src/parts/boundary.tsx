import { Component, type ReactNode } from 'react'
import { Unreachable } from '../../client/session'
import { describe } from '../errors'
import { useLanguage } from '../i18n'
import { ApiError } from '../fetch'
import { Link } from '../router'

/** What a page shows in its place when it cannot be shown. */
export class Boundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: null }

  static getDerivedStateFromError(error: unknown) {
    return { error }
  }

  #retry = () => {
    const { error } = this.state
    // A file of the client that could not be loaded is not asked for again by the same page.
    if (error instanceof ApiError || error instanceof Unreachable) this.setState({ error: null })
    else location.reload()
  }

  override render() {
    if (this.state.error === null) return this.props.children
    return <Problem error={this.state.error} onRetry={this.#retry} />
  }
}

function Problem({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const language = useLanguage()
  const isAbsent = error instanceof ApiError && ['NOT_FOUND', 'BAD_USER_INPUT'].includes(error.code)
  return (
    <section className="page narrow" role="alert">
      <h1>{language.t(isAbsent ? 'notFound.title' : 'problem.title')}</h1>
      <p>{isAbsent ? language.t('notFound.text') : describe(error, language)}</p>
      <p className="actions">
        {!isAbsent && (
          <button type="button" onClick={onRetry}>
            {language.t('retry')}
          </button>
        )}
        <Link to="/">{language.t('nav.ask')}</Link>
      </p>
    </section>
  )
}

import { useState, type FormEvent } from 'react'
import { graphql } from 'react-relay'
import type { forgotMutation } from '../__generated__/forgotMutation.graphql'
import { describe, fieldErrors } from '../errors'
import { useErrorFocus } from '../focus'
import { useLanguage } from '../i18n'
import { useMutate } from '../mutate'
import { Field } from '../parts/field'
import { useService } from '../parts/service'
import { Link } from '../router'
import { useTitle } from '../title'

/** Asks for a link to a new password, where the service sends mail. The answer is the same for every address. */
export default function Forgot() {
  const language = useLanguage()
  const service = useService()
  const [error, setError] = useState<unknown>(null)
  const [isSent, setSent] = useState(false)
  const form = useErrorFocus(error)
  const [request, isBusy] = useMutate<forgotMutation>(graphql`
    mutation forgotMutation($input: RequestPasswordResetInput!) {
      requestPasswordReset(input: $input) {
        message
      }
    }
  `)
  useTitle(language.t('forgot.title'))
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const email = String(new FormData(event.currentTarget).get('email'))
    setError(null)
    try {
      await request({ input: { email } })
      setSent(true)
    } catch (failed) {
      setError(failed)
    }
  }
  if (service?.mail === false) {
    return (
      <section className="page narrow">
        <h1>{language.t('forgot.title')}</h1>
        <p>{language.t('error.FORBIDDEN.NO_MAIL')}</p>
        <p className="actions">
          <Link to="/sign-in">{language.t('nav.signIn')}</Link>
        </p>
      </section>
    )
  }
  const fields = fieldErrors(error, language)
  return (
    <form ref={form} className="page narrow" onSubmit={(event) => void submit(event)} noValidate>
      <h1>{language.t('forgot.title')}</h1>
      <div role="status">{isSent && <p className="notice">{language.t('forgot.sent')}</p>}</div>
      <Field name="email" label={language.t('field.email')} type="email" autoComplete="username" error={fields.email} />
      <div role="alert">
        {error !== null && !fields.email && <p className="error">{describe(error, language)}</p>}
      </div>
      <div className="actions">
        <button type="submit" className="primary" disabled={isBusy}>
          {language.t('forgot.action')}
        </button>
        <Link to="/sign-in">{language.t('nav.signIn')}</Link>
      </div>
    </form>
  )
}

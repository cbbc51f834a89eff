import { useState, type FormEvent } from 'react'
import { graphql } from 'react-relay'
import type { resetMutation } from '../__generated__/resetMutation.graphql'
import { describe, fieldErrors } from '../errors'
import { useErrorFocus } from '../focus'
import { useLanguage } from '../i18n'
import { useMutate } from '../mutate'
import { Field } from '../parts/field'
import { Link, useToken } from '../router'
import { useTitle } from '../title'

/** A new password, by the link of a message. */
export default function Reset() {
  const language = useLanguage()
  const token = useToken()
  const [error, setError] = useState<unknown>(null)
  const [isDone, setDone] = useState(false)
  const form = useErrorFocus(error)
  const [reset, isBusy] = useMutate<resetMutation>(graphql`
    mutation resetMutation($input: ResetPasswordInput!) {
      resetPassword(input: $input) {
        revokedSessions
      }
    }
  `)
  useTitle(language.t('reset.title'))
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const newPassword = String(new FormData(event.currentTarget).get('newPassword'))
    try {
      await reset({ input: { token, newPassword } })
      setDone(true)
    } catch (failed) {
      setError(failed)
    }
  }
  if (isDone) {
    return (
      <section className="page narrow" role="status">
        <h1>{language.t('reset.title')}</h1>
        <p>{language.t('reset.done')}</p>
        <p className="actions">
          <Link to="/sign-in" className="button primary">
            {language.t('nav.signIn')}
          </Link>
        </p>
      </section>
    )
  }
  const fields = fieldErrors(error, language)
  return (
    <form ref={form} className="page narrow" onSubmit={(event) => void submit(event)} noValidate>
      <h1>{language.t('reset.title')}</h1>
      <Field
        name="newPassword"
        label={language.t('field.newPassword')}
        type="password"
        autoComplete="new-password"
        hint={language.t('field.password.hint')}
        error={fields.newPassword}
      />
      <div role="alert">
        {error !== null && !fields.newPassword && <p className="error">{describe(error, language)}</p>}
      </div>
      <div className="actions">
        <button type="submit" className="primary" disabled={isBusy}>
          {language.t('reset.action')}
        </button>
        {fields.token && <Link to="/forgot">{language.t('forgot.action')}</Link>}
      </div>
    </form>
  )
}

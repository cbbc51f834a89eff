import { useState, type FormEvent } from 'react'
import { graphql } from 'react-relay'
import type { registerMutation } from '../__generated__/registerMutation.graphql'
import { describe, fieldErrors } from '../errors'
import { useErrorFocus } from '../focus'
import { useLanguage } from '../i18n'
import { useMutate } from '../mutate'
import { Field } from '../parts/field'
import { readPending } from '../pending'
import { Link, navigate } from '../router'
import { session } from '../session'
import { useTitle } from '../title'

export default function Register() {
  const language = useLanguage()
  const [error, setError] = useState<unknown>(null)
  const form = useErrorFocus(error)
  const [register, isRegistering] = useMutate<registerMutation>(graphql`
    mutation registerMutation($input: RegisterInput!) {
      register(input: $input) {
        login {
          accessToken
          expiresIn
        }
      }
    }
  `)
  useTitle(language.t('register.title'))

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const filled = new FormData(event.currentTarget)
    const [email, username, password] = ['email', 'username', 'password'].map((name) => String(filled.get(name))) as [string, string, string]
    try {
      const { register: registered } = await register({ input: { email, username, password, signIn: true } })
      if (registered?.login) session.start(registered.login)
      navigate('/', 'replace')
    } catch (failed) {
      setError(failed)
    }
  }
  const fields = fieldErrors(error, language)
  return (
    <form ref={form} className="page narrow" onSubmit={(event) => void submit(event)} noValidate>
      <h1>{language.t('register.title')}</h1>
      {readPending() && <p className="notice">{language.t('register.pending')}</p>}
      <Field name="email" label={language.t('field.email')} type="email" autoComplete="email" error={fields.email} />
      <Field name="username" label={language.t('field.username')} autoComplete="nickname" error={fields.username} />
      <Field
        name="password"
        label={language.t('field.password')}
        type="password"
        autoComplete="new-password"
        hint={language.t('field.password.hint')}
        error={fields.password}
      />
      <div role="alert">
        {error !== null && <p className="error">{Object.keys(fields).length > 0 ? language.t('error.fields') : describe(error, language)}</p>}
      </div>
      <div className="actions">
        <button type="submit" className="primary" disabled={isRegistering}>
          {language.t('register.action')}
        </button>
      </div>
      <p>
        {language.t('register.known')} <Link to="/sign-in">{language.t('nav.signIn')}</Link>
      </p>
    </form>
  )
}

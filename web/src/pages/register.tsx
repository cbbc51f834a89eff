import { useState, type FormEvent } from 'react'
import { graphql } from 'react-relay'
import type { registerMutation } from '../__generated__/registerMutation.graphql'
import { describe, fieldErrors } from '../errors'
import { useErrorFocus } from '../focus'
import { useLanguage } from '../i18n'
import { useMutate } from '../mutate'
import { AccountFields, accountOf } from '../parts/account-fields'
import { ContinueAsGuest } from '../parts/guest'
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
    try {
      const { register: registered } = await register({ input: { ...accountOf(event.currentTarget), signIn: true } })
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
      <AccountFields errors={fields} />
      <div role="alert">
        {error !== null && <p className="error">{Object.keys(fields).length > 0 ? language.t('error.fields') : describe(error, language)}</p>}
      </div>
      <div className="actions">
        <button type="submit" className="primary" disabled={isRegistering}>
          {language.t('register.action')}
        </button>
      </div>
      <ContinueAsGuest />
      <p>
        {language.t('register.known')} <Link to="/sign-in">{language.t('nav.signIn')}</Link>
      </p>
    </form>
  )
}

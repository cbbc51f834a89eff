import { useState, type FormEvent } from 'react'
import { graphql } from 'react-relay'
import type { signInMutation } from '../__generated__/signInMutation.graphql'
import { describe } from '../errors'
import { useErrorFocus } from '../focus'
import { useLanguage } from '../i18n'
import { useMutate } from '../mutate'
import { Field } from '../parts/field'
import { readPending } from '../pending'
import { Link, navigate } from '../router'
import { session } from '../session'
import { useTitle } from '../title'

const login = graphql`
  mutation signInMutation($input: LoginInput!) {
    login(input: $input) {
      accessToken
      expiresIn
    }
  }
`

/** `stays`: in the place of a page that needs a session, which is shown after it. */
export default function SignIn({ stays = false }: { stays?: boolean }) {
  const language = useLanguage()
  const [error, setError] = useState<unknown>(null)
  const form = useErrorFocus(error)
  const [signIn, isBusy] = useMutate<signInMutation>(login)
  useTitle(language.t('signIn.title'))

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const filled = new FormData(event.currentTarget)
    try {
      const input = { email: String(filled.get('email')), password: String(filled.get('password')) }
      const { login } = await signIn({ input })
      if (!login) return
      session.start(login)
      if (!stays) navigate(readPending() ? '/' : '/readings', 'replace')
    } catch (failed) {
      setError(failed)
    }
  }
  return (
    <form ref={form} className="page narrow" onSubmit={(event) => void submit(event)} noValidate>
      <h1>{language.t('signIn.title')}</h1>
      {session.ended === 'ENDED' && <p className="notice">{language.t('signIn.ended')}</p>}
      {readPending() && <p className="notice">{language.t('signIn.pending')}</p>}
      <Field name="email" label={language.t('field.email')} type="email" autoComplete="username" />
      <Field name="password" label={language.t('field.password')} type="password" autoComplete="current-password" />
      <div role="alert">{error !== null && <p className="error">{describe(error, language)}</p>}</div>
      <div className="actions">
        <button type="submit" className="primary" disabled={isBusy}>
          {language.t('signIn.action')}
        </button>
      </div>
      <p>
        <Link to="/forgot">{language.t('signIn.forgot')}</Link>
      </p>
      <p>
        {language.t('signIn.new')} <Link to="/register">{language.t('nav.register')}</Link>
      </p>
    </form>
  )
}

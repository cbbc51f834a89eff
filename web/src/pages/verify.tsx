import { useState } from 'react'
import { graphql } from 'react-relay'
import type { verifyMutation } from '../__generated__/verifyMutation.graphql'
import { describe } from '../errors'
import { useLanguage } from '../i18n'
import { useMutate } from '../mutate'
import { Link, useToken } from '../router'
import { useTitle } from '../title'

/** Confirms an address, by the link of a message. */
export default function Verify() {
  const language = useLanguage()
  const token = useToken()
  const [email, setEmail] = useState<string | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [verify, isBusy] = useMutate<verifyMutation>(graphql`
    mutation verifyMutation($input: VerifyEmailInput!) {
      verifyEmail(input: $input) {
        user {
          id
          email
          isEmailVerified
          pendingEmail
        }
      }
    }
  `)
  useTitle(language.t('verify.title'))
  const confirm = async () => {
    setError(null)
    try {
      const { verifyEmail } = await verify({ input: { token } })
      setEmail(verifyEmail?.user.email ?? '')
    } catch (failed) {
      setError(failed)
    }
  }
  // A press, since programs that look at links in mail would use it up.
  return (
    <section className="page narrow">
      <h1>{language.t('verify.title')}</h1>
      <div role="status">{email !== null && <p>{language.t('verify.done', { email })}</p>}</div>
      <div role="alert">{error !== null && <p className="error">{describe(error, language)}</p>}</div>
      <p className="actions">
        {email === null ? (
          <button type="button" className="primary" disabled={isBusy} onClick={() => void confirm()}>
            {language.t('verify.action')}
          </button>
        ) : (
          <Link to="/" className="button primary">
            {language.t('nav.ask')}
          </Link>
        )}
      </p>
    </section>
  )
}

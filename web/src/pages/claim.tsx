import { useState, type FormEvent } from 'react'
import { graphql } from 'react-relay'
import type { claimMutation } from '../__generated__/claimMutation.graphql'
import { describe, fieldErrors } from '../errors'
import { useErrorFocus } from '../focus'
import { useLanguage } from '../i18n'
import { useMutate } from '../mutate'
import { AccountFields, accountOf } from '../parts/account-fields'
import { navigate } from '../router'
import { useTitle } from '../title'

/** A guest's account becomes one like any other. */
export default function Claim() {
  const language = useLanguage()
  const [error, setError] = useState<unknown>(null)
  const form = useErrorFocus(error)
  const [claim, isBusy] = useMutate<claimMutation>(graphql`
    mutation claimMutation($input: RegisterInput!) {
      claimAccount(input: $input) {
        user {
          id
          email
          username
          isGuest
          isEmailVerified
          usage {
            ...usage_usage
          }
        }
      }
    }
  `)
  useTitle(language.t('claim.title'))

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    try {
      await claim({ input: accountOf(event.currentTarget) })
      navigate('/profile', 'replace')
    } catch (failed) {
      setError(failed)
    }
  }
  const fields = fieldErrors(error, language)
  return (
    <form ref={form} className="page narrow" onSubmit={(event) => void submit(event)} noValidate>
      <h1>{language.t('claim.title')}</h1>
      <p>{language.t('claim.text')}</p>
      <AccountFields errors={fields} />
      <div role="alert">
        {error !== null && <p className="error">{Object.keys(fields).length > 0 ? language.t('error.fields') : describe(error, language)}</p>}
      </div>
      <div className="actions">
        <button type="submit" className="primary" disabled={isBusy}>
          {language.t('claim.action')}
        </button>
      </div>
    </form>
  )
}

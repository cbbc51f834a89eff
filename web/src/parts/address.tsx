import { useState, type FormEvent } from 'react'
import { graphql, useFragment } from 'react-relay'
import type { address_user$key } from '../__generated__/address_user.graphql'
import type { addressChangeMutation } from '../__generated__/addressChangeMutation.graphql'
import type { addressResendMutation } from '../__generated__/addressResendMutation.graphql'
import { describe, fieldErrors } from '../errors'
import { useErrorFocus } from '../focus'
import { useLanguage } from '../i18n'
import { useMutate } from '../mutate'
import { Field } from './field'
import { useService } from './service'

/** The address of an account: whether it is confirmed, and another one. */
export function Address({ of }: { of: address_user$key }) {
  const language = useLanguage()
  const service = useService()
  const [error, setError] = useState<unknown>(null)
  const [done, setDone] = useState<string | null>(null)
  const form = useErrorFocus(error)
  const { email, isEmailVerified, pendingEmail } = useFragment(
    graphql`
      fragment address_user on User {
        email
        isEmailVerified
        pendingEmail
      }
    `,
    of,
  )
  const [change, isChanging] = useMutate<addressChangeMutation>(graphql`
    mutation addressChangeMutation($input: ChangeEmailInput!) {
      changeEmail(input: $input) {
        user {
          ...address_user
          ...activity_user
        }
      }
    }
  `)
  const [resend, isSending] = useMutate<addressResendMutation>(graphql`
    mutation addressResendMutation {
      resendVerification {
        user {
          ...address_user
        }
      }
    }
  `)
  const attempt = async (action: () => Promise<void>) => {
    setError(null)
    setDone(null)
    await action().catch(setError)
  }
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const filled = event.currentTarget
    const value = (name: string) => String(new FormData(filled).get(name))
    void attempt(async () => {
      await change({ input: { newEmail: value('newEmail'), password: value('password') } })
      filled.reset()
      setDone(language.t('address.changed'))
    })
  }
  const send = () =>
    attempt(async () => {
      await resend({})
      setDone(language.t('address.sent'))
    })
  const fields = fieldErrors(error, language)
  return (
    <section aria-labelledby="address">
      <h2 id="address">{language.t('field.email')}</h2>
      <p>
        {email} {isEmailVerified && <small>{language.t('address.verified')}</small>}
      </p>
      {pendingEmail && <p className="notice">{language.t('address.pending', { email: pendingEmail })}</p>}
      {service?.mail && (!isEmailVerified || pendingEmail) && (
        <button type="button" disabled={isSending} onClick={() => void send()}>
          {language.t('address.resend')}
        </button>
      )}
      <form ref={form} onSubmit={submit} noValidate>
        <Field
          name="newEmail"
          label={language.t('field.newEmail')}
          type="email"
          autoComplete="email"
          error={fields.newEmail}
        />
        <Field
          name="password"
          label={language.t('field.password')}
          type="password"
          autoComplete="current-password"
          error={fields.password}
        />
        <div className="actions">
          <button type="submit" disabled={isChanging}>
            {language.t('address.change')}
          </button>
        </div>
      </form>
      <div role="alert">
        {error !== null && Object.keys(fields).length === 0 && <p className="error">{describe(error, language)}</p>}
      </div>
      <div role="status">{done && <p>{done}</p>}</div>
    </section>
  )
}

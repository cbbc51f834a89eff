import { useState, type FormEvent } from 'react'
import { graphql } from 'react-relay'
import type { accountDeleteMutation } from '../__generated__/accountDeleteMutation.graphql'
import type { accountPasswordMutation } from '../__generated__/accountPasswordMutation.graphql'
import { describe, fieldErrors } from '../errors'
import { useErrorFocus } from '../focus'
import { useLanguage } from '../i18n'
import { useMutate } from '../mutate'
import { navigate } from '../router'
import { session } from '../session'
import { Confirm } from './confirm'
import { Field } from './field'

/** `email` is null for a guest, who has no password. */
export function Account({ email }: { email: string | null }) {
  const language = useLanguage()
  const [isDeleting, setDeleting] = useState(false)
  const [remove] = useMutate<accountDeleteMutation>(graphql`
    mutation accountDeleteMutation($input: DeleteAccountInput!) {
      deleteAccount(input: $input) {
        deletedUserId
      }
    }
  `)
  const deleteAccount = async (form: FormData) => {
    await remove({ input: { password: String(form.get('password') ?? '') } })
    session.end()
    navigate('/')
  }
  return (
    <>
      {email && <Password email={email} />}
      <section aria-labelledby="delete-account">
        <h2 id="delete-account">{language.t('account.delete')}</h2>
        <p>{language.t('account.delete.text')}</p>
        <button type="button" className="danger" onClick={() => setDeleting(true)}>
          {language.t('account.delete')}
        </button>
      </section>
      {isDeleting && (
        <Confirm
          title={language.t('account.delete')}
          text={language.t('account.delete.sure')}
          action={language.t('account.delete')}
          onConfirm={deleteAccount}
          onClose={() => setDeleting(false)}
        >
          {email && (
            <Field name="password" label={language.t('field.password')} type="password" autoComplete="current-password" />
          )}
        </Confirm>
      )}
    </>
  )
}

function Password({ email }: { email: string }) {
  const language = useLanguage()
  const [error, setError] = useState<unknown>(null)
  const form = useErrorFocus(error)
  const [others, setOthers] = useState<number | null>(null)
  const [change, isBusy] = useMutate<accountPasswordMutation>(graphql`
    mutation accountPasswordMutation($input: ChangePasswordInput!) {
      changePassword(input: $input) {
        revokedSessions
        user {
          ...sessions_user
          ...activity_user
        }
      }
    }
  `)
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const filled = event.currentTarget
    const value = (name: string) => String(new FormData(filled).get(name))
    setOthers(null)
    try {
      const input = { currentPassword: value('currentPassword'), newPassword: value('newPassword') }
      const { changePassword } = await change({ input })
      setError(null)
      setOthers(changePassword?.revokedSessions ?? 0)
      filled.reset()
    } catch (failed) {
      setError(failed)
    }
  }
  const fields = fieldErrors(error, language)
  return (
    <section aria-labelledby="password">
      <h2 id="password">{language.t('account.password')}</h2>
      <form ref={form} onSubmit={(event) => void submit(event)} noValidate>
        <input type="text" name="username" autoComplete="username" value={email} readOnly hidden />
        <Field
          name="currentPassword"
          label={language.t('field.currentPassword')}
          type="password"
          autoComplete="current-password"
          error={fields.currentPassword}
        />
        <Field
          name="newPassword"
          label={language.t('field.newPassword')}
          type="password"
          autoComplete="new-password"
          hint={language.t('field.password.hint')}
          error={fields.newPassword}
        />
        <div role="alert">
          {error !== null && Object.keys(fields).length === 0 && <p className="error">{describe(error, language)}</p>}
        </div>
        <div className="actions">
          <button type="submit" disabled={isBusy}>
            {language.t('account.password')}
          </button>
        </div>
        <div role="status">{others !== null && <p>{language.count('account.password.done', others)}</p>}</div>
      </form>
    </section>
  )
}

import { useState, type FormEvent } from 'react'
import { graphql, useFragment } from 'react-relay'
import type { profileForm_user$key } from '../__generated__/profileForm_user.graphql'
import type { profileFormMutation } from '../__generated__/profileFormMutation.graphql'
import { describe, fieldErrors } from '../errors'
import { useErrorFocus } from '../focus'
import { isLocale, locales, useChosen } from '../i18n'
import { useMutate } from '../mutate'
import { Field } from './field'

export function ProfileForm({ of }: { of: profileForm_user$key }) {
  const { language, choose } = useChosen()
  const [error, setError] = useState<unknown>(null)
  const form = useErrorFocus(error)
  const [isSaved, setSaved] = useState(false)
  const { username, locale, memory } = useFragment(
    graphql`
      fragment profileForm_user on User {
        username
        locale
        memory
      }
    `,
    of,
  )
  const [update, isBusy] = useMutate<profileFormMutation>(graphql`
    mutation profileFormMutation($input: UpdateProfileInput!) {
      updateProfile(input: $input) {
        user {
          ...profileForm_user
        }
      }
    }
  `)
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const filled = new FormData(event.currentTarget)
    const chosen = String(filled.get('locale'))
    setSaved(false)
    try {
      const memory = filled.has('memory')
      await update({ input: { username: String(filled.get('username')), locale: chosen, memory } })
      setError(null)
      setSaved(true)
      const shown = baseOf(chosen)
      if (isLocale(shown)) choose(shown)
    } catch (failed) {
      setError(failed)
    }
  }
  const fields = fieldErrors(error, language)
  // A tag of an account may be another than these: that of a region, or of a language that these pages have not.
  const base = baseOf(locale)
  const options = locales.map(({ code, name }) => ({ code: code === base ? locale : code, name }))
  return (
    <section aria-labelledby="profile-form">
      <h2 id="profile-form">{language.t('account.profile')}</h2>
      <form ref={form} onSubmit={(event) => void submit(event)} noValidate>
        <Field
          name="username"
          label={language.t('field.username')}
          autoComplete="nickname"
          defaultValue={username}
          error={fields.username}
        />
        <div className="field">
          <label htmlFor="profile-locale">{language.t('field.locale')}</label>
          <select id="profile-locale" name="locale" defaultValue={locale} aria-describedby="profile-locale-hint">
            {!isLocale(base) && <option value={locale}>{locale}</option>}
            {options.map(({ code, name }) => (
              <option key={code} value={code} lang={code}>
                {name}
              </option>
            ))}
          </select>
          <p className="hint" id="profile-locale-hint">
            {language.t('field.locale.hint')}
          </p>
        </div>
        <div className="field">
          <label className="check">
            <input type="checkbox" name="memory" defaultChecked={memory} aria-describedby="profile-memory-hint" />
            <span>{language.t('field.memory')}</span>
          </label>
          <p className="hint" id="profile-memory-hint">
            {language.t('field.memory.hint')}
          </p>
        </div>
        <div role="alert">
          {error !== null && Object.keys(fields).length === 0 && <p className="error">{describe(error, language)}</p>}
        </div>
        <div className="actions">
          <button type="submit" disabled={isBusy}>
            {language.t('account.profile.save')}
          </button>
        </div>
        <div role="status">{isSaved && <p>{language.t('account.profile.done')}</p>}</div>
      </form>
    </section>
  )
}

/** `pt` of `pt-BR`. */
const baseOf = (tag: string) => tag.split('-')[0] ?? ''

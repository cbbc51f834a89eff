import { useLanguage } from '../i18n'
import { Field } from './field'

/** What an account has. */
export function AccountFields({ errors }: { errors: Record<string, string> }) {
  const language = useLanguage()
  return (
    <>
      <Field name="email" label={language.t('field.email')} type="email" autoComplete="email" error={errors.email} />
      <Field name="username" label={language.t('field.username')} autoComplete="nickname" error={errors.username} />
      <Field
        name="password"
        label={language.t('field.password')}
        type="password"
        autoComplete="new-password"
        hint={language.t('field.password.hint')}
        error={errors.password}
      />
    </>
  )
}

/** As they are filled in. */
export function accountOf(form: HTMLFormElement): { email: string; username: string; password: string } {
  const filled = new FormData(form)
  const value = (name: string) => String(filled.get(name))
  return { email: value('email'), username: value('username'), password: value('password') }
}

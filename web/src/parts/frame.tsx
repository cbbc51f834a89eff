import { useState } from 'react'
import { locales, useChosen, useLanguage, type Locale } from '../i18n'
import { Link } from '../router'
import { applyTheme, theme, themes, type Theme } from '../theme'
import { Lobes } from './signs'

export function Header({ path, isSignedIn }: { path: string; isSignedIn: boolean }) {
  const language = useLanguage()
  const link = (to: string, text: string, isHere = path === to) => (
    <li>
      <Link to={to} aria-current={isHere ? 'page' : undefined}>
        {text}
      </Link>
    </li>
  )
  return (
    <header className="frame">
      <Link to="/" className="brand">
        <Lobes />
        <span>Mula</span>
      </Link>
      <nav aria-label={language.t('nav.label')}>
        <ul>
          {link('/', language.t('nav.ask'))}
          {isSignedIn ? (
            <>
              {link('/readings', language.t('nav.readings'), path.startsWith('/readings'))}
              {link('/profile', language.t('nav.profile'))}
            </>
          ) : (
            <>
              {link('/sign-in', language.t('nav.signIn'))}
              {link('/register', language.t('nav.register'))}
            </>
          )}
        </ul>
      </nav>
    </header>
  )
}

export function Footer() {
  const { language, choose } = useChosen()
  const [chosen, setChosen] = useState(theme)
  const set = (value: Theme) => {
    applyTheme(value)
    setChosen(value)
  }
  return (
    <footer className="frame">
      <label>
        <span>{language.t('footer.language')}</span>
        <select value={language.locale} onChange={(event) => choose(event.target.value as Locale)}>
          {locales.map(({ code, name }) => (
            <option key={code} value={code} lang={code}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>{language.t('footer.theme')}</span>
        <select value={chosen} onChange={(event) => set(event.target.value as Theme)}>
          {themes.map((one) => (
            <option key={one} value={one}>
              {language.t(`theme.${one}`)}
            </option>
          ))}
        </select>
      </label>
    </footer>
  )
}

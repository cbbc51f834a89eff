// The interface in the reader's language. Every language has every message of messages/en.json: the compiler checks.
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react'
import type en from './messages/en.json'
import { read, write } from './stored'

export type Messages = typeof en
export type Key = keyof Messages
type Values = Record<string, string | number>

const LOCALES = {
  en: { name: 'English', load: () => import('./messages/en.json') },
  es: { name: 'Español', load: () => import('./messages/es.json') },
  pt: { name: 'Português', load: () => import('./messages/pt.json') },
  fr: { name: 'Français', load: () => import('./messages/fr.json') },
  ht: { name: 'Kreyòl ayisyen', load: () => import('./messages/ht.json') },
} satisfies Record<string, { name: string; load: () => Promise<{ default: Messages }> }>

export type Locale = keyof typeof LOCALES
export const locales = Object.entries(LOCALES).map(([code, { name }]) => ({ code: code as Locale, name }))

export const isLocale = (code: string): code is Locale => code in LOCALES

/** The language that was chosen here, or the first of the browser's that there is. */
export function preferredLocale(): Locale {
  const chosen = [read('locale') ?? '', ...navigator.languages.map((tag) => tag.split('-')[0] ?? '')]
  return chosen.find(isLocale) ?? 'en'
}

export async function loadMessages(locale: Locale): Promise<Messages> {
  return (await LOCALES[locale].load()).default
}

/** Words, dates and numbers of one language. */
export class Language {
  readonly #tags: string[]
  readonly #plural: Intl.PluralRules

  constructor(
    readonly locale: Locale,
    readonly messages: Messages,
  ) {
    // Browsers have no dates in Haitian Creole; French writes them alike.
    this.#tags = locale === 'ht' ? ['ht', 'fr'] : navigator.languages.filter((tag) => tag.startsWith(locale)).concat(locale)
    this.#plural = new Intl.PluralRules(this.#tags)
  }

  t(key: Key, values: Values = {}): string {
    return this.messages[key].replace(/\{(\w+)\}/g, (_, name: string) => this.#show(values[name]))
  }

  /** A message that differs with `n`: the keys are `key.one` and `key.other`. */
  count<K extends string>(key: `${K}.other` extends Key ? K : never, n: number): string {
    const exact = `${key}.${this.#plural.select(n)}`
    return this.t((exact in this.messages ? exact : `${key}.other`) as Key, { n })
  }

  /** A message by a key made at run time, such as an error's code; undefined where there is none. */
  find(key: string, values: Values = {}): string | undefined {
    return key in this.messages ? this.t(key as Key, values) : undefined
  }

  number(value: number): string {
    return value.toLocaleString(this.#tags)
  }

  /** US dollars, from the API's exact decimal. */
  money(value: string): string {
    const format = { style: 'currency', currency: 'USD', maximumSignificantDigits: 3 } as const
    return Number(value).toLocaleString(this.#tags, format)
  }

  date(iso: string): string {
    return new Date(iso).toLocaleString(this.#tags, { dateStyle: 'medium', timeStyle: 'short' })
  }

  /** How long ago: minutes, hours or days; the date where that is longer than a week. */
  ago(iso: string): string {
    const minutes = Math.round((Date.parse(iso) - Date.now()) / 60_000)
    const format = new Intl.RelativeTimeFormat(this.#tags, { numeric: 'auto' })
    if (minutes > -60) return format.format(minutes, 'minute')
    if (minutes > -60 * 24) return format.format(Math.round(minutes / 60), 'hour')
    if (minutes > -60 * 24 * 7) return format.format(Math.round(minutes / 60 / 24), 'day')
    return new Date(iso).toLocaleDateString(this.#tags, { dateStyle: 'medium' })
  }

  #show(value: string | number | undefined): string {
    return typeof value === 'number' ? this.number(value) : (value ?? '')
  }
}

interface Chosen {
  language: Language
  choose: (locale: Locale) => void
}

const Context = createContext<Chosen | null>(null)

export function LanguageProvider({ first, children }: { first: Language; children: ReactNode }) {
  const [language, setLanguage] = useState(first)
  useEffect(() => {
    document.documentElement.lang = language.locale
  }, [language])
  const chosen = useMemo(() => {
    const choose = (locale: Locale) => {
      write('locale', locale)
      void loadMessages(locale).then((messages) => setLanguage(new Language(locale, messages)))
    }
    return { language, choose }
  }, [language])
  return <Context value={chosen}>{children}</Context>
}

export function useLanguage(): Language {
  return useChosen().language
}

export function useChosen(): Chosen {
  const chosen = useContext(Context)
  if (!chosen) throw new Error('outside of LanguageProvider')
  return chosen
}

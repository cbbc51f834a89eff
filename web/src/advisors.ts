import type { Language } from './i18n'

export const ADVISORS = ['LEGBA', 'OSHUN', 'SHANGO', 'YEMAYA'] as const
export type Advisor = (typeof ADVISORS)[number]

export const NAMES: Record<Advisor, string> = { LEGBA: 'Legba', OSHUN: 'Oshun', SHANGO: 'Shango', YEMAYA: 'Yemaya' }

/** An advisor that this client knows; one that a later version of the service adds is not shown. */
export const isAdvisor = (value: string): value is Advisor => ADVISORS.some((one) => one === value)

export interface Words {
  title: string
  greeting: string
  suggestions: readonly string[]
}

/** An advisor's words: the service's own in English, else the language's where it has them. */
export function inLanguage(advisor: Advisor, words: Words, language: Language): Words {
  const find = (key: string, otherwise: string) => language.find(`advisor.${advisor}.${key}`) ?? otherwise
  return {
    title: find('title', words.title),
    greeting: find('greeting', words.greeting),
    suggestions: words.suggestions.map((text, index) => find(`suggestion.${index + 1}`, text)),
  }
}

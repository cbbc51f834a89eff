// Errors in the reader's language: by code, reason and parameters, never by their English messages.
import { Unreachable, type GraphQLError } from '../client/session'
import type { Language } from './i18n'
import { ApiError } from './fetch'

export interface FieldError {
  path: string
  code: string
  message: string
  params?: Record<string, number | string>
}

/** What a person reads of an error. */
export function describe(error: unknown, language: Language): string {
  if (error instanceof Unreachable) return language.t('error.UNREACHABLE')
  if (!(error instanceof ApiError)) return language.t('error.UNKNOWN')
  return error.errors.map((one) => describeOne(one, language)).join(' ') || language.t('error.UNKNOWN')
}

function describeOne(error: GraphQLError, language: Language): string {
  const { code = '', reason = '', retryAfter, resetsAt, requestId } = error.extensions ?? {}
  const fields = fieldsOf(error)
  if (fields.length > 0) return fields.map((field) => describeField(field, language)).join(' ')
  const values = {
    wait: wait(Number(retryAfter ?? 0), language),
    date: typeof resetsAt === 'string' ? language.date(resetsAt) : '',
    id: String(requestId ?? ''),
  }
  return (
    language.find(`error.${code}.${reason}`, values) ??
    language.find(`error.${code}`, values) ??
    language.t('error.UNKNOWN')
  )
}

function wait(seconds: number, language: Language): string {
  return seconds < 90
    ? language.count('wait.seconds', Math.max(1, Math.ceil(seconds)))
    : language.count('wait.minutes', Math.ceil(seconds / 60))
}

/** The failing fields of an error, by the last part of their paths: `email`. */
export function fieldErrors(error: unknown, language: Language): Record<string, string> {
  if (!(error instanceof ApiError)) return {}
  const fields = error.errors.flatMap(fieldsOf)
  return Object.fromEntries(fields.map((field) => [field.path.split('.').at(-1), describeField(field, language)]))
}

function fieldsOf(error: GraphQLError): FieldError[] {
  return (error.extensions?.fields as FieldError[] | undefined) ?? []
}

function describeField({ path, code, params, message }: FieldError, language: Language): string {
  const name = path.split('.').at(-1)
  return language.find(`field.${name}.${code}`, params) ?? language.find(`field.${code}`, params) ?? message
}

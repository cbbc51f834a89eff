// A question on its way: kept until the service has it, over reloads, lost connections and signing in.
import { newKey } from '../client/session'
import { isAdvisor, type Advisor } from './advisors'
import { read, write } from './stored'

export interface Draft {
  advisor: Advisor
  question: string
  /** The reading that the question goes on from. */
  inReplyTo?: { id: string; question: string } | null
}

export interface Pending extends Draft {
  /** The service stores a question once for each key, however often it is sent. */
  key: string
}

export function readDraft(): Draft {
  const advisor = read('advisor', 'session') ?? ''
  const inReplyTo = readJson<Draft['inReplyTo']>('inReplyTo') ?? null
  return { advisor: isAdvisor(advisor) ? advisor : 'LEGBA', question: read('question', 'session') ?? '', inReplyTo }
}

export function writeDraft({ advisor, question, inReplyTo }: Draft): void {
  write('advisor', advisor, 'session')
  write('question', question || null, 'session')
  write('inReplyTo', inReplyTo ? JSON.stringify(inReplyTo) : null, 'session')
}

export const readPending = () => readJson<Pending>('pending')

function readJson<Value>(key: string): Value | null {
  try {
    return JSON.parse(read(key, 'session') ?? 'null') as Value | null
  } catch {
    return null
  }
}

export function writePending(pending: Pending | null): void {
  write('pending', pending && JSON.stringify(pending), 'session')
}

/** The same question to the same advisor has the same key until it is answered. */
export function pendingOf(draft: Draft, earlier: Pending | null): Pending {
  const isSame =
    earlier?.advisor === draft.advisor &&
    earlier.question === draft.question &&
    earlier.inReplyTo?.id === draft.inReplyTo?.id
  return { ...draft, key: isSame ? earlier.key : newKey() }
}

// A question on its way: kept until the service has it, over reloads, lost connections and signing in.
import { newKey } from '../client/session'
import { isAdvisor, type Advisor } from './advisors'
import { read, write } from './stored'

export interface Draft {
  advisor: Advisor
  question: string
}

export interface Pending extends Draft {
  /** The service stores a question once for each key, however often it is sent. */
  key: string
}

export function readDraft(): Draft {
  const advisor = read('advisor', 'session') ?? ''
  return { advisor: isAdvisor(advisor) ? advisor : 'LEGBA', question: read('question', 'session') ?? '' }
}

export function writeDraft({ advisor, question }: Draft): void {
  write('advisor', advisor, 'session')
  write('question', question || null, 'session')
}

export function readPending(): Pending | null {
  try {
    return JSON.parse(read('pending', 'session') ?? 'null') as Pending | null
  } catch {
    return null
  }
}

export function writePending(pending: Pending | null): void {
  write('pending', pending && JSON.stringify(pending), 'session')
}

/** The same question to the same advisor has the same key until it is answered. */
export function pendingOf(draft: Draft, earlier: Pending | null): Pending {
  const isSame = earlier?.advisor === draft.advisor && earlier.question === draft.question
  return { ...draft, key: isSame ? earlier.key : newKey() }
}

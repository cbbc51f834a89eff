// Follows an answer while it is written, over graphql-transport-ws. A lost connection is resumed where it
// broke off: no gap, no repeat, and the end.
import type { GraphQLError, Session } from './session'
import { subscribe } from './socket'

export type Status = 'PENDING' | 'WRITING' | 'COMPLETED' | 'CANCELLED' | 'FAILED'

/** A part of an answer: its text up to the piece of this number. */
export interface Part {
  generation: string
  sequence: number
  text: string
}

/** An answer as far as it has been received. */
export interface Answer extends Part {
  status: Status
  /** Whether a model thinks and has written nothing yet. */
  isThinking: boolean
  /** False while a lost connection is being made anew. */
  isConnected: boolean
}

interface Update extends Part {
  /** Code points of the answer before `text`. */
  offset: number
  isThinking: boolean
  status: Status
}

const UPDATES = `subscription Follow($id: ID!, $after: Int, $generation: ID) {
  readingUpdates(id: $id, after: $after, generation: $generation) {
    generation offset sequence text isThinking status
  }
}`

export const isOpen = (status: string): boolean => status === 'PENDING' || status === 'WRITING'

/**
 * Follows the answer of the reading `id` until it ends, from its beginning or after the part that is `known`.
 * `onAnswer` is called with each change, the last time with a status that is not open; `onError` instead when the
 * answer cannot be followed. Returns what stops it.
 */
export function follow(
  session: Session,
  id: string,
  onAnswer: (answer: Answer) => void,
  onError: (errors: readonly GraphQLError[]) => void = () => {},
  known: Part = { generation: '', sequence: 0, text: '' },
): () => void {
  let answer: Answer = { ...known, status: 'PENDING', isThinking: false, isConnected: true }
  const report = (change: Partial<Answer>) => onAnswer((answer = { ...answer, ...change }))
  return subscribe<{ readingUpdates: Update }>(
    session,
    {
      query: UPDATES,
      // Read again by each reconnection, which sends the same operation.
      variables: {
        id,
        get after() {
          return answer.sequence
        },
        get generation() {
          return answer.generation || null
        },
      },
    },
    {
      next({ data, errors }) {
        if (data) report(append(answer, data.readingUpdates))
        else if (errors) onError(errors)
      },
      error: onError,
      onConnected(isConnected) {
        if (isConnected !== answer.isConnected && isOpen(answer.status)) report({ isConnected })
      },
    },
  )
}

/** What was received before may come again; another answer to the same question begins anew. */
function append(answer: Answer, { generation, offset, sequence, text, ...state }: Update): Partial<Answer> {
  const before = generation === answer.generation ? answer.text : ''
  // Code points, not UTF-16 units.
  const kept = offset === 0 ? '' : Array.from(before).slice(0, offset).join('')
  // The same offset without text is the end, or a model that thinks.
  return { ...state, generation, sequence, text: text ? kept + text : before, isConnected: true }
}

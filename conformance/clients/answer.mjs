// An answer as a client puts it together.

// #region answer
/** The answer so far. Replayed pieces change nothing. */
export class Answer {
  generation
  sequence = 0
  text = ''
  status = 'PENDING'

  add({ generation, sequence, offset, text, status }) {
    // Offsets count code points, as Array.from does, and not the UTF-16 units of text.length.
    const before = generation === this.generation ? Array.from(this.text).slice(0, offset).join('') : ''
    Object.assign(this, { generation, sequence, text: before + text, status })
  }

  get hasEnded() {
    return this.status !== 'PENDING' && this.status !== 'WRITING'
  }

  /** Where to go on: the variables of the next subscription. */
  get position() {
    return { generation: this.generation, after: this.sequence }
  }
}
// #endregion

// #region follow
/**
 * Follows an answer to its end, whatever happens to connections. `subscribe` calls its second
 * argument with each update, resolves when the subscription completes, and rejects with GraphQL
 * errors or with the fault of the network. `codeOf` returns a GraphQL error's code.
 */
export async function follow(subscribe, codeOf, id, answer) {
  for (let wait = 250; !answer.hasEnded; wait = Math.min(2 * wait, 5_000)) {
    try {
      await subscribe({ id, ...answer.position }, (update) => answer.add(update))
    } catch (error) {
      if (codeOf(error)) throw error
    }
    if (!answer.hasEnded) await new Promise((resolve) => setTimeout(resolve, wait))
  }
}
// #endregion

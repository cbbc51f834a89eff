import type { GraphQLError, Operation } from '../client/session'
import { recall, remember } from './offline'
import { session } from './session'

/** The errors of an operation. Its parts that did succeed are not used. */
export class ApiError extends Error {
  constructor(readonly errors: readonly GraphQLError[]) {
    super(errors.map((error) => error.message).join(' '))
  }

  get code(): string {
    return this.errors[0]?.extensions?.code ?? 'INTERNAL_SERVER_ERROR'
  }
}

/** Runs an operation. Without a network, what `mayBeKept` has the result it had when there was one. */
export async function run<Data extends object>(operation: Operation, isQuery: boolean, mayBeKept = isQuery): Promise<Data> {
  try {
    const { data, errors } = await session.send<Data>(operation)
    if (errors || !data) throw new ApiError(errors ?? [])
    if (isQuery) void remember(operation, data)
    return data
  } catch (error) {
    const kept = mayBeKept && !(error instanceof ApiError) ? await recall(operation) : null
    if (!kept) throw error
    return kept as Data
  }
}

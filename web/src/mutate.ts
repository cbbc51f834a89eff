import { useCallback, useState } from 'react'
import { useMutation } from 'react-relay'
import type { GraphQLTaggedNode, MutationParameters } from 'relay-runtime'

type Config<M extends MutationParameters> = Parameters<ReturnType<typeof useMutation<M>>[0]>[0]

/** A mutation as a function of its variables: it resolves with the response, or rejects with the error. */
export function useMutate<M extends MutationParameters>(
  mutation: GraphQLTaggedNode,
): [(variables: M['variables'], more?: Partial<Config<M>>) => Promise<M['response']>, boolean] {
  const [commit] = useMutation<M>(mutation)
  const [busy, setBusy] = useState(0)
  const run = useCallback(
    (variables: M['variables'], more?: Partial<Config<M>>) => {
      setBusy((n) => n + 1)
      const done = new Promise<M['response']>((onCompleted, onError) => {
        commit({ ...more, variables, onCompleted, onError })
      })
      return done.finally(() => setBusy((n) => n - 1))
    },
    [commit],
  )
  return [run, busy > 0]
}

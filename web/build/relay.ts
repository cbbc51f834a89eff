// What Relay needs of a bundler, and what of Relay is left out.
import type { Plugin } from 'vite'

const TAG = /graphql`\s*(?:query|mutation|subscription|fragment)\s+(\w+)[^`]*`/g
const IMPORT = /import \{([^}]*)\} from 'react-relay'/

/** Each hook from its own module, so that a page loads those it uses; the index brings all of them. */
const hook = (name: string) => `react-relay/lib/relay-hooks/${name}`

/** What a development server prepares. */
export const dependencies = [
  'relay-runtime',
  ...['RelayEnvironmentProvider', 'useFragment', 'useLazyLoadQuery', 'useMutation', 'usePaginationFragment', 'useRelayEnvironment'].map(hook),
]

/**
 * Parts of Relay that only what is not used here calls. `_CURRENT` is the hook for when `ENABLE_ACTIVITY_COMPATIBILITY`
 * is off, which it is not.
 */
const UNUSED =
  /useFragmentInternal_CURRENT\.js$|relay-runtime\/lib\/(experimental|mutations\/createUpdatableProxy|store\/RelayModernFragmentSpecResolver|query\/(PreloadableQueryRegistry|fetchQuery_DEPRECATED))\.js$/

/** Fields that are resolved in the client have a cache of their own. There are none. */
const RESOLVERS = /relay-runtime\/lib\/store\/live-resolvers\/LiveResolverCache\.js$/
const NO_RESOLVERS = `
const { NoopResolverCache } = require('../ResolverCache')
class LiveResolverCache extends NoopResolverCache {
  getLiveResolverPromise() {}
  batchLiveStateUpdates(update) { update() }
  batchLiveStateUpdatesWithoutNotify(update) { update(); return false }
  unsubscribeFromLiveResolverRecords() {}
  invalidateResolverRecords() {}
}
module.exports = { LiveResolverCache, getUpdatedDataIDs: (records) => records }
`

export function relay(): Plugin {
  return {
    name: 'relay',
    enforce: 'pre',
    load(id) {
      if (RESOLVERS.test(id)) return NO_RESOLVERS
      return UNUSED.test(id) ? 'module.exports = {}' : null
    },
    /** Each document becomes the artifact that relay-compiler made of it. */
    transform(code, id) {
      // Artifacts import types alone, but do not say so.
      if (id.includes('/src/__generated__/')) return code.replace(/^import \{.*\} from 'relay-runtime';?$/gm, '')
      if (!/\/src\/.*\.tsx?$/.test(id) || !IMPORT.test(code)) return null
      const imports: string[] = []
      const changed = code
        .replace(TAG, (_, name: string) => {
          imports.push(`import __${name} from '/src/__generated__/${name}.graphql'`)
          return `__${name}`
        })
        .replace(IMPORT, (_, names: string) => {
          const hooks = names.split(',').map((name) => name.trim()).filter((name) => name && name !== 'graphql')
          return hooks.map((name) => `import ${name} from '${hook(name)}'`).join('\n')
        })
      return { code: `${imports.join('\n')}\n${changed}`, map: null }
    },
  }
}

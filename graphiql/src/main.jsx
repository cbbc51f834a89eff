import { useSchemaStore } from '@graphiql/react'
import { GraphiQL } from 'graphiql'
import 'graphiql/style.css'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { createRoot } from 'react-dom/client'
import { fetcher, post } from './fetcher.js'
import { storage, token } from './session.js'
import './style.css'
import { starterTabs } from './tabs.js'

const SIGN_OUT = 'mutation SignOut { logout(input: { everywhere: false }) { message } }'

// GraphiQL shows the first tab's variables only if told them a second time, and told so again
// on a reload it would open a tab more.
const firstTab = storage.getItem('graphiql:tabState') === null ? starterTabs[0] : {}

function Page() {
  const [notice, setNotice] = useState('')
  return (
    <>
      <Bar setNotice={setNotice} />
      <SchemaNotice />
      {notice && (
        <Notice text={notice} action="Dismiss" onAction={() => setNotice('')} />
      )}
      <main>
        <GraphiQL
          fetcher={fetcher}
          storage={storage}
          defaultTabs={starterTabs}
          query={firstTab.query}
          variables={firstTab.variables}
          defaultQuery={'# Ctrl-Space completes, Ctrl-Enter runs.\n'}
          defaultEditorToolsVisibility="variables"
          shouldPersistHeaders={false}
          inputValueDeprecation
          schemaDescription
        >
          <GraphiQL.Logo>
            <span className="graphiql-logo-link">GraphiQL</span>
          </GraphiQL.Logo>
        </GraphiQL>
      </main>
    </>
  )
}

function Bar({ setNotice }) {
  const value = useSyncExternalStore(token.subscribe, token.get)

  async function signOut() {
    setNotice('')
    const { data, errors } = await post({ query: SIGN_OUT, operationName: 'SignOut' })
    token.set('')
    if (!data?.logout) {
      const why = errors?.[0]?.message ?? 'no reason given'
      setNotice(`The token is forgotten here, but the server did not end its session: ${why}`)
    }
  }

  return (
    <header className="bar">
      <h1>
        <Root />
        Mula: The Root
      </h1>
      <div className="token">
        <label htmlFor="token">Access token</label>
        <input
          id="token"
          type="password"
          value={value}
          onChange={(event) => token.set(event.target.value)}
          placeholder="Run SignIn, or paste one"
          autoComplete="off"
          spellCheck={false}
          aria-describedby="token-state"
        />
        <span id="token-state" role="status" data-signed-in={Boolean(value)}>
          {value ? 'Sent with every request' : 'Signed out'}
        </span>
        <button type="button" onClick={signOut} disabled={!value}>
          Sign out
        </button>
      </div>
    </header>
  )
}

/** The page comes up without the schema too; then it says why. */
function SchemaNotice() {
  const { fetchError, isFetching, introspect, schema } = useSchemaStore((state) => state)
  const signedIn = Boolean(useSyncExternalStore(token.subscribe, token.get))

  // A server may show its schema to those signed in only.
  useEffect(() => {
    if (signedIn && fetchError) introspect()
  }, [signedIn])

  if (!fetchError || schema) return null
  return (
    <Notice
      text={`No schema, so no completion and no documentation; operations can still be run. ${reason(fetchError)}`}
      action={isFetching ? 'Trying…' : 'Try again'}
      onAction={introspect}
    />
  )
}

function reason(fetchError) {
  try {
    return JSON.parse(fetchError).errors[0].message
  } catch {
    return fetchError
  }
}

function Notice({ text, action, onAction }) {
  return (
    <div className="notice" role="alert">
      <p>{text}</p>
      <button type="button" onClick={onAction}>
        {action}
      </button>
    </div>
  )
}

function Root() {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true">
      <path d="M12 2v8M12 10v12M12 10c0 5-3 5-5 10M12 10c0 5 3 5 5 10M12 10c-2 3-6 2-9 5M12 10c2 3 6 2 9 5" />
    </svg>
  )
}

createRoot(document.getElementById('root')).render(<Page />)

import { ToolbarButton, useEditorContext, useSchemaStore } from '@graphiql/react'
import { GraphiQL } from 'graphiql'
import 'graphiql/style.css'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { createRoot } from 'react-dom/client'
import { authorization, fetcher, post } from './fetcher.js'
import { answer, asked, refused, storage, token } from './session.js'
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
          <GraphiQL.Toolbar>
            {({ prettify, copy, merge }) => (
              <>
                {prettify}
                {merge}
                {copy}
                <CopyAsCurl setNotice={setNotice} />
              </>
            )}
          </GraphiQL.Toolbar>
          <GraphiQL.Footer>
            <Answer />
            <Editors />
          </GraphiQL.Footer>
        </GraphiQL>
      </main>
    </>
  )
}

function Bar({ setNotice }) {
  const value = useSyncExternalStore(token.subscribe, token.get)
  const isRefused = useSyncExternalStore(refused.subscribe, refused.get)
  const state = !value ? 'out' : isRefused ? 'refused' : 'in'
  const says = { out: 'Signed out', refused: 'Refused: sign in again', in: 'Sent with every request' }

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
        <span id="token-state" role="status" data-state={state}>
          {says[state]}
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

/** The answer that is being followed, as prose beside its pieces. */
function Answer() {
  const followed = useSyncExternalStore(answer.subscribe, answer.get)
  if (!followed) return null
  const isOpen = followed.status === 'PENDING' || followed.status === 'WRITING'
  const open = followed.isFollowed ? 'Being written' : 'No longer followed'
  return (
    <section className="answer" aria-label="Answer" tabIndex={0}>
      {followed.text.split(/\n{2,}/).map((paragraph, index) => (
        <p key={index}>{paragraph}</p>
      ))}
      <p role="status">{isOpen ? open : followed.status}</p>
    </section>
  )
}

/** What GraphiQL's editors lack: Tab leaves them, their text scrolls by the keyboard, and the tab that watches knows what to watch. */
function Editors() {
  const { queryEditor, variableEditor, headerEditor, responseEditor, tabs, activeTabIndex } = useEditorContext()
  const reading = useSyncExternalStore(asked.subscribe, asked.get)
  const query = tabs[activeTabIndex]?.query ?? ''

  useEffect(() => {
    const editors = { Operation: queryEditor, Variables: variableEditor, Headers: headerEditor, Result: responseEditor }
    for (const [name, editor] of Object.entries(editors)) {
      editor?.getInputField().setAttribute('aria-label', name)
      // The text scrolls beside the field that has its caret: the keyboard scrolls it, too.
      const text = editor?.getScrollerElement()
      for (const [attribute, value] of [['tabindex', '0'], ['role', 'group'], ['aria-label', `${name}: text`]]) {
        text?.setAttribute(attribute, value)
      }
      editor?.setOption('extraKeys', { ...editor.getOption('extraKeys'), Tab: false, 'Shift-Tab': false })
    }
  }, [queryEditor, variableEditor, headerEditor, responseEditor])

  useEffect(() => {
    if (!reading || !variableEditor || !query.includes('readingUpdates(id: $id')) return
    variableEditor.setValue(JSON.stringify({ id: reading }, null, 2))
  }, [reading, variableEditor, activeTabIndex, query.includes('readingUpdates(id: $id')])

  return null
}

function CopyAsCurl({ setNotice }) {
  const { queryEditor, variableEditor, headerEditor } = useEditorContext({ nonNull: true })

  async function copy() {
    const parse = (editor) => JSON.parse(editor?.getValue() || '{}')
    try {
      const operationName = queryEditor.operationName ?? undefined
      const body = { query: queryEditor.getValue(), variables: parse(variableEditor), operationName }
      const quote = (text) => `'${text.replaceAll("'", `'\\''`)}'`
      const headers = { 'content-type': 'application/json', ...authorization(parse(headerEditor)) }
      const isStream = queryEditor.operations?.some(({ operation }) => operation === 'subscription')
      if (isStream) headers.accept = 'text/event-stream'
      const parts = Object.entries(headers).map(([name, value]) => ` -H ${quote(`${name}: ${value}`)}`)
      const curl = `curl -sS${isStream ? 'N' : ''} ${location.origin}/graphql${parts.join('')} -d ${quote(JSON.stringify(body))}`
      await navigator.clipboard.writeText(curl)
      setNotice('Copied as a curl command. It holds the access token, if there is one.')
    } catch (error) {
      setNotice(`Nothing was copied: ${error.message}`)
    }
  }
  return (
    <ToolbarButton label="Copy as cURL" onClick={copy}>
      <span className="graphiql-toolbar-icon curl">cURL</span>
    </ToolbarButton>
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

import { lazy, Suspense, useEffect, useRef, useSyncExternalStore, type ReactNode } from 'react'
import { useLanguage } from './i18n'
import { forget, offline } from './offline'
import { Ask } from './pages/ask'
import { Boundary } from './parts/boundary'
import { Footer, Header } from './parts/frame'
import { usePath } from './router'
import { useSession } from './session'

const WithRelay = lazy(() => import('./relay').then(({ WithRelay }) => ({ default: WithRelay })))
const ReadingPage = lazy(() => import('./pages/reading'))
const Readings = lazy(() => import('./pages/readings'))
const Profile = lazy(() => import('./pages/profile'))
const SignIn = lazy(() => import('./pages/sign-in'))
const Register = lazy(() => import('./pages/register'))
const Forgot = lazy(() => import('./pages/forgot'))
const Reset = lazy(() => import('./pages/reset'))
const Claim = lazy(() => import('./pages/claim'))
const Verify = lazy(() => import('./pages/verify'))
const Shared = lazy(() => import('./pages/shared'))
const NotFound = lazy(() => import('./pages/not-found'))

export function App() {
  const id = useSession()?.id
  useEffect(() => void forget(), [id])
  const path = usePath()
  const language = useLanguage()
  const main = useRef<HTMLElement>(null)
  const isFirst = useRef(true)

  // A new page is read from its beginning, by screen readers too.
  useEffect(() => {
    if (isFirst.current) isFirst.current = false
    else main.current?.focus()
  }, [path])

  return (
    <>
      <a className="skip" href="#main">
        {language.t('nav.skip')}
      </a>
      <Header path={path} isSignedIn={id !== undefined} />
      <Offline />
      <main id="main" ref={main} tabIndex={-1}>
        <Boundary key={`${path === '/'} ${id}`}>
          <Suspense fallback={<Waiting />}>
            {path === '/' ? (
              <Ask />
            ) : (
              <WithRelay>
                <Boundary key={path}>
                  <Suspense fallback={<Waiting />}>
                    <Page path={path} isSignedIn={id !== undefined} />
                  </Suspense>
                </Boundary>
              </WithRelay>
            )}
          </Suspense>
        </Boundary>
      </main>
      <Footer />
    </>
  )
}

/** Every page but the first. */
function Page({ path, isSignedIn }: { path: string; isSignedIn: boolean }): ReactNode {
  const reading = /^\/readings\/([\w-]+)$/.exec(path)?.[1]
  if (path === '/register') return <Register />
  if (path === '/sign-in') return <SignIn />
  if (path === '/forgot') return <Forgot />
  if (path === '/reset') return <Reset />
  if (path === '/verify') return <Verify />
  if (path === '/shared') return <Shared />
  if (!(reading || ['/readings', '/profile', '/claim'].includes(path))) return <NotFound />
  // The page asked for comes after signing in, at the same path.
  if (!isSignedIn) return <SignIn stays />
  if (reading) return <ReadingPage id={reading} />
  if (path === '/claim') return <Claim />
  return path === '/readings' ? <Readings /> : <Profile />
}

function Waiting() {
  return <p className="waiting" aria-hidden="true" />
}

function Offline() {
  const isOffline = useSyncExternalStore(offline.listen, offline.get)
  const language = useLanguage()
  return (
    <div role="status" className="offline">
      {isOffline && <p>{language.t('offline')}</p>}
    </div>
  )
}

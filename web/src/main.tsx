import './style/base.css'
import './style/pages.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Unreachable } from '../client/session'
import { App } from './app'
import { ApiError } from './fetch'
import { Language, LanguageProvider, loadMessages, preferredLocale } from './i18n'
import { applyTheme } from './theme'

// A page of the version before asks for files that are gone. Without a network, the page stays.
addEventListener('vite:preloadError', () => {
  void fetch('/app', { method: 'HEAD' }).then(({ ok }) => ok && location.reload(), () => {})
})

applyTheme()
const locale = preferredLocale()
const language = new Language(locale, await loadMessages(locale))

const root = document.getElementById('root')
if (root) {
  // A boundary shows what the service answered; all else is a fault of the client.
  const onCaughtError = (error: unknown) => {
    if (!(error instanceof ApiError || error instanceof Unreachable)) console.error(error)
  }
  createRoot(root, { onCaughtError }).render(
    <StrictMode>
      <LanguageProvider first={language}>
        <App />
      </LanguageProvider>
    </StrictMode>,
  )
}

// Shows the client, and what was read before, without a network.
if (import.meta.env.PROD && 'serviceWorker' in navigator) void navigator.serviceWorker.register('/app/sw.js', { scope: '/app' }).catch(() => {})

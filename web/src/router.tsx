// The paths under /app, over the History API.
import { startTransition, useSyncExternalStore, type AnchorHTMLAttributes, type MouseEvent } from 'react'

const BASE = '/app'
const listeners = new Set<() => void>()

const changed = () => {
  for (const listener of listeners) listener()
}
addEventListener('popstate', changed)

function listen(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** The path under /app, such as `/readings`; `/` for /app itself. */
export function usePath(): string {
  return useSyncExternalStore(listen, currentPath)
}

export function currentPath(): string {
  return location.pathname.slice(BASE.length).replace(/\/$/, '') || '/'
}

/** The URL of a path under /app. */
export const urlOf = (path: string) => BASE + (path === '/' ? '' : path)

/** The token after the # of a link: `/app/reset#token=…`. Servers and their logs never have it. */
const tokenOf = () => new URLSearchParams(location.hash.slice(1)).get('token') ?? ''

function listenToHash(listener: () => void): () => void {
  addEventListener('hashchange', listener)
  return () => removeEventListener('hashchange', listener)
}

export const useToken = () => useSyncExternalStore(listenToHash, tokenOf)

export function navigate(path: string, how: 'push' | 'replace' = 'push'): void {
  history[how === 'push' ? 'pushState' : 'replaceState'](null, '', urlOf(path))
  scrollTo(0, 0)
  startTransition(changed)
}

export function Link({ to, ...rest }: { to: string } & AnchorHTMLAttributes<HTMLAnchorElement>) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    rest.onClick?.(event)
    const isPlain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
    if (!isPlain || event.defaultPrevented) return
    event.preventDefault()
    navigate(to)
  }
  return <a {...rest} href={urlOf(to)} onClick={follow} />
}

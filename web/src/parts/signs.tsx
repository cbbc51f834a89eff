// The signs: plain geometry, drawn in the colour of the text. Four lobes for the service, as of a kola nut; for the
// advisors a crossing, a river, thunder, and the sea.
import type { ReactNode } from 'react'
import type { Advisor } from '../advisors'

export function Lobes() {
  return (
    <svg className="lobes" viewBox="0 0 32 32" aria-hidden="true">
      <path d="M15 15V5a10 10 0 0 0-10 10Z" />
      <path d="M17 15h10A10 10 0 0 0 17 5Z" />
      <path d="M17 17v10a10 10 0 0 0 10-10Z" />
      <path d="M15 17H5a10 10 0 0 0 10 10Z" />
    </svg>
  )
}

const SIGNS: Record<Advisor, ReactNode> = {
  LEGBA: (
    <>
      <path d="M24 3v13M24 32v13M3 24h13M32 24h13" />
      <path d="M24 16l8 8-8 8-8-8Z" />
      <path d="M9 9l6 6M39 9l-6 6M9 39l6-6M39 39l-6-6" />
    </>
  ),
  OSHUN: (
    <>
      <path d="M3 14c7-8 14 8 21 0s14 8 21 0" />
      <path d="M3 24c7-8 14 8 21 0s14 8 21 0" />
      <path d="M3 34c7-8 14 8 21 0s14 8 21 0" />
    </>
  ),
  SHANGO: (
    <>
      <path d="M4 18L14 6l10 12L34 6l10 12" />
      <path d="M4 30l10-12 10 12 10-12 10 12" />
      <path d="M4 42l10-12 10 12 10-12 10 12" />
    </>
  ),
  YEMAYA: (
    <>
      <path d="M3 40a21 21 0 0 1 42 0" />
      <path d="M10 40a14 14 0 0 1 28 0" />
      <path d="M17 40a7 7 0 0 1 14 0" />
      <path d="M3 19A21 21 0 0 1 13.500 8M45 19A21 21 0 0 0 34.500 8" />
    </>
  ),
}

export function Sign({ of }: { of: Advisor }) {
  return (
    <svg className="sign" viewBox="0 0 48 48" aria-hidden="true">
      {SIGNS[of]}
    </svg>
  )
}

/** Of a favourite; with a title where no word stands beside it. */
export function Star({ title }: { title?: string }) {
  return (
    <svg className="star" viewBox="0 0 24 24" role={title && 'img'} aria-label={title} aria-hidden={title ? undefined : true}>
      <path d="M12 3.5 14.6 9l6 .7-4.4 4.1 1.2 5.9-5.4-3-5.4 3 1.2-5.9L3.4 9.7l6-.7Z" />
    </svg>
  )
}

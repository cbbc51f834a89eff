import { useEffect, useRef, type RefObject } from 'react'

/** For a form: after an error, the first field that fails has the focus, or else the button that was pressed. */
export function useErrorFocus(error: unknown): RefObject<HTMLFormElement | null> {
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => {
    if (error === null) return
    const field = form.current?.querySelector<HTMLElement>('[aria-invalid=true]')
    const target = field ?? form.current?.querySelector<HTMLElement>('[type=submit]')
    target?.focus()
  }, [error])
  return form
}

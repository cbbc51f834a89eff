import { useEffect, useRef, useState, type FormEvent, type ReactNode } from 'react'
import { describe } from '../errors'
import { useErrorFocus } from '../focus'
import { useLanguage } from '../i18n'

interface ConfirmProps {
  title: string
  text: string
  action: string
  onConfirm: (form: FormData) => Promise<void>
  onClose: () => void
  /** Fields that are filled in before. */
  children?: ReactNode
}

/** Asks before what cannot be undone. */
export function Confirm({ title, text, action, onConfirm, onClose, children }: ConfirmProps) {
  const language = useLanguage()
  const dialog = useRef<HTMLDialogElement>(null)
  const [error, setError] = useState<unknown>(null)
  const form = useErrorFocus(error)
  const [isBusy, setBusy] = useState(false)
  useEffect(() => dialog.current?.showModal(), [])

  const confirm = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    setBusy(true)
    try {
      await onConfirm(new FormData(event.currentTarget))
    } catch (failed) {
      setError(failed)
      setBusy(false)
    }
  }
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="confirm-title">
      <form ref={form} onSubmit={(event) => void confirm(event)}>
        <h2 id="confirm-title">{title}</h2>
        <p>{text}</p>
        {children}
        <div role="alert">{error !== null && <p className="error">{describe(error, language)}</p>}</div>
        <div className="actions">
          <button type="submit" className="danger" disabled={isBusy}>
            {action}
          </button>
          <button type="button" onClick={onClose}>
            {language.t('cancel')}
          </button>
        </div>
      </form>
    </dialog>
  )
}

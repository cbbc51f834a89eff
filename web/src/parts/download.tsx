import { useState } from 'react'
import { Unreachable, type Result } from '../../client/session'
import { describe } from '../errors'
import { ApiError } from '../fetch'
import { useLanguage } from '../i18n'
import { session } from '../session'

const FILE = 'mula-export.jsonl'

/** All that the service has of a user, as a file. */
export function Download() {
  const language = useLanguage()
  const [error, setError] = useState<unknown>(null)
  const [isBusy, setBusy] = useState(false)
  const download = async () => {
    setError(null)
    setBusy(true)
    try {
      save(await fetchExport())
    } catch (failed) {
      setError(failed)
    } finally {
      setBusy(false)
    }
  }
  return (
    <section aria-labelledby="download">
      <h2 id="download">{language.t('account.download')}</h2>
      <p>{language.t('account.download.text')}</p>
      <div role="alert">{error !== null && <p className="error">{describe(error, language)}</p>}</div>
      <button type="button" disabled={isBusy} onClick={() => void download()}>
        {language.t(isBusy ? 'loading' : 'account.download')}
      </button>
    </section>
  )
}

/** A file that broke off is none: its reading fails. */
async function fetchExport(): Promise<Blob> {
  const headers = await session.authorization()
  const broken = (error: unknown) => {
    throw new Unreachable(String(error))
  }
  const response = await fetch('/export', { headers }).catch(broken)
  if (response.ok) return response.blob().catch(broken)
  const { errors } = (await response.json().catch(() => ({}))) as Result<never>
  throw new ApiError(errors ?? [])
}

function save(file: Blob): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = FILE
  link.click()
  URL.revokeObjectURL(link.href)
}

import { useRef, useState } from 'react'
import { graphql, useFragment } from 'react-relay'
import type { share_reading$key } from '../__generated__/share_reading.graphql'
import type { shareMakeMutation } from '../__generated__/shareMakeMutation.graphql'
import type { shareStopMutation } from '../__generated__/shareStopMutation.graphql'
import { describe } from '../errors'
import { useLanguage } from '../i18n'
import { useMutate } from '../mutate'
import { urlOf } from '../router'

/** The link that shows a reading to anyone. */
export function Share({ of }: { of: share_reading$key }) {
  const language = useLanguage()
  const [error, setError] = useState<unknown>(null)
  const [isOpen, setOpen] = useState(false)
  const { id, isShareable, share } = useFragment(
    graphql`
      fragment share_reading on Reading {
        id
        isShareable
        share {
          token
        }
      }
    `,
    of,
  )
  const [make, isMaking] = useMutate<shareMakeMutation>(graphql`
    mutation shareMakeMutation($input: ShareReadingInput!) {
      shareReading(input: $input) {
        reading {
          ...share_reading
        }
      }
    }
  `)
  const [stop, isStopping] = useMutate<shareStopMutation>(graphql`
    mutation shareStopMutation($input: UnshareReadingInput!) {
      unshareReading(input: $input) {
        reading {
          ...share_reading
        }
      }
    }
  `)
  if (!isShareable && !share) return null
  const attempt = async (action: Promise<unknown>) => {
    setError(null)
    try {
      await action
    } catch (failed) {
      setError(failed)
    }
  }
  return (
    <details className="share" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{language.t(share ? 'share.shared' : 'share.action')}</summary>
      <p>{language.t('share.text')}</p>
      {share && <Copied key={share.token} link={`${location.origin}${urlOf('/shared')}#token=${share.token}`} />}
      <div className="actions">
        {share ? (
          <button type="button" className="quiet" disabled={isStopping} onClick={() => void attempt(stop({ input: { id } }))}>
            {language.t('share.stop')}
          </button>
        ) : (
          <button type="button" disabled={isMaking} onClick={() => void attempt(make({ input: { id } }))}>
            {language.t('share.make')}
          </button>
        )}
      </div>
      <div role="alert">{error !== null && <p className="error">{describe(error, language)}</p>}</div>
    </details>
  )
}

function Copied({ link }: { link: string }) {
  const language = useLanguage()
  const field = useRef<HTMLInputElement>(null)
  const [isCopied, setCopied] = useState(false)
  const copy = async () => {
    // Also where a browser lets no page copy: without TLS.
    field.current?.select()
    try {
      await navigator.clipboard.writeText(link)
      setCopied(true)
    } catch {
      setCopied(false)
    }
  }
  return (
    <>
      <div className="field">
        <label htmlFor="share-link">{language.t('share.link')}</label>
        <span>
          <input id="share-link" ref={field} readOnly value={link} onFocus={(event) => event.target.select()} />
          <button type="button" onClick={() => void copy()}>
            {language.t('share.copy')}
          </button>
        </span>
      </div>
      <div role="status">{isCopied && <p>{language.t('share.copied')}</p>}</div>
    </>
  )
}

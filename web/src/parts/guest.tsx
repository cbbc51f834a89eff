import { useState } from 'react'
import { graphql } from 'react-relay'
import type { guestContinueMutation } from '../__generated__/guestContinueMutation.graphql'
import { describe } from '../errors'
import { useLanguage } from '../i18n'
import { useMutate } from '../mutate'
import { Link, navigate } from '../router'
import { session } from '../session'
import { useService } from './service'

/** The way in without an account, where there is one. */
export function ContinueAsGuest() {
  const language = useLanguage()
  const service = useService()
  const [error, setError] = useState<unknown>(null)
  const [begin, isBusy] = useMutate<guestContinueMutation>(graphql`
    mutation guestContinueMutation {
      continueAsGuest {
        accessToken
        expiresIn
      }
    }
  `)
  if (!service?.guests) return null
  const goOn = async () => {
    try {
      const { continueAsGuest } = await begin({})
      if (!continueAsGuest) return
      session.start(continueAsGuest)
      navigate('/', 'replace')
    } catch (failed) {
      setError(failed)
    }
  }
  return (
    <>
      <p>
        <button type="button" disabled={isBusy} onClick={() => void goOn()}>
          {language.t('register.guest')}
        </button>
      </p>
      <div role="alert">{error !== null && <p className="error">{describe(error, language)}</p>}</div>
    </>
  )
}

/** What a guest is to know. */
export function GuestNotice() {
  const language = useLanguage()
  return (
    <div className="notice">
      <p>{language.t('guest.text')}</p>
      <p>
        <Link to="/claim">{language.t('claim.title')}</Link>
      </p>
    </div>
  )
}

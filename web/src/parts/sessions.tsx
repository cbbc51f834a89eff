import { useState } from 'react'
import { graphql, useFragment } from 'react-relay'
import type { sessions_user$data, sessions_user$key } from '../__generated__/sessions_user.graphql'
import type { sessionsLogoutMutation } from '../__generated__/sessionsLogoutMutation.graphql'
import type { sessionsOthersMutation } from '../__generated__/sessionsOthersMutation.graphql'
import type { sessionsRevokeMutation } from '../__generated__/sessionsRevokeMutation.graphql'
import { describe } from '../errors'
import { useLanguage } from '../i18n'
import { useMutate } from '../mutate'
import { navigate } from '../router'
import { session } from '../session'
import { Confirm } from './confirm'

export function Sessions({ of }: { of: sessions_user$key }) {
  const language = useLanguage()
  const [error, setError] = useState<unknown>(null)
  const [ended, setEnded] = useState<number | null>(null)
  const [isLeaving, setLeaving] = useState(false)
  const { sessions, isGuest } = useFragment(
    graphql`
      fragment sessions_user on User {
        isGuest
        sessions {
          id
          lastUsedAt
          label
          userAgent
          isCurrent
        }
      }
    `,
    of,
  )
  const [logout, isBusy] = useMutate<sessionsLogoutMutation>(graphql`
    mutation sessionsLogoutMutation($input: LogoutInput!) {
      logout(input: $input) {
        revokedSessions
      }
    }
  `)
  const [endOthers, isEnding] = useMutate<sessionsOthersMutation>(graphql`
    mutation sessionsOthersMutation {
      revokeOtherSessions {
        revokedSessions
        user {
          ...sessions_user
          ...activity_user
        }
      }
    }
  `)
  const others = async () => {
    setError(null)
    try {
      const { revokeOtherSessions } = await endOthers({})
      setEnded(revokeOtherSessions?.revokedSessions ?? 0)
    } catch (failed) {
      setError(failed)
    }
  }
  const leave = async (everywhere: boolean) => {
    await logout({ input: { everywhere } })
    session.end()
    navigate('/')
  }
  const signOut = (everywhere: boolean) => {
    setError(null)
    leave(everywhere).catch(setError)
  }
  return (
    <section aria-labelledby="sessions">
      <h2 id="sessions">{language.t('sessions.title')}</h2>
      <ul className="rows">
        {sessions.map((one) => (
          <Item key={one.id} of={one} onError={setError} />
        ))}
      </ul>
      <div role="status">{ended !== null && <p>{language.count('sessions.others.done', ended)}</p>}</div>
      <div role="alert">{error !== null && <p className="error">{describe(error, language)}</p>}</div>
      <div className="actions">
        <button type="button" disabled={isBusy} onClick={() => (isGuest ? setLeaving(true) : signOut(false))}>
          {language.t('sessions.signOut')}
        </button>
        {sessions.length > 1 && (
          <>
            <button type="button" disabled={isEnding} onClick={() => void others()}>
              {language.t('sessions.others')}
            </button>
            <button type="button" disabled={isBusy} onClick={() => signOut(true)}>
              {language.t('sessions.everywhere')}
            </button>
          </>
        )}
      </div>
      {isLeaving && (
        <Confirm
          title={language.t('sessions.signOut')}
          text={language.t('guest.leave')}
          action={language.t('sessions.signOut')}
          onConfirm={() => leave(false)}
          onClose={() => setLeaving(false)}
        />
      )}
    </section>
  )
}

interface ItemProps {
  of: sessions_user$data['sessions'][number]
  onError: (error: unknown) => void
}

function Item({ of: { id, lastUsedAt, label, userAgent, isCurrent }, onError }: ItemProps) {
  const language = useLanguage()
  const [revoke, isRevoking] = useMutate<sessionsRevokeMutation>(graphql`
    mutation sessionsRevokeMutation($input: RevokeSessionInput!) {
      revokeSession(input: $input) {
        user {
          ...sessions_user
          ...activity_user
        }
      }
    }
  `)
  // The label is in English: a browser "on" a system.
  const device = label?.replace(' on ', ' · ') ?? language.t('sessions.unknown')
  return (
    <li>
      <span>
        <strong title={userAgent ?? undefined}>{device}</strong>
        <small>
          {isCurrent ? language.t('sessions.current') : language.t('sessions.used', { date: language.ago(lastUsedAt) })}
        </small>
      </span>
      {!isCurrent && (
        <button
          type="button"
          disabled={isRevoking}
          aria-label={language.t('sessions.revoke.of', { device })}
          onClick={() => void revoke({ input: { id } }).catch(onError)}
        >
          {language.t('sessions.revoke')}
        </button>
      )}
    </li>
  )
}

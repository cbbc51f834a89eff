import { graphql, useLazyLoadQuery } from 'react-relay'
import type { profileQuery } from '../__generated__/profileQuery.graphql'
import { useLanguage } from '../i18n'
import { Account } from '../parts/account'
import { Activity } from '../parts/activity'
import { Address } from '../parts/address'
import { Download } from '../parts/download'
import { GuestNotice } from '../parts/guest'
import { ProfileForm } from '../parts/profile-form'
import { Sessions } from '../parts/sessions'
import { Usage } from '../parts/usage'
import { useTitle } from '../title'

export default function Profile() {
  const language = useLanguage()
  useTitle(language.t('profile.title'))
  const { profile } = useLazyLoadQuery<profileQuery>(
    graphql`
      query profileQuery {
        profile {
          username
          email
          isGuest
          createdAt
          usage {
            ...usage_usage
          }
          ...profileForm_user
          ...address_user
          ...sessions_user
          ...activity_user
        }
      }
    `,
    {},
    { fetchPolicy: 'store-and-network' },
  )
  if (!profile) return null
  const { isGuest } = profile
  const since = language.t('profile.since', { date: language.date(profile.createdAt) })
  return (
    <div className="page profile">
      <h1>{isGuest ? language.t('guest.title') : profile.username}</h1>
      <p>{isGuest ? since : `${profile.email} · ${since}`}</p>
      {isGuest && <GuestNotice />}
      <Usage of={profile.usage} />
      <ProfileForm of={profile} />
      {!isGuest && <Address of={profile} />}
      <Sessions of={profile} />
      <Activity of={profile} />
      <Download />
      <Account email={isGuest ? null : profile.email} />
    </div>
  )
}

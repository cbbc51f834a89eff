import { graphql, useLazyLoadQuery } from 'react-relay'
import type { profileQuery } from '../__generated__/profileQuery.graphql'
import { useLanguage } from '../i18n'
import { Account } from '../parts/account'
import { Address } from '../parts/address'
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
          createdAt
          usage {
            ...usage_usage
          }
          ...profileForm_user
          ...address_user
          ...sessions_user
        }
      }
    `,
    {},
    { fetchPolicy: 'store-and-network' },
  )
  if (!profile) return null
  return (
    <div className="page profile">
      <h1>{profile.username}</h1>
      <p>
        {profile.email} · {language.t('profile.since', { date: language.date(profile.createdAt) })}
      </p>
      <Usage of={profile.usage} />
      <ProfileForm of={profile} />
      <Address of={profile} />
      <Sessions of={profile} />
      <Account email={profile.email} />
    </div>
  )
}

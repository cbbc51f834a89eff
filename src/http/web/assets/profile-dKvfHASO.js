import{r as e}from"./useRelayEnvironment-BmokcvD4.js";import{r as t,t as n}from"./useFragment-CqlXVFbc.js";import{c as r,i,l as a,o,t as s}from"./title-CRfy7NIO.js";import{i as c,n as l,t as u}from"./jsx-runtime-DyZJNswf.js";import{n as d,t as f}from"./errors-XWM8huKG.js";import{t as p}from"./focus-42vCSA4b.js";import{t as m}from"./mutate-Cdsl7AiN.js";import{n as h}from"./router-CxwAVwmQ.js";import{a as g,s as _,t as v}from"./fetch-BCnaLSPK.js";import{t as y}from"./confirm-BqWQpFMq.js";import{t as b}from"./field-BZKcFeqI.js";import{t as x}from"./usePaginationFragment-DNp7umdh.js";import{t as S}from"./service-CkcvwNot.js";import{n as C}from"./guest-CC3H__iF.js";e();var w=(function(){var e={alias:null,args:null,kind:`ScalarField`,name:`username`,storageKey:null},t={alias:null,args:null,kind:`ScalarField`,name:`email`,storageKey:null},n={alias:null,args:null,kind:`ScalarField`,name:`isGuest`,storageKey:null},r={alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},i={alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},a={alias:null,args:null,kind:`ScalarField`,name:`userAgent`,storageKey:null},o=[{kind:`Literal`,name:`first`,value:5}];return{fragment:{argumentDefinitions:[],kind:`Fragment`,metadata:null,name:`profileQuery`,selections:[{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`profile`,plural:!1,selections:[e,t,n,r,{alias:null,args:null,concreteType:`Usage`,kind:`LinkedField`,name:`usage`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`usage_usage`}],storageKey:null},{args:null,kind:`FragmentSpread`,name:`profileForm_user`},{args:null,kind:`FragmentSpread`,name:`address_user`},{args:null,kind:`FragmentSpread`,name:`sessions_user`},{args:null,kind:`FragmentSpread`,name:`activity_user`}],storageKey:null}],type:`Query`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:[],kind:`Operation`,name:`profileQuery`,selections:[{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`profile`,plural:!1,selections:[e,t,n,r,{alias:null,args:null,concreteType:`Usage`,kind:`LinkedField`,name:`usage`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`readingsToday`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`readingsPerDay`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`tokensThisMonth`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`costThisMonth`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`costPerMonth`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`resetsAt`,storageKey:null},i],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`locale`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`memory`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isEmailVerified`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`pendingEmail`,storageKey:null},{alias:null,args:null,concreteType:`Session`,kind:`LinkedField`,name:`sessions`,plural:!0,selections:[i,{alias:null,args:null,kind:`ScalarField`,name:`lastUsedAt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`label`,storageKey:null},a,{alias:null,args:null,kind:`ScalarField`,name:`isCurrent`,storageKey:null}],storageKey:null},{alias:null,args:o,concreteType:`AccountEventConnection`,kind:`LinkedField`,name:`events`,plural:!1,selections:[{alias:null,args:null,concreteType:`AccountEventEdge`,kind:`LinkedField`,name:`edges`,plural:!0,selections:[{alias:null,args:null,concreteType:`AccountEvent`,kind:`LinkedField`,name:`node`,plural:!1,selections:[i,{alias:null,args:null,kind:`ScalarField`,name:`kind`,storageKey:null},r,a,{alias:null,args:null,kind:`ScalarField`,name:`__typename`,storageKey:null}],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`cursor`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`PageInfo`,kind:`LinkedField`,name:`pageInfo`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`endCursor`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`hasNextPage`,storageKey:null}],storageKey:null}],storageKey:`events(first:5)`},{alias:null,args:o,filters:null,handle:`connection`,key:`activity_events`,kind:`LinkedHandle`,name:`events`},i],storageKey:null}]},params:{cacheID:`d1f8e582f21c33d1a2396b7fd1a59e80`,id:null,metadata:{},name:`profileQuery`,operationKind:`query`,text:`query profileQuery {
  profile {
    username
    email
    isGuest
    createdAt
    usage {
      ...usage_usage
      id
    }
    ...profileForm_user
    ...address_user
    ...sessions_user
    ...activity_user
    id
  }
}

fragment activity_user on User {
  events(first: 5) {
    edges {
      node {
        id
        kind
        createdAt
        userAgent
        __typename
      }
      cursor
    }
    pageInfo {
      endCursor
      hasNextPage
    }
  }
  id
}

fragment address_user on User {
  email
  isEmailVerified
  pendingEmail
}

fragment profileForm_user on User {
  username
  locale
  memory
}

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

fragment usage_usage on Usage {
  readingsToday
  readingsPerDay
  tokensThisMonth
  costThisMonth
  costPerMonth
  resetsAt
}
`}}})();w.hash=`39bb3eb089a69622e24751d3cd10b446`;var T=c(t(),1),E=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{alias:null,args:[{kind:`Variable`,name:`input`,variableName:`input`}],concreteType:`DeleteAccountPayload`,kind:`LinkedField`,name:`deleteAccount`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`deletedUserId`,storageKey:null}],storageKey:null}];return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`accountDeleteMutation`,selections:t,type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`accountDeleteMutation`,selections:t},params:{cacheID:`f63550e4d798470efda103037da9c612`,id:null,metadata:{},name:`accountDeleteMutation`,operationKind:`mutation`,text:`mutation accountDeleteMutation(
  $input: DeleteAccountInput!
) {
  deleteAccount(input: $input) {
    deletedUserId
  }
}
`}}})();E.hash=`1fe1e12f6c413c78dfc1c9c3062b98fd`;var D=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{kind:`Variable`,name:`input`,variableName:`input`}],n={alias:null,args:null,kind:`ScalarField`,name:`revokedSessions`,storageKey:null},r={alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},i={alias:null,args:null,kind:`ScalarField`,name:`userAgent`,storageKey:null},a=[{kind:`Literal`,name:`first`,value:5}];return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`accountPasswordMutation`,selections:[{alias:null,args:t,concreteType:`ChangePasswordPayload`,kind:`LinkedField`,name:`changePassword`,plural:!1,selections:[n,{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`user`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`sessions_user`},{args:null,kind:`FragmentSpread`,name:`activity_user`}],storageKey:null}],storageKey:null}],type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`accountPasswordMutation`,selections:[{alias:null,args:t,concreteType:`ChangePasswordPayload`,kind:`LinkedField`,name:`changePassword`,plural:!1,selections:[n,{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`user`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`isGuest`,storageKey:null},{alias:null,args:null,concreteType:`Session`,kind:`LinkedField`,name:`sessions`,plural:!0,selections:[r,{alias:null,args:null,kind:`ScalarField`,name:`lastUsedAt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`label`,storageKey:null},i,{alias:null,args:null,kind:`ScalarField`,name:`isCurrent`,storageKey:null}],storageKey:null},{alias:null,args:a,concreteType:`AccountEventConnection`,kind:`LinkedField`,name:`events`,plural:!1,selections:[{alias:null,args:null,concreteType:`AccountEventEdge`,kind:`LinkedField`,name:`edges`,plural:!0,selections:[{alias:null,args:null,concreteType:`AccountEvent`,kind:`LinkedField`,name:`node`,plural:!1,selections:[r,{alias:null,args:null,kind:`ScalarField`,name:`kind`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},i,{alias:null,args:null,kind:`ScalarField`,name:`__typename`,storageKey:null}],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`cursor`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`PageInfo`,kind:`LinkedField`,name:`pageInfo`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`endCursor`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`hasNextPage`,storageKey:null}],storageKey:null}],storageKey:`events(first:5)`},{alias:null,args:a,filters:null,handle:`connection`,key:`activity_events`,kind:`LinkedHandle`,name:`events`},r],storageKey:null}],storageKey:null}]},params:{cacheID:`c9cb3faf91da9cbe045db6f7862ca402`,id:null,metadata:{},name:`accountPasswordMutation`,operationKind:`mutation`,text:`mutation accountPasswordMutation(
  $input: ChangePasswordInput!
) {
  changePassword(input: $input) {
    revokedSessions
    user {
      ...sessions_user
      ...activity_user
      id
    }
  }
}

fragment activity_user on User {
  events(first: 5) {
    edges {
      node {
        id
        kind
        createdAt
        userAgent
        __typename
      }
      cursor
    }
    pageInfo {
      endCursor
      hasNextPage
    }
  }
  id
}

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
`}}})();D.hash=`adce221f77a5e490acc4b02418cbbb08`;var O=l(),k=u();function A({email:e}){let t=a(),[n,r]=(0,O.useState)(!1),[i]=m(E);return(0,k.jsxs)(k.Fragment,{children:[e&&(0,k.jsx)(j,{email:e}),(0,k.jsxs)(`section`,{"aria-labelledby":`delete-account`,children:[(0,k.jsx)(`h2`,{id:`delete-account`,children:t.t(`account.delete`)}),(0,k.jsx)(`p`,{children:t.t(`account.delete.text`)}),(0,k.jsx)(`button`,{type:`button`,className:`danger`,onClick:()=>r(!0),children:t.t(`account.delete`)})]}),n&&(0,k.jsx)(y,{title:t.t(`account.delete`),text:t.t(`account.delete.sure`),action:t.t(`account.delete`),onConfirm:async e=>{await i({input:{password:String(e.get(`password`)??``)}}),g.end(),h(`/`)},onClose:()=>r(!1),children:e&&(0,k.jsx)(b,{name:`password`,label:t.t(`field.password`),type:`password`,autoComplete:`current-password`})})]})}function j({email:e}){let t=a(),[n,r]=(0,O.useState)(null),i=p(n),[o,s]=(0,O.useState)(null),[c,l]=m(D),u=async e=>{e.preventDefault();let t=e.currentTarget,n=e=>String(new FormData(t).get(e));s(null);try{let e={currentPassword:n(`currentPassword`),newPassword:n(`newPassword`)},{changePassword:i}=await c({input:e});r(null),s(i?.revokedSessions??0),t.reset()}catch(e){r(e)}},h=d(n,t);return(0,k.jsxs)(`section`,{"aria-labelledby":`password`,children:[(0,k.jsx)(`h2`,{id:`password`,children:t.t(`account.password`)}),(0,k.jsxs)(`form`,{ref:i,onSubmit:e=>void u(e),noValidate:!0,children:[(0,k.jsx)(`input`,{type:`text`,name:`username`,autoComplete:`username`,value:e,readOnly:!0,hidden:!0}),(0,k.jsx)(b,{name:`currentPassword`,label:t.t(`field.currentPassword`),type:`password`,autoComplete:`current-password`,error:h.currentPassword}),(0,k.jsx)(b,{name:`newPassword`,label:t.t(`field.newPassword`),type:`password`,autoComplete:`new-password`,hint:t.t(`field.password.hint`),error:h.newPassword}),(0,k.jsx)(`div`,{role:`alert`,children:n!==null&&Object.keys(h).length===0&&(0,k.jsx)(`p`,{className:`error`,children:f(n,t)})}),(0,k.jsx)(`div`,{className:`actions`,children:(0,k.jsx)(`button`,{type:`submit`,disabled:l,children:t.t(`account.password`)})}),(0,k.jsx)(`div`,{role:`status`,children:o!==null&&(0,k.jsx)(`p`,{children:t.count(`account.password.done`,o)})})]})]})}var M=(function(){var e=[{defaultValue:5,kind:`LocalArgument`,name:`count`},{defaultValue:null,kind:`LocalArgument`,name:`cursor`},{defaultValue:null,kind:`LocalArgument`,name:`id`}],t=[{kind:`Variable`,name:`id`,variableName:`id`}],n={alias:null,args:null,kind:`ScalarField`,name:`__typename`,storageKey:null},r={alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},i=[{kind:`Variable`,name:`after`,variableName:`cursor`},{kind:`Variable`,name:`first`,variableName:`count`}];return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`activityPageQuery`,selections:[{alias:null,args:t,concreteType:null,kind:`LinkedField`,name:`node`,plural:!1,selections:[{args:[{kind:`Variable`,name:`count`,variableName:`count`},{kind:`Variable`,name:`cursor`,variableName:`cursor`}],kind:`FragmentSpread`,name:`activity_user`}],storageKey:null}],type:`Query`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`activityPageQuery`,selections:[{alias:null,args:t,concreteType:null,kind:`LinkedField`,name:`node`,plural:!1,selections:[n,r,{kind:`InlineFragment`,selections:[{alias:null,args:i,concreteType:`AccountEventConnection`,kind:`LinkedField`,name:`events`,plural:!1,selections:[{alias:null,args:null,concreteType:`AccountEventEdge`,kind:`LinkedField`,name:`edges`,plural:!0,selections:[{alias:null,args:null,concreteType:`AccountEvent`,kind:`LinkedField`,name:`node`,plural:!1,selections:[r,{alias:null,args:null,kind:`ScalarField`,name:`kind`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`userAgent`,storageKey:null},n],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`cursor`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`PageInfo`,kind:`LinkedField`,name:`pageInfo`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`endCursor`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`hasNextPage`,storageKey:null}],storageKey:null}],storageKey:null},{alias:null,args:i,filters:null,handle:`connection`,key:`activity_events`,kind:`LinkedHandle`,name:`events`}],type:`User`,abstractKey:null}],storageKey:null}]},params:{cacheID:`c1afadab4fe8d80c6b72fbf386685776`,id:null,metadata:{},name:`activityPageQuery`,operationKind:`query`,text:`query activityPageQuery(
  $count: Int = 5
  $cursor: String
  $id: ID!
) {
  node(id: $id) {
    __typename
    ...activity_user_1G22uz
    id
  }
}

fragment activity_user_1G22uz on User {
  events(first: $count, after: $cursor) {
    edges {
      node {
        id
        kind
        createdAt
        userAgent
        __typename
      }
      cursor
    }
    pageInfo {
      endCursor
      hasNextPage
    }
  }
  id
}
`}}})();M.hash=`54829f39d3b042383acd57434cffcdbb`;var N=(function(){var e=[`events`],t={alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null};return{argumentDefinitions:[{defaultValue:5,kind:`LocalArgument`,name:`count`},{defaultValue:null,kind:`LocalArgument`,name:`cursor`}],kind:`Fragment`,metadata:{connection:[{count:`count`,cursor:`cursor`,direction:`forward`,path:e}],refetch:{connection:{forward:{count:`count`,cursor:`cursor`},backward:null,path:e},fragmentPathInResult:[`node`],operation:M,identifierInfo:{identifierField:`id`,identifierQueryVariableName:`id`}}},name:`activity_user`,selections:[{alias:`events`,args:null,concreteType:`AccountEventConnection`,kind:`LinkedField`,name:`__activity_events_connection`,plural:!1,selections:[{alias:null,args:null,concreteType:`AccountEventEdge`,kind:`LinkedField`,name:`edges`,plural:!0,selections:[{alias:null,args:null,concreteType:`AccountEvent`,kind:`LinkedField`,name:`node`,plural:!1,selections:[t,{alias:null,args:null,kind:`ScalarField`,name:`kind`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`userAgent`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`__typename`,storageKey:null}],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`cursor`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`PageInfo`,kind:`LinkedField`,name:`pageInfo`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`endCursor`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`hasNextPage`,storageKey:null}],storageKey:null}],storageKey:null},t],type:`User`,abstractKey:null}})();N.hash=`54829f39d3b042383acd57434cffcdbb`;var P=c(x(),1);function F({of:e}){let t=a(),[n,r]=(0,O.useState)(null),{data:i,hasNext:o,isLoadingNext:s,loadNext:c}=(0,P.default)(N,e);return(0,k.jsxs)(`section`,{"aria-labelledby":`activity`,children:[(0,k.jsx)(`h2`,{id:`activity`,children:t.t(`activity.title`)}),(0,k.jsx)(`ul`,{className:`rows`,children:i.events.edges.map(({node:{id:e,kind:n,createdAt:r,userAgent:i}})=>(0,k.jsx)(`li`,{children:(0,k.jsxs)(`span`,{children:[(0,k.jsx)(`strong`,{children:t.find(`activity.${n}`)??n}),(0,k.jsx)(`small`,{title:i??void 0,children:(0,k.jsx)(`time`,{dateTime:r,children:t.ago(r)})})]})},e))}),(0,k.jsx)(`div`,{role:`alert`,children:n!==null&&(0,k.jsx)(`p`,{className:`error`,children:f(n,t)})}),o&&(0,k.jsx)(`div`,{className:`actions`,children:(0,k.jsx)(`button`,{type:`button`,disabled:s,onClick:()=>{r(null),c(20,{onComplete:e=>r(e)})},children:t.t(s?`loading`:`readings.more`)})})]})}var I={argumentDefinitions:[],kind:`Fragment`,metadata:null,name:`address_user`,selections:[{alias:null,args:null,kind:`ScalarField`,name:`email`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isEmailVerified`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`pendingEmail`,storageKey:null}],type:`User`,abstractKey:null};I.hash=`9326304022d3ae53752f1b8ca772309f`;var L=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{kind:`Variable`,name:`input`,variableName:`input`}],n=[{kind:`Literal`,name:`first`,value:5}],r={alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null};return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`addressChangeMutation`,selections:[{alias:null,args:t,concreteType:`ChangeEmailPayload`,kind:`LinkedField`,name:`changeEmail`,plural:!1,selections:[{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`user`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`address_user`},{args:null,kind:`FragmentSpread`,name:`activity_user`}],storageKey:null}],storageKey:null}],type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`addressChangeMutation`,selections:[{alias:null,args:t,concreteType:`ChangeEmailPayload`,kind:`LinkedField`,name:`changeEmail`,plural:!1,selections:[{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`user`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`email`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isEmailVerified`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`pendingEmail`,storageKey:null},{alias:null,args:n,concreteType:`AccountEventConnection`,kind:`LinkedField`,name:`events`,plural:!1,selections:[{alias:null,args:null,concreteType:`AccountEventEdge`,kind:`LinkedField`,name:`edges`,plural:!0,selections:[{alias:null,args:null,concreteType:`AccountEvent`,kind:`LinkedField`,name:`node`,plural:!1,selections:[r,{alias:null,args:null,kind:`ScalarField`,name:`kind`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`userAgent`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`__typename`,storageKey:null}],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`cursor`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`PageInfo`,kind:`LinkedField`,name:`pageInfo`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`endCursor`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`hasNextPage`,storageKey:null}],storageKey:null}],storageKey:`events(first:5)`},{alias:null,args:n,filters:null,handle:`connection`,key:`activity_events`,kind:`LinkedHandle`,name:`events`},r],storageKey:null}],storageKey:null}]},params:{cacheID:`dc86f6f529c3966ce3a0795f748c9bc5`,id:null,metadata:{},name:`addressChangeMutation`,operationKind:`mutation`,text:`mutation addressChangeMutation(
  $input: ChangeEmailInput!
) {
  changeEmail(input: $input) {
    user {
      ...address_user
      ...activity_user
      id
    }
  }
}

fragment activity_user on User {
  events(first: 5) {
    edges {
      node {
        id
        kind
        createdAt
        userAgent
        __typename
      }
      cursor
    }
    pageInfo {
      endCursor
      hasNextPage
    }
  }
  id
}

fragment address_user on User {
  email
  isEmailVerified
  pendingEmail
}
`}}})();L.hash=`8b1384fbcd76e5bf3d129c3564b66e31`;var R={fragment:{argumentDefinitions:[],kind:`Fragment`,metadata:null,name:`addressResendMutation`,selections:[{alias:null,args:null,concreteType:`ResendVerificationPayload`,kind:`LinkedField`,name:`resendVerification`,plural:!1,selections:[{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`user`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`address_user`}],storageKey:null}],storageKey:null}],type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:[],kind:`Operation`,name:`addressResendMutation`,selections:[{alias:null,args:null,concreteType:`ResendVerificationPayload`,kind:`LinkedField`,name:`resendVerification`,plural:!1,selections:[{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`user`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`email`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isEmailVerified`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`pendingEmail`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null}],storageKey:null}],storageKey:null}]},params:{cacheID:`a61e308dfc4c46e8d3d82b5aa6970ea0`,id:null,metadata:{},name:`addressResendMutation`,operationKind:`mutation`,text:`mutation addressResendMutation {
  resendVerification {
    user {
      ...address_user
      id
    }
  }
}

fragment address_user on User {
  email
  isEmailVerified
  pendingEmail
}
`}};R.hash=`121791094fe482e33f0db2369a792510`;var z=c(n(),1);function B({of:e}){let t=a(),n=S(),[r,i]=(0,O.useState)(null),[o,s]=(0,O.useState)(null),c=p(r),{email:l,isEmailVerified:u,pendingEmail:h}=(0,z.default)(I,e),[g,_]=m(L),[v,y]=m(R),x=async e=>{i(null),s(null),await e().catch(i)},C=e=>{e.preventDefault();let n=e.currentTarget,r=e=>String(new FormData(n).get(e));x(async()=>{await g({input:{newEmail:r(`newEmail`),password:r(`password`)}}),n.reset(),s(t.t(`address.changed`))})},w=()=>x(async()=>{await v({}),s(t.t(`address.sent`))}),T=d(r,t);return(0,k.jsxs)(`section`,{"aria-labelledby":`address`,children:[(0,k.jsx)(`h2`,{id:`address`,children:t.t(`field.email`)}),(0,k.jsxs)(`p`,{children:[l,` `,u&&(0,k.jsx)(`small`,{children:t.t(`address.verified`)})]}),h&&(0,k.jsx)(`p`,{className:`notice`,children:t.t(`address.pending`,{email:h})}),n?.mail&&(!u||h)&&(0,k.jsx)(`button`,{type:`button`,disabled:y,onClick:()=>void w(),children:t.t(`address.resend`)}),(0,k.jsxs)(`form`,{ref:c,onSubmit:C,noValidate:!0,children:[(0,k.jsx)(b,{name:`newEmail`,label:t.t(`field.newEmail`),type:`email`,autoComplete:`email`,error:T.newEmail}),(0,k.jsx)(b,{name:`password`,label:t.t(`field.password`),type:`password`,autoComplete:`current-password`,error:T.password}),(0,k.jsx)(`div`,{className:`actions`,children:(0,k.jsx)(`button`,{type:`submit`,disabled:_,children:t.t(`address.change`)})})]}),(0,k.jsx)(`div`,{role:`alert`,children:r!==null&&Object.keys(T).length===0&&(0,k.jsx)(`p`,{className:`error`,children:f(r,t)})}),(0,k.jsx)(`div`,{role:`status`,children:o&&(0,k.jsx)(`p`,{children:o})})]})}var V=`mula-export.jsonl`;function H(){let e=a(),[t,n]=(0,O.useState)(null),[r,i]=(0,O.useState)(!1),o=async()=>{n(null),i(!0);try{W(await U())}catch(e){n(e)}finally{i(!1)}};return(0,k.jsxs)(`section`,{"aria-labelledby":`download`,children:[(0,k.jsx)(`h2`,{id:`download`,children:e.t(`account.download`)}),(0,k.jsx)(`p`,{children:e.t(`account.download.text`)}),(0,k.jsx)(`div`,{role:`alert`,children:t!==null&&(0,k.jsx)(`p`,{className:`error`,children:f(t,e)})}),(0,k.jsx)(`button`,{type:`button`,disabled:r,onClick:()=>void o(),children:e.t(r?`loading`:`account.download`)})]})}async function U(){let e=await g.authorization(),t=e=>{throw new _(String(e))},n=await fetch(`/export`,{headers:e}).catch(t);if(n.ok)return n.blob().catch(t);let{errors:r}=await n.json().catch(()=>({}));throw new v(r??[])}function W(e){let t=document.createElement(`a`);t.href=URL.createObjectURL(e),t.download=V,t.click(),URL.revokeObjectURL(t.href)}var G={argumentDefinitions:[],kind:`Fragment`,metadata:null,name:`profileForm_user`,selections:[{alias:null,args:null,kind:`ScalarField`,name:`username`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`locale`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`memory`,storageKey:null}],type:`User`,abstractKey:null};G.hash=`6d0dfe8e9bd67fdcad4e0d7216d8f7ee`;var K=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{kind:`Variable`,name:`input`,variableName:`input`}];return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`profileFormMutation`,selections:[{alias:null,args:t,concreteType:`UpdateProfilePayload`,kind:`LinkedField`,name:`updateProfile`,plural:!1,selections:[{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`user`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`profileForm_user`}],storageKey:null}],storageKey:null}],type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`profileFormMutation`,selections:[{alias:null,args:t,concreteType:`UpdateProfilePayload`,kind:`LinkedField`,name:`updateProfile`,plural:!1,selections:[{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`user`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`username`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`locale`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`memory`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null}],storageKey:null}],storageKey:null}]},params:{cacheID:`7eaed798ed3c14db160044955c7850cf`,id:null,metadata:{},name:`profileFormMutation`,operationKind:`mutation`,text:`mutation profileFormMutation(
  $input: UpdateProfileInput!
) {
  updateProfile(input: $input) {
    user {
      ...profileForm_user
      id
    }
  }
}

fragment profileForm_user on User {
  username
  locale
  memory
}
`}}})();K.hash=`cd48d5c4930bb775eb51305528955974`;function q({of:e}){let{language:t,choose:n}=r(),[a,s]=(0,O.useState)(null),c=p(a),[l,u]=(0,O.useState)(!1),{username:h,locale:g,memory:_}=(0,z.default)(G,e),[v,y]=m(K),x=async e=>{e.preventDefault();let t=new FormData(e.currentTarget),r=String(t.get(`locale`));u(!1);try{let e=t.has(`memory`);await v({input:{username:String(t.get(`username`)),locale:r,memory:e}}),s(null),u(!0);let a=J(r);i(a)&&n(a)}catch(e){s(e)}},S=d(a,t),C=J(g),w=o.map(({code:e,name:t})=>({code:e===C?g:e,name:t}));return(0,k.jsxs)(`section`,{"aria-labelledby":`profile-form`,children:[(0,k.jsx)(`h2`,{id:`profile-form`,children:t.t(`account.profile`)}),(0,k.jsxs)(`form`,{ref:c,onSubmit:e=>void x(e),noValidate:!0,children:[(0,k.jsx)(b,{name:`username`,label:t.t(`field.username`),autoComplete:`nickname`,defaultValue:h,error:S.username}),(0,k.jsxs)(`div`,{className:`field`,children:[(0,k.jsx)(`label`,{htmlFor:`profile-locale`,children:t.t(`field.locale`)}),(0,k.jsxs)(`select`,{id:`profile-locale`,name:`locale`,defaultValue:g,"aria-describedby":`profile-locale-hint`,children:[!i(C)&&(0,k.jsx)(`option`,{value:g,children:g}),w.map(({code:e,name:t})=>(0,k.jsx)(`option`,{value:e,lang:e,children:t},e))]}),(0,k.jsx)(`p`,{className:`hint`,id:`profile-locale-hint`,children:t.t(`field.locale.hint`)})]}),(0,k.jsxs)(`div`,{className:`field`,children:[(0,k.jsxs)(`label`,{className:`check`,children:[(0,k.jsx)(`input`,{type:`checkbox`,name:`memory`,defaultChecked:_,"aria-describedby":`profile-memory-hint`}),(0,k.jsx)(`span`,{children:t.t(`field.memory`)})]}),(0,k.jsx)(`p`,{className:`hint`,id:`profile-memory-hint`,children:t.t(`field.memory.hint`)})]}),(0,k.jsx)(`div`,{role:`alert`,children:a!==null&&Object.keys(S).length===0&&(0,k.jsx)(`p`,{className:`error`,children:f(a,t)})}),(0,k.jsx)(`div`,{className:`actions`,children:(0,k.jsx)(`button`,{type:`submit`,disabled:y,children:t.t(`account.profile.save`)})}),(0,k.jsx)(`div`,{role:`status`,children:l&&(0,k.jsx)(`p`,{children:t.t(`account.profile.done`)})})]})]})}var J=e=>e.split(`-`)[0]??``,Y={argumentDefinitions:[],kind:`Fragment`,metadata:null,name:`sessions_user`,selections:[{alias:null,args:null,kind:`ScalarField`,name:`isGuest`,storageKey:null},{alias:null,args:null,concreteType:`Session`,kind:`LinkedField`,name:`sessions`,plural:!0,selections:[{alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`lastUsedAt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`label`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`userAgent`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isCurrent`,storageKey:null}],storageKey:null}],type:`User`,abstractKey:null};Y.hash=`3426a52f6f71d00bd9ee55ca67c0d52c`;var X=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{alias:null,args:[{kind:`Variable`,name:`input`,variableName:`input`}],concreteType:`LogoutPayload`,kind:`LinkedField`,name:`logout`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`revokedSessions`,storageKey:null}],storageKey:null}];return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`sessionsLogoutMutation`,selections:t,type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`sessionsLogoutMutation`,selections:t},params:{cacheID:`b3ad6c19aa508abf088ac6084147b903`,id:null,metadata:{},name:`sessionsLogoutMutation`,operationKind:`mutation`,text:`mutation sessionsLogoutMutation(
  $input: LogoutInput!
) {
  logout(input: $input) {
    revokedSessions
  }
}
`}}})();X.hash=`798a7b60a03d499754c7fe9be5ef09de`;var Z=(function(){var e={alias:null,args:null,kind:`ScalarField`,name:`revokedSessions`,storageKey:null},t={alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},n={alias:null,args:null,kind:`ScalarField`,name:`userAgent`,storageKey:null},r=[{kind:`Literal`,name:`first`,value:5}];return{fragment:{argumentDefinitions:[],kind:`Fragment`,metadata:null,name:`sessionsOthersMutation`,selections:[{alias:null,args:null,concreteType:`RevokeOtherSessionsPayload`,kind:`LinkedField`,name:`revokeOtherSessions`,plural:!1,selections:[e,{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`user`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`sessions_user`},{args:null,kind:`FragmentSpread`,name:`activity_user`}],storageKey:null}],storageKey:null}],type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:[],kind:`Operation`,name:`sessionsOthersMutation`,selections:[{alias:null,args:null,concreteType:`RevokeOtherSessionsPayload`,kind:`LinkedField`,name:`revokeOtherSessions`,plural:!1,selections:[e,{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`user`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`isGuest`,storageKey:null},{alias:null,args:null,concreteType:`Session`,kind:`LinkedField`,name:`sessions`,plural:!0,selections:[t,{alias:null,args:null,kind:`ScalarField`,name:`lastUsedAt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`label`,storageKey:null},n,{alias:null,args:null,kind:`ScalarField`,name:`isCurrent`,storageKey:null}],storageKey:null},{alias:null,args:r,concreteType:`AccountEventConnection`,kind:`LinkedField`,name:`events`,plural:!1,selections:[{alias:null,args:null,concreteType:`AccountEventEdge`,kind:`LinkedField`,name:`edges`,plural:!0,selections:[{alias:null,args:null,concreteType:`AccountEvent`,kind:`LinkedField`,name:`node`,plural:!1,selections:[t,{alias:null,args:null,kind:`ScalarField`,name:`kind`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},n,{alias:null,args:null,kind:`ScalarField`,name:`__typename`,storageKey:null}],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`cursor`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`PageInfo`,kind:`LinkedField`,name:`pageInfo`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`endCursor`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`hasNextPage`,storageKey:null}],storageKey:null}],storageKey:`events(first:5)`},{alias:null,args:r,filters:null,handle:`connection`,key:`activity_events`,kind:`LinkedHandle`,name:`events`},t],storageKey:null}],storageKey:null}]},params:{cacheID:`2af46a82cd21d07ff88636c8cce5ae53`,id:null,metadata:{},name:`sessionsOthersMutation`,operationKind:`mutation`,text:`mutation sessionsOthersMutation {
  revokeOtherSessions {
    revokedSessions
    user {
      ...sessions_user
      ...activity_user
      id
    }
  }
}

fragment activity_user on User {
  events(first: 5) {
    edges {
      node {
        id
        kind
        createdAt
        userAgent
        __typename
      }
      cursor
    }
    pageInfo {
      endCursor
      hasNextPage
    }
  }
  id
}

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
`}}})();Z.hash=`0a96ef948cdaffc3d0ea9f8cae5426ff`;var Q=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{kind:`Variable`,name:`input`,variableName:`input`}],n={alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},r={alias:null,args:null,kind:`ScalarField`,name:`userAgent`,storageKey:null},i=[{kind:`Literal`,name:`first`,value:5}];return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`sessionsRevokeMutation`,selections:[{alias:null,args:t,concreteType:`RevokeSessionPayload`,kind:`LinkedField`,name:`revokeSession`,plural:!1,selections:[{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`user`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`sessions_user`},{args:null,kind:`FragmentSpread`,name:`activity_user`}],storageKey:null}],storageKey:null}],type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`sessionsRevokeMutation`,selections:[{alias:null,args:t,concreteType:`RevokeSessionPayload`,kind:`LinkedField`,name:`revokeSession`,plural:!1,selections:[{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`user`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`isGuest`,storageKey:null},{alias:null,args:null,concreteType:`Session`,kind:`LinkedField`,name:`sessions`,plural:!0,selections:[n,{alias:null,args:null,kind:`ScalarField`,name:`lastUsedAt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`label`,storageKey:null},r,{alias:null,args:null,kind:`ScalarField`,name:`isCurrent`,storageKey:null}],storageKey:null},{alias:null,args:i,concreteType:`AccountEventConnection`,kind:`LinkedField`,name:`events`,plural:!1,selections:[{alias:null,args:null,concreteType:`AccountEventEdge`,kind:`LinkedField`,name:`edges`,plural:!0,selections:[{alias:null,args:null,concreteType:`AccountEvent`,kind:`LinkedField`,name:`node`,plural:!1,selections:[n,{alias:null,args:null,kind:`ScalarField`,name:`kind`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},r,{alias:null,args:null,kind:`ScalarField`,name:`__typename`,storageKey:null}],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`cursor`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`PageInfo`,kind:`LinkedField`,name:`pageInfo`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`endCursor`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`hasNextPage`,storageKey:null}],storageKey:null}],storageKey:`events(first:5)`},{alias:null,args:i,filters:null,handle:`connection`,key:`activity_events`,kind:`LinkedHandle`,name:`events`},n],storageKey:null}],storageKey:null}]},params:{cacheID:`9bcd9457a415bb00b318a31ec110f51b`,id:null,metadata:{},name:`sessionsRevokeMutation`,operationKind:`mutation`,text:`mutation sessionsRevokeMutation(
  $input: RevokeSessionInput!
) {
  revokeSession(input: $input) {
    user {
      ...sessions_user
      ...activity_user
      id
    }
  }
}

fragment activity_user on User {
  events(first: 5) {
    edges {
      node {
        id
        kind
        createdAt
        userAgent
        __typename
      }
      cursor
    }
    pageInfo {
      endCursor
      hasNextPage
    }
  }
  id
}

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
`}}})();Q.hash=`b45a28925810d723505c9a0ec18a75cc`;function ee({of:e}){let t=a(),[n,r]=(0,O.useState)(null),[i,o]=(0,O.useState)(null),[s,c]=(0,O.useState)(!1),{sessions:l,isGuest:u}=(0,z.default)(Y,e),[d,p]=m(X),[_,v]=m(Z),b=async()=>{r(null);try{let{revokeOtherSessions:e}=await _({});o(e?.revokedSessions??0)}catch(e){r(e)}},x=async e=>{await d({input:{everywhere:e}}),g.end(),h(`/`)},S=e=>{r(null),x(e).catch(r)};return(0,k.jsxs)(`section`,{"aria-labelledby":`sessions`,children:[(0,k.jsx)(`h2`,{id:`sessions`,children:t.t(`sessions.title`)}),(0,k.jsx)(`ul`,{className:`rows`,children:l.map(e=>(0,k.jsx)(te,{of:e,onError:r},e.id))}),(0,k.jsx)(`div`,{role:`status`,children:i!==null&&(0,k.jsx)(`p`,{children:t.count(`sessions.others.done`,i)})}),(0,k.jsx)(`div`,{role:`alert`,children:n!==null&&(0,k.jsx)(`p`,{className:`error`,children:f(n,t)})}),(0,k.jsxs)(`div`,{className:`actions`,children:[(0,k.jsx)(`button`,{type:`button`,disabled:p,onClick:()=>u?c(!0):S(!1),children:t.t(`sessions.signOut`)}),l.length>1&&(0,k.jsxs)(k.Fragment,{children:[(0,k.jsx)(`button`,{type:`button`,disabled:v,onClick:()=>void b(),children:t.t(`sessions.others`)}),(0,k.jsx)(`button`,{type:`button`,disabled:p,onClick:()=>S(!0),children:t.t(`sessions.everywhere`)})]})]}),s&&(0,k.jsx)(y,{title:t.t(`sessions.signOut`),text:t.t(`guest.leave`),action:t.t(`sessions.signOut`),onConfirm:()=>x(!1),onClose:()=>c(!1)})]})}function te({of:{id:e,lastUsedAt:t,label:n,userAgent:r,isCurrent:i},onError:o}){let s=a(),[c,l]=m(Q),u=n?.replace(` on `,` · `)??s.t(`sessions.unknown`);return(0,k.jsxs)(`li`,{children:[(0,k.jsxs)(`span`,{children:[(0,k.jsx)(`strong`,{title:r??void 0,children:u}),(0,k.jsx)(`small`,{children:i?s.t(`sessions.current`):s.t(`sessions.used`,{date:s.ago(t)})})]}),!i&&(0,k.jsx)(`button`,{type:`button`,disabled:l,"aria-label":s.t(`sessions.revoke.of`,{device:u}),onClick:()=>void c({input:{id:e}}).catch(o),children:s.t(`sessions.revoke`)})]})}var $={argumentDefinitions:[],kind:`Fragment`,metadata:null,name:`usage_usage`,selections:[{alias:null,args:null,kind:`ScalarField`,name:`readingsToday`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`readingsPerDay`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`tokensThisMonth`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`costThisMonth`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`costPerMonth`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`resetsAt`,storageKey:null}],type:`Usage`,abstractKey:null};$.hash=`e0cd0b93388b711c617fcf5576680146`;function ne({of:e}){let t=a(),n=(0,z.default)($,e),{readingsToday:r,readingsPerDay:i}=n;return(0,k.jsxs)(`section`,{"aria-labelledby":`usage`,children:[(0,k.jsx)(`h2`,{id:`usage`,children:t.t(`usage.title`)}),(0,k.jsxs)(`dl`,{children:[(0,k.jsxs)(`div`,{children:[(0,k.jsx)(`dt`,{id:`usage-today`,children:t.t(`usage.today`)}),(0,k.jsxs)(`dd`,{children:[i>0?t.t(`usage.of`,{n:r,most:i}):t.number(r),i>0&&(0,k.jsx)(`meter`,{"aria-labelledby":`usage-today`,min:0,max:i,value:r}),i>0&&(0,k.jsx)(`small`,{children:t.t(`usage.resets`,{date:t.date(n.resetsAt)})})]})]}),(0,k.jsxs)(`div`,{children:[(0,k.jsx)(`dt`,{children:t.t(`usage.tokens`)}),(0,k.jsx)(`dd`,{children:t.number(n.tokensThisMonth)})]}),(0,k.jsxs)(`div`,{children:[(0,k.jsx)(`dt`,{children:t.t(`usage.cost`)}),(0,k.jsx)(`dd`,{children:n.costPerMonth===null||n.costPerMonth===void 0?t.money(n.costThisMonth):t.t(`usage.of`,{n:t.money(n.costThisMonth),most:t.money(n.costPerMonth)})})]})]})]})}function re(){let e=a();s(e.t(`profile.title`));let{profile:t}=(0,T.default)(w,{},{fetchPolicy:`store-and-network`});if(!t)return null;let{isGuest:n}=t,r=e.t(`profile.since`,{date:e.date(t.createdAt)});return(0,k.jsxs)(`div`,{className:`page profile`,children:[(0,k.jsx)(`h1`,{children:n?e.t(`guest.title`):t.username}),(0,k.jsx)(`p`,{children:n?r:`${t.email} · ${r}`}),n&&(0,k.jsx)(C,{}),(0,k.jsx)(ne,{of:t.usage}),(0,k.jsx)(q,{of:t}),!n&&(0,k.jsx)(B,{of:t}),(0,k.jsx)(ee,{of:t}),(0,k.jsx)(F,{of:t}),(0,k.jsx)(H,{}),(0,k.jsx)(A,{email:n?null:t.email})]})}export{re as default};
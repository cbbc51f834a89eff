import{r as e}from"./useRelayEnvironment-BmokcvD4.js";import{r as t,t as n}from"./useFragment-CqlXVFbc.js";import{c as r,i,l as a,o,t as s}from"./title-CnhF2Iob.js";import{i as c,n as l,t as u}from"./jsx-runtime-DyZJNswf.js";import{n as d,t as f}from"./errors-D_4qTL5m.js";import{t as p}from"./focus-42vCSA4b.js";import{t as m}from"./mutate-Cdsl7AiN.js";import{n as h}from"./router-CjZjnSak.js";import{a as g}from"./fetch-DEJmT28P.js";import{t as _}from"./confirm-DKkf0ZhB.js";import{t as v}from"./field-BZKcFeqI.js";e();var y=(function(){var e={alias:null,args:null,kind:`ScalarField`,name:`username`,storageKey:null},t={alias:null,args:null,kind:`ScalarField`,name:`email`,storageKey:null},n={alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},r={alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null};return{fragment:{argumentDefinitions:[],kind:`Fragment`,metadata:null,name:`profileQuery`,selections:[{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`profile`,plural:!1,selections:[e,t,n,{alias:null,args:null,concreteType:`Usage`,kind:`LinkedField`,name:`usage`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`usage_usage`}],storageKey:null},{args:null,kind:`FragmentSpread`,name:`profileForm_user`},{args:null,kind:`FragmentSpread`,name:`address_user`},{args:null,kind:`FragmentSpread`,name:`sessions_user`}],storageKey:null}],type:`Query`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:[],kind:`Operation`,name:`profileQuery`,selections:[{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`profile`,plural:!1,selections:[e,t,n,{alias:null,args:null,concreteType:`Usage`,kind:`LinkedField`,name:`usage`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`readingsToday`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`readingsPerDay`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`tokensThisMonth`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`costThisMonth`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`costPerMonth`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`resetsAt`,storageKey:null},r],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`locale`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isEmailVerified`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`pendingEmail`,storageKey:null},{alias:null,args:null,concreteType:`Session`,kind:`LinkedField`,name:`sessions`,plural:!0,selections:[r,{alias:null,args:null,kind:`ScalarField`,name:`lastUsedAt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`label`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`userAgent`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isCurrent`,storageKey:null}],storageKey:null},r],storageKey:null}]},params:{cacheID:`2865d33ce9840d7929b44d7e7d6840f2`,id:null,metadata:{},name:`profileQuery`,operationKind:`query`,text:`query profileQuery {
  profile {
    username
    email
    createdAt
    usage {
      ...usage_usage
      id
    }
    ...profileForm_user
    ...address_user
    ...sessions_user
    id
  }
}

fragment address_user on User {
  email
  isEmailVerified
  pendingEmail
}

fragment profileForm_user on User {
  username
  locale
}

fragment sessions_user on User {
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
`}}})();y.hash=`368c47b36b6d5b609a26a1cbe8279096`;var b=c(t(),1),x=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{alias:null,args:[{kind:`Variable`,name:`input`,variableName:`input`}],concreteType:`DeleteAccountPayload`,kind:`LinkedField`,name:`deleteAccount`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`deletedUserId`,storageKey:null}],storageKey:null}];return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`accountDeleteMutation`,selections:t,type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`accountDeleteMutation`,selections:t},params:{cacheID:`f63550e4d798470efda103037da9c612`,id:null,metadata:{},name:`accountDeleteMutation`,operationKind:`mutation`,text:`mutation accountDeleteMutation(
  $input: DeleteAccountInput!
) {
  deleteAccount(input: $input) {
    deletedUserId
  }
}
`}}})();x.hash=`1fe1e12f6c413c78dfc1c9c3062b98fd`;var S=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{kind:`Variable`,name:`input`,variableName:`input`}],n={alias:null,args:null,kind:`ScalarField`,name:`revokedSessions`,storageKey:null},r={alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null};return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`accountPasswordMutation`,selections:[{alias:null,args:t,concreteType:`ChangePasswordPayload`,kind:`LinkedField`,name:`changePassword`,plural:!1,selections:[n,{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`user`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`sessions_user`}],storageKey:null}],storageKey:null}],type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`accountPasswordMutation`,selections:[{alias:null,args:t,concreteType:`ChangePasswordPayload`,kind:`LinkedField`,name:`changePassword`,plural:!1,selections:[n,{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`user`,plural:!1,selections:[{alias:null,args:null,concreteType:`Session`,kind:`LinkedField`,name:`sessions`,plural:!0,selections:[r,{alias:null,args:null,kind:`ScalarField`,name:`lastUsedAt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`label`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`userAgent`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isCurrent`,storageKey:null}],storageKey:null},r],storageKey:null}],storageKey:null}]},params:{cacheID:`deb317cbd1a248c60741b314b815f1f3`,id:null,metadata:{},name:`accountPasswordMutation`,operationKind:`mutation`,text:`mutation accountPasswordMutation(
  $input: ChangePasswordInput!
) {
  changePassword(input: $input) {
    revokedSessions
    user {
      ...sessions_user
      id
    }
  }
}

fragment sessions_user on User {
  sessions {
    id
    lastUsedAt
    label
    userAgent
    isCurrent
  }
}
`}}})();S.hash=`b6b4d3f72c82fe328e56b11e93aecc94`;var C=l(),w=u();function T({email:e}){let t=a(),[n,r]=(0,C.useState)(!1),[i]=m(x);return(0,w.jsxs)(w.Fragment,{children:[(0,w.jsx)(E,{email:e}),(0,w.jsxs)(`section`,{"aria-labelledby":`delete-account`,children:[(0,w.jsx)(`h2`,{id:`delete-account`,children:t.t(`account.delete`)}),(0,w.jsx)(`p`,{children:t.t(`account.delete.text`)}),(0,w.jsx)(`button`,{type:`button`,className:`danger`,onClick:()=>r(!0),children:t.t(`account.delete`)})]}),n&&(0,w.jsx)(_,{title:t.t(`account.delete`),text:t.t(`account.delete.sure`),action:t.t(`account.delete`),onConfirm:async e=>{await i({input:{password:String(e.get(`password`))}}),g.end(),h(`/`)},onClose:()=>r(!1),children:(0,w.jsx)(v,{name:`password`,label:t.t(`field.password`),type:`password`,autoComplete:`current-password`})})]})}function E({email:e}){let t=a(),[n,r]=(0,C.useState)(null),i=p(n),[o,s]=(0,C.useState)(null),[c,l]=m(S),u=async e=>{e.preventDefault();let t=e.currentTarget,n=e=>String(new FormData(t).get(e));s(null);try{let e={currentPassword:n(`currentPassword`),newPassword:n(`newPassword`)},{changePassword:i}=await c({input:e});r(null),s(i?.revokedSessions??0),t.reset()}catch(e){r(e)}},h=d(n,t);return(0,w.jsxs)(`section`,{"aria-labelledby":`password`,children:[(0,w.jsx)(`h2`,{id:`password`,children:t.t(`account.password`)}),(0,w.jsxs)(`form`,{ref:i,onSubmit:e=>void u(e),noValidate:!0,children:[(0,w.jsx)(`input`,{type:`text`,name:`username`,autoComplete:`username`,value:e,readOnly:!0,hidden:!0}),(0,w.jsx)(v,{name:`currentPassword`,label:t.t(`field.currentPassword`),type:`password`,autoComplete:`current-password`,error:h.currentPassword}),(0,w.jsx)(v,{name:`newPassword`,label:t.t(`field.newPassword`),type:`password`,autoComplete:`new-password`,hint:t.t(`field.password.hint`),error:h.newPassword}),(0,w.jsx)(`div`,{role:`alert`,children:n!==null&&Object.keys(h).length===0&&(0,w.jsx)(`p`,{className:`error`,children:f(n,t)})}),(0,w.jsx)(`div`,{className:`actions`,children:(0,w.jsx)(`button`,{type:`submit`,disabled:l,children:t.t(`account.password`)})}),(0,w.jsx)(`div`,{role:`status`,children:o!==null&&(0,w.jsx)(`p`,{children:t.count(`account.password.done`,o)})})]})]})}var D={argumentDefinitions:[],kind:`Fragment`,metadata:null,name:`address_user`,selections:[{alias:null,args:null,kind:`ScalarField`,name:`email`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isEmailVerified`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`pendingEmail`,storageKey:null}],type:`User`,abstractKey:null};D.hash=`9326304022d3ae53752f1b8ca772309f`;var O=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{kind:`Variable`,name:`input`,variableName:`input`}];return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`addressChangeMutation`,selections:[{alias:null,args:t,concreteType:`ChangeEmailPayload`,kind:`LinkedField`,name:`changeEmail`,plural:!1,selections:[{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`user`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`address_user`}],storageKey:null}],storageKey:null}],type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`addressChangeMutation`,selections:[{alias:null,args:t,concreteType:`ChangeEmailPayload`,kind:`LinkedField`,name:`changeEmail`,plural:!1,selections:[{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`user`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`email`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isEmailVerified`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`pendingEmail`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null}],storageKey:null}],storageKey:null}]},params:{cacheID:`79252f079d922f4486374ca5ae5449b2`,id:null,metadata:{},name:`addressChangeMutation`,operationKind:`mutation`,text:`mutation addressChangeMutation(
  $input: ChangeEmailInput!
) {
  changeEmail(input: $input) {
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
`}}})();O.hash=`2233001fdc991a00ed46caf218c01681`;var k={fragment:{argumentDefinitions:[],kind:`Fragment`,metadata:null,name:`addressResendMutation`,selections:[{alias:null,args:null,concreteType:`ResendVerificationPayload`,kind:`LinkedField`,name:`resendVerification`,plural:!1,selections:[{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`user`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`address_user`}],storageKey:null}],storageKey:null}],type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:[],kind:`Operation`,name:`addressResendMutation`,selections:[{alias:null,args:null,concreteType:`ResendVerificationPayload`,kind:`LinkedField`,name:`resendVerification`,plural:!1,selections:[{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`user`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`email`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isEmailVerified`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`pendingEmail`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null}],storageKey:null}],storageKey:null}]},params:{cacheID:`a61e308dfc4c46e8d3d82b5aa6970ea0`,id:null,metadata:{},name:`addressResendMutation`,operationKind:`mutation`,text:`mutation addressResendMutation {
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
`}};k.hash=`121791094fe482e33f0db2369a792510`;var A=c(n(),1);function j({of:e}){let t=a(),[n,r]=(0,C.useState)(null),[i,o]=(0,C.useState)(null),s=p(n),{email:c,isEmailVerified:l,pendingEmail:u}=(0,A.default)(D,e),[h,g]=m(O),[_,y]=m(k),b=async e=>{r(null),o(null),await e().catch(r)},x=e=>{e.preventDefault();let n=e.currentTarget,r=e=>String(new FormData(n).get(e));b(async()=>{await h({input:{newEmail:r(`newEmail`),password:r(`password`)}}),n.reset(),o(t.t(`address.changed`))})},S=()=>b(async()=>{await _({}),o(t.t(`address.sent`))}),T=d(n,t);return(0,w.jsxs)(`section`,{"aria-labelledby":`address`,children:[(0,w.jsx)(`h2`,{id:`address`,children:t.t(`field.email`)}),(0,w.jsxs)(`p`,{children:[c,` `,l&&(0,w.jsx)(`small`,{children:t.t(`address.verified`)})]}),u&&(0,w.jsx)(`p`,{className:`notice`,children:t.t(`address.pending`,{email:u})}),(!l||u)&&(0,w.jsx)(`button`,{type:`button`,disabled:y,onClick:()=>void S(),children:t.t(`address.resend`)}),(0,w.jsxs)(`form`,{ref:s,onSubmit:x,noValidate:!0,children:[(0,w.jsx)(v,{name:`newEmail`,label:t.t(`field.newEmail`),type:`email`,autoComplete:`email`,error:T.newEmail}),(0,w.jsx)(v,{name:`password`,label:t.t(`field.password`),type:`password`,autoComplete:`current-password`,error:T.password}),(0,w.jsx)(`div`,{className:`actions`,children:(0,w.jsx)(`button`,{type:`submit`,disabled:g,children:t.t(`address.change`)})})]}),(0,w.jsx)(`div`,{role:`alert`,children:n!==null&&Object.keys(T).length===0&&(0,w.jsx)(`p`,{className:`error`,children:f(n,t)})}),(0,w.jsx)(`div`,{role:`status`,children:i&&(0,w.jsx)(`p`,{children:i})})]})}var M={argumentDefinitions:[],kind:`Fragment`,metadata:null,name:`profileForm_user`,selections:[{alias:null,args:null,kind:`ScalarField`,name:`username`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`locale`,storageKey:null}],type:`User`,abstractKey:null};M.hash=`281e3702040b20e8685ff27f8254d219`;var N=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{kind:`Variable`,name:`input`,variableName:`input`}];return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`profileFormMutation`,selections:[{alias:null,args:t,concreteType:`UpdateProfilePayload`,kind:`LinkedField`,name:`updateProfile`,plural:!1,selections:[{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`user`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`profileForm_user`}],storageKey:null}],storageKey:null}],type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`profileFormMutation`,selections:[{alias:null,args:t,concreteType:`UpdateProfilePayload`,kind:`LinkedField`,name:`updateProfile`,plural:!1,selections:[{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`user`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`username`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`locale`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null}],storageKey:null}],storageKey:null}]},params:{cacheID:`39a5916362bff37f35798abfa1219d5d`,id:null,metadata:{},name:`profileFormMutation`,operationKind:`mutation`,text:`mutation profileFormMutation(
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
}
`}}})();N.hash=`cd48d5c4930bb775eb51305528955974`;function P({of:e}){let{language:t,choose:n}=r(),[a,s]=(0,C.useState)(null),c=p(a),[l,u]=(0,C.useState)(!1),{username:h,locale:g}=(0,A.default)(M,e),[_,y]=m(N),b=async e=>{e.preventDefault();let t=new FormData(e.currentTarget),r=String(t.get(`locale`));u(!1);try{await _({input:{username:String(t.get(`username`)),locale:r}}),s(null),u(!0);let e=F(r);i(e)&&n(e)}catch(e){s(e)}},x=d(a,t),S=F(g),T=o.map(({code:e,name:t})=>({code:e===S?g:e,name:t}));return(0,w.jsxs)(`section`,{"aria-labelledby":`profile-form`,children:[(0,w.jsx)(`h2`,{id:`profile-form`,children:t.t(`account.profile`)}),(0,w.jsxs)(`form`,{ref:c,onSubmit:e=>void b(e),noValidate:!0,children:[(0,w.jsx)(v,{name:`username`,label:t.t(`field.username`),autoComplete:`nickname`,defaultValue:h,error:x.username}),(0,w.jsxs)(`div`,{className:`field`,children:[(0,w.jsx)(`label`,{htmlFor:`profile-locale`,children:t.t(`field.locale`)}),(0,w.jsxs)(`select`,{id:`profile-locale`,name:`locale`,defaultValue:g,"aria-describedby":`profile-locale-hint`,children:[!i(S)&&(0,w.jsx)(`option`,{value:g,children:g}),T.map(({code:e,name:t})=>(0,w.jsx)(`option`,{value:e,lang:e,children:t},e))]}),(0,w.jsx)(`p`,{className:`hint`,id:`profile-locale-hint`,children:t.t(`field.locale.hint`)})]}),(0,w.jsx)(`div`,{role:`alert`,children:a!==null&&Object.keys(x).length===0&&(0,w.jsx)(`p`,{className:`error`,children:f(a,t)})}),(0,w.jsx)(`div`,{className:`actions`,children:(0,w.jsx)(`button`,{type:`submit`,disabled:y,children:t.t(`account.profile.save`)})}),(0,w.jsx)(`div`,{role:`status`,children:l&&(0,w.jsx)(`p`,{children:t.t(`account.profile.done`)})})]})]})}var F=e=>e.split(`-`)[0]??``,I={argumentDefinitions:[],kind:`Fragment`,metadata:null,name:`sessions_user`,selections:[{alias:null,args:null,concreteType:`Session`,kind:`LinkedField`,name:`sessions`,plural:!0,selections:[{alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`lastUsedAt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`label`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`userAgent`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isCurrent`,storageKey:null}],storageKey:null}],type:`User`,abstractKey:null};I.hash=`84ba557bc6c602c6a75cee72a73d132d`;var L=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{alias:null,args:[{kind:`Variable`,name:`input`,variableName:`input`}],concreteType:`LogoutPayload`,kind:`LinkedField`,name:`logout`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`revokedSessions`,storageKey:null}],storageKey:null}];return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`sessionsLogoutMutation`,selections:t,type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`sessionsLogoutMutation`,selections:t},params:{cacheID:`b3ad6c19aa508abf088ac6084147b903`,id:null,metadata:{},name:`sessionsLogoutMutation`,operationKind:`mutation`,text:`mutation sessionsLogoutMutation(
  $input: LogoutInput!
) {
  logout(input: $input) {
    revokedSessions
  }
}
`}}})();L.hash=`798a7b60a03d499754c7fe9be5ef09de`;var R=(function(){var e={alias:null,args:null,kind:`ScalarField`,name:`revokedSessions`,storageKey:null},t={alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null};return{fragment:{argumentDefinitions:[],kind:`Fragment`,metadata:null,name:`sessionsOthersMutation`,selections:[{alias:null,args:null,concreteType:`RevokeOtherSessionsPayload`,kind:`LinkedField`,name:`revokeOtherSessions`,plural:!1,selections:[e,{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`user`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`sessions_user`}],storageKey:null}],storageKey:null}],type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:[],kind:`Operation`,name:`sessionsOthersMutation`,selections:[{alias:null,args:null,concreteType:`RevokeOtherSessionsPayload`,kind:`LinkedField`,name:`revokeOtherSessions`,plural:!1,selections:[e,{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`user`,plural:!1,selections:[{alias:null,args:null,concreteType:`Session`,kind:`LinkedField`,name:`sessions`,plural:!0,selections:[t,{alias:null,args:null,kind:`ScalarField`,name:`lastUsedAt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`label`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`userAgent`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isCurrent`,storageKey:null}],storageKey:null},t],storageKey:null}],storageKey:null}]},params:{cacheID:`ac7f5934b90ffa99009be907776f8132`,id:null,metadata:{},name:`sessionsOthersMutation`,operationKind:`mutation`,text:`mutation sessionsOthersMutation {
  revokeOtherSessions {
    revokedSessions
    user {
      ...sessions_user
      id
    }
  }
}

fragment sessions_user on User {
  sessions {
    id
    lastUsedAt
    label
    userAgent
    isCurrent
  }
}
`}}})();R.hash=`3bae5ef66cd390f3b25ae89d39ae21c8`;var z=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{kind:`Variable`,name:`input`,variableName:`input`}],n={alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null};return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`sessionsRevokeMutation`,selections:[{alias:null,args:t,concreteType:`RevokeSessionPayload`,kind:`LinkedField`,name:`revokeSession`,plural:!1,selections:[{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`user`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`sessions_user`}],storageKey:null}],storageKey:null}],type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`sessionsRevokeMutation`,selections:[{alias:null,args:t,concreteType:`RevokeSessionPayload`,kind:`LinkedField`,name:`revokeSession`,plural:!1,selections:[{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`user`,plural:!1,selections:[{alias:null,args:null,concreteType:`Session`,kind:`LinkedField`,name:`sessions`,plural:!0,selections:[n,{alias:null,args:null,kind:`ScalarField`,name:`lastUsedAt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`label`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`userAgent`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isCurrent`,storageKey:null}],storageKey:null},n],storageKey:null}],storageKey:null}]},params:{cacheID:`91f77ceebed6d811e3ccedc2860e7e99`,id:null,metadata:{},name:`sessionsRevokeMutation`,operationKind:`mutation`,text:`mutation sessionsRevokeMutation(
  $input: RevokeSessionInput!
) {
  revokeSession(input: $input) {
    user {
      ...sessions_user
      id
    }
  }
}

fragment sessions_user on User {
  sessions {
    id
    lastUsedAt
    label
    userAgent
    isCurrent
  }
}
`}}})();z.hash=`9f4ae3e6948d9748a1fa309c9d43f7ca`;function B({of:e}){let t=a(),[n,r]=(0,C.useState)(null),[i,o]=(0,C.useState)(null),{sessions:s}=(0,A.default)(I,e),[c,l]=m(L),[u,d]=m(R),p=async()=>{r(null);try{let{revokeOtherSessions:e}=await u({});o(e?.revokedSessions??0)}catch(e){r(e)}},_=async e=>{r(null);try{await c({input:{everywhere:e}}),g.end(),h(`/`)}catch(e){r(e)}};return(0,w.jsxs)(`section`,{"aria-labelledby":`sessions`,children:[(0,w.jsx)(`h2`,{id:`sessions`,children:t.t(`sessions.title`)}),(0,w.jsx)(`ul`,{className:`rows`,children:s.map(e=>(0,w.jsx)(V,{of:e,onError:r},e.id))}),(0,w.jsx)(`div`,{role:`status`,children:i!==null&&(0,w.jsx)(`p`,{children:t.count(`sessions.others.done`,i)})}),(0,w.jsx)(`div`,{role:`alert`,children:n!==null&&(0,w.jsx)(`p`,{className:`error`,children:f(n,t)})}),(0,w.jsxs)(`div`,{className:`actions`,children:[(0,w.jsx)(`button`,{type:`button`,disabled:l,onClick:()=>void _(!1),children:t.t(`sessions.signOut`)}),s.length>1&&(0,w.jsxs)(w.Fragment,{children:[(0,w.jsx)(`button`,{type:`button`,disabled:d,onClick:()=>void p(),children:t.t(`sessions.others`)}),(0,w.jsx)(`button`,{type:`button`,disabled:l,onClick:()=>void _(!0),children:t.t(`sessions.everywhere`)})]})]})]})}function V({of:{id:e,lastUsedAt:t,label:n,userAgent:r,isCurrent:i},onError:o}){let s=a(),[c,l]=m(z),u=n?.replace(` on `,` · `)??s.t(`sessions.unknown`);return(0,w.jsxs)(`li`,{children:[(0,w.jsxs)(`span`,{children:[(0,w.jsx)(`strong`,{title:r??void 0,children:u}),(0,w.jsx)(`small`,{children:i?s.t(`sessions.current`):s.t(`sessions.used`,{date:s.ago(t)})})]}),!i&&(0,w.jsx)(`button`,{type:`button`,disabled:l,"aria-label":s.t(`sessions.revoke.of`,{device:u}),onClick:()=>void c({input:{id:e}}).catch(o),children:s.t(`sessions.revoke`)})]})}var H={argumentDefinitions:[],kind:`Fragment`,metadata:null,name:`usage_usage`,selections:[{alias:null,args:null,kind:`ScalarField`,name:`readingsToday`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`readingsPerDay`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`tokensThisMonth`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`costThisMonth`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`costPerMonth`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`resetsAt`,storageKey:null}],type:`Usage`,abstractKey:null};H.hash=`e0cd0b93388b711c617fcf5576680146`;function U({of:e}){let t=a(),n=(0,A.default)(H,e),{readingsToday:r,readingsPerDay:i}=n;return(0,w.jsxs)(`section`,{"aria-labelledby":`usage`,children:[(0,w.jsx)(`h2`,{id:`usage`,children:t.t(`usage.title`)}),(0,w.jsxs)(`dl`,{children:[(0,w.jsxs)(`div`,{children:[(0,w.jsx)(`dt`,{id:`usage-today`,children:t.t(`usage.today`)}),(0,w.jsxs)(`dd`,{children:[i>0?t.t(`usage.of`,{n:r,most:i}):t.number(r),i>0&&(0,w.jsx)(`meter`,{"aria-labelledby":`usage-today`,min:0,max:i,value:r}),i>0&&(0,w.jsx)(`small`,{children:t.t(`usage.resets`,{date:t.date(n.resetsAt)})})]})]}),(0,w.jsxs)(`div`,{children:[(0,w.jsx)(`dt`,{children:t.t(`usage.tokens`)}),(0,w.jsx)(`dd`,{children:t.number(n.tokensThisMonth)})]}),(0,w.jsxs)(`div`,{children:[(0,w.jsx)(`dt`,{children:t.t(`usage.cost`)}),(0,w.jsx)(`dd`,{children:n.costPerMonth===null||n.costPerMonth===void 0?t.money(n.costThisMonth):t.t(`usage.of`,{n:t.money(n.costThisMonth),most:t.money(n.costPerMonth)})})]})]})]})}function W(){let e=a();s(e.t(`profile.title`));let{profile:t}=(0,b.default)(y,{},{fetchPolicy:`store-and-network`});return t?(0,w.jsxs)(`div`,{className:`page profile`,children:[(0,w.jsx)(`h1`,{children:t.username}),(0,w.jsxs)(`p`,{children:[t.email,` · `,e.t(`profile.since`,{date:e.date(t.createdAt)})]}),(0,w.jsx)(U,{of:t.usage}),(0,w.jsx)(P,{of:t}),(0,w.jsx)(j,{of:t}),(0,w.jsx)(B,{of:t}),(0,w.jsx)(T,{email:t.email})]}):null}export{W as default};
import{r as e}from"./useRelayEnvironment-BmokcvD4.js";import{r as t,t as n}from"./useFragment-CqlXVFbc.js";import{c as r,t as i}from"./title-DRPNnlsM.js";import{i as a,n as o,t as s}from"./jsx-runtime-DyZJNswf.js";import{n as c,t as l}from"./errors-BpmJDPf1.js";import{t as u}from"./focus-42vCSA4b.js";import{t as d}from"./mutate-Cdsl7AiN.js";import{n as f}from"./router-flwHy-hr.js";import{a as p}from"./fetch-CfwGlKyA.js";import{t as m}from"./confirm-Dp0h1hVI.js";import{t as h}from"./field-BZKcFeqI.js";e();var g=(function(){var e={alias:null,args:null,kind:`ScalarField`,name:`username`,storageKey:null},t={alias:null,args:null,kind:`ScalarField`,name:`email`,storageKey:null},n={alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},r={alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null};return{fragment:{argumentDefinitions:[],kind:`Fragment`,metadata:null,name:`profileQuery`,selections:[{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`profile`,plural:!1,selections:[e,t,n,{alias:null,args:null,concreteType:`Usage`,kind:`LinkedField`,name:`usage`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`usage_usage`}],storageKey:null},{args:null,kind:`FragmentSpread`,name:`sessions_user`}],storageKey:null}],type:`Query`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:[],kind:`Operation`,name:`profileQuery`,selections:[{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`profile`,plural:!1,selections:[e,t,n,{alias:null,args:null,concreteType:`Usage`,kind:`LinkedField`,name:`usage`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`readingsToday`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`readingsPerDay`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`tokensThisMonth`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`costThisMonth`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`costPerMonth`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`resetsAt`,storageKey:null},r],storageKey:null},{alias:null,args:null,concreteType:`Session`,kind:`LinkedField`,name:`sessions`,plural:!0,selections:[r,n,{alias:null,args:null,kind:`ScalarField`,name:`expiresAt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`userAgent`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isCurrent`,storageKey:null}],storageKey:null},r],storageKey:null}]},params:{cacheID:`3eb6d9f833ba084c4b03009554adc7cf`,id:null,metadata:{},name:`profileQuery`,operationKind:`query`,text:`query profileQuery {
  profile {
    username
    email
    createdAt
    usage {
      ...usage_usage
      id
    }
    ...sessions_user
    id
  }
}

fragment sessions_user on User {
  sessions {
    id
    createdAt
    expiresAt
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
`}}})();g.hash=`bee8b9e51a69e1335cec2ab4d15b65f6`;var _=a(t(),1),v=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{alias:null,args:[{kind:`Variable`,name:`input`,variableName:`input`}],concreteType:`DeleteAccountPayload`,kind:`LinkedField`,name:`deleteAccount`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`deletedUserId`,storageKey:null}],storageKey:null}];return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`accountDeleteMutation`,selections:t,type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`accountDeleteMutation`,selections:t},params:{cacheID:`f63550e4d798470efda103037da9c612`,id:null,metadata:{},name:`accountDeleteMutation`,operationKind:`mutation`,text:`mutation accountDeleteMutation(
  $input: DeleteAccountInput!
) {
  deleteAccount(input: $input) {
    deletedUserId
  }
}
`}}})();v.hash=`1fe1e12f6c413c78dfc1c9c3062b98fd`;var y=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{kind:`Variable`,name:`input`,variableName:`input`}],n={alias:null,args:null,kind:`ScalarField`,name:`revokedSessions`,storageKey:null},r={alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null};return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`accountPasswordMutation`,selections:[{alias:null,args:t,concreteType:`ChangePasswordPayload`,kind:`LinkedField`,name:`changePassword`,plural:!1,selections:[n,{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`user`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`sessions_user`}],storageKey:null}],storageKey:null}],type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`accountPasswordMutation`,selections:[{alias:null,args:t,concreteType:`ChangePasswordPayload`,kind:`LinkedField`,name:`changePassword`,plural:!1,selections:[n,{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`user`,plural:!1,selections:[{alias:null,args:null,concreteType:`Session`,kind:`LinkedField`,name:`sessions`,plural:!0,selections:[r,{alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`expiresAt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`userAgent`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isCurrent`,storageKey:null}],storageKey:null},r],storageKey:null}],storageKey:null}]},params:{cacheID:`3b361e016fca3970357511543f1cb1fc`,id:null,metadata:{},name:`accountPasswordMutation`,operationKind:`mutation`,text:`mutation accountPasswordMutation(
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
    createdAt
    expiresAt
    userAgent
    isCurrent
  }
}
`}}})();y.hash=`b6b4d3f72c82fe328e56b11e93aecc94`;var b=o(),x=s();function S({email:e}){let t=r(),[n,i]=(0,b.useState)(!1),[a]=d(v);return(0,x.jsxs)(x.Fragment,{children:[(0,x.jsx)(C,{email:e}),(0,x.jsxs)(`section`,{"aria-labelledby":`delete-account`,children:[(0,x.jsx)(`h2`,{id:`delete-account`,children:t.t(`account.delete`)}),(0,x.jsx)(`p`,{children:t.t(`account.delete.text`)}),(0,x.jsx)(`button`,{type:`button`,className:`danger`,onClick:()=>i(!0),children:t.t(`account.delete`)})]}),n&&(0,x.jsx)(m,{title:t.t(`account.delete`),text:t.t(`account.delete.sure`),action:t.t(`account.delete`),onConfirm:async e=>{await a({input:{password:String(e.get(`password`))}}),p.end(),f(`/`)},onClose:()=>i(!1),children:(0,x.jsx)(h,{name:`password`,label:t.t(`field.password`),type:`password`,autoComplete:`current-password`})})]})}function C({email:e}){let t=r(),[n,i]=(0,b.useState)(null),a=u(n),[o,s]=(0,b.useState)(null),[f,p]=d(y),m=async e=>{e.preventDefault();let t=e.currentTarget,n=e=>String(new FormData(t).get(e));s(null);try{let e={currentPassword:n(`currentPassword`),newPassword:n(`newPassword`)},{changePassword:r}=await f({input:e});i(null),s(r?.revokedSessions??0),t.reset()}catch(e){i(e)}},g=c(n,t);return(0,x.jsxs)(`section`,{"aria-labelledby":`password`,children:[(0,x.jsx)(`h2`,{id:`password`,children:t.t(`account.password`)}),(0,x.jsxs)(`form`,{ref:a,onSubmit:e=>void m(e),noValidate:!0,children:[(0,x.jsx)(`input`,{type:`text`,name:`username`,autoComplete:`username`,value:e,readOnly:!0,hidden:!0}),(0,x.jsx)(h,{name:`currentPassword`,label:t.t(`field.currentPassword`),type:`password`,autoComplete:`current-password`,error:g.currentPassword}),(0,x.jsx)(h,{name:`newPassword`,label:t.t(`field.newPassword`),type:`password`,autoComplete:`new-password`,hint:t.t(`field.password.hint`),error:g.newPassword}),(0,x.jsx)(`div`,{role:`alert`,children:n!==null&&Object.keys(g).length===0&&(0,x.jsx)(`p`,{className:`error`,children:l(n,t)})}),(0,x.jsx)(`div`,{className:`actions`,children:(0,x.jsx)(`button`,{type:`submit`,disabled:p,children:t.t(`account.password`)})}),(0,x.jsx)(`div`,{role:`status`,children:o!==null&&(0,x.jsx)(`p`,{children:t.count(`account.password.done`,o)})})]})]})}var w={argumentDefinitions:[],kind:`Fragment`,metadata:null,name:`sessions_user`,selections:[{alias:null,args:null,concreteType:`Session`,kind:`LinkedField`,name:`sessions`,plural:!0,selections:[{alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`expiresAt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`userAgent`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isCurrent`,storageKey:null}],storageKey:null}],type:`User`,abstractKey:null};w.hash=`37d42abf789f261e59fcbdad47e4bbf7`;var T=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{alias:null,args:[{kind:`Variable`,name:`input`,variableName:`input`}],concreteType:`LogoutPayload`,kind:`LinkedField`,name:`logout`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`revokedSessions`,storageKey:null}],storageKey:null}];return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`sessionsLogoutMutation`,selections:t,type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`sessionsLogoutMutation`,selections:t},params:{cacheID:`b3ad6c19aa508abf088ac6084147b903`,id:null,metadata:{},name:`sessionsLogoutMutation`,operationKind:`mutation`,text:`mutation sessionsLogoutMutation(
  $input: LogoutInput!
) {
  logout(input: $input) {
    revokedSessions
  }
}
`}}})();T.hash=`798a7b60a03d499754c7fe9be5ef09de`;var E=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{kind:`Variable`,name:`input`,variableName:`input`}],n={alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null};return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`sessionsRevokeMutation`,selections:[{alias:null,args:t,concreteType:`RevokeSessionPayload`,kind:`LinkedField`,name:`revokeSession`,plural:!1,selections:[{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`user`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`sessions_user`}],storageKey:null}],storageKey:null}],type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`sessionsRevokeMutation`,selections:[{alias:null,args:t,concreteType:`RevokeSessionPayload`,kind:`LinkedField`,name:`revokeSession`,plural:!1,selections:[{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`user`,plural:!1,selections:[{alias:null,args:null,concreteType:`Session`,kind:`LinkedField`,name:`sessions`,plural:!0,selections:[n,{alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`expiresAt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`userAgent`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isCurrent`,storageKey:null}],storageKey:null},n],storageKey:null}],storageKey:null}]},params:{cacheID:`8141837b0e2344de58106c7622a579f0`,id:null,metadata:{},name:`sessionsRevokeMutation`,operationKind:`mutation`,text:`mutation sessionsRevokeMutation(
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
    createdAt
    expiresAt
    userAgent
    isCurrent
  }
}
`}}})();E.hash=`9f4ae3e6948d9748a1fa309c9d43f7ca`;var D=a(n(),1);function O({of:e}){let t=r(),[n,i]=(0,b.useState)(null),{sessions:a}=(0,D.default)(w,e),[o,s]=d(T),c=async e=>{i(null);try{await o({input:{everywhere:e}}),p.end(),f(`/`)}catch(e){i(e)}};return(0,x.jsxs)(`section`,{"aria-labelledby":`sessions`,children:[(0,x.jsx)(`h2`,{id:`sessions`,children:t.t(`sessions.title`)}),(0,x.jsx)(`ul`,{className:`rows`,children:a.map(e=>(0,x.jsx)(k,{of:e,onError:i},e.id))}),(0,x.jsx)(`div`,{role:`alert`,children:n!==null&&(0,x.jsx)(`p`,{className:`error`,children:l(n,t)})}),(0,x.jsxs)(`div`,{className:`actions`,children:[(0,x.jsx)(`button`,{type:`button`,disabled:s,onClick:()=>void c(!1),children:t.t(`sessions.signOut`)}),a.length>1&&(0,x.jsx)(`button`,{type:`button`,disabled:s,onClick:()=>void c(!0),children:t.t(`sessions.everywhere`)})]})]})}function k({of:{id:e,createdAt:t,userAgent:n,isCurrent:i},onError:a}){let o=r(),[s,c]=d(E),l=A(n??``)??o.t(`sessions.unknown`);return(0,x.jsxs)(`li`,{children:[(0,x.jsxs)(`span`,{children:[(0,x.jsx)(`strong`,{title:n??void 0,children:l}),(0,x.jsx)(`small`,{children:i?o.t(`sessions.current`):o.t(`sessions.since`,{date:o.date(t)})})]}),!i&&(0,x.jsx)(`button`,{type:`button`,disabled:c,"aria-label":o.t(`sessions.revoke.of`,{device:l}),onClick:()=>void s({input:{id:e}}).catch(a),children:o.t(`sessions.revoke`)})]})}function A(e){let t=t=>t.find(t=>e.includes(t)),n=t([`Firefox`,`Edg`,`OPR`,`Chrome`,`Safari`,`curl`]),r=t([`Android`,`iPhone`,`iPad`,`Windows`,`Macintosh`,`Linux`]),i={Edg:`Edge`,OPR:`Opera`,Macintosh:`Mac`},a=[n,r].filter(e=>e!==void 0).map(e=>i[e]??e);return a.length>0?a.join(` · `):e.slice(0,60)||null}var j={argumentDefinitions:[],kind:`Fragment`,metadata:null,name:`usage_usage`,selections:[{alias:null,args:null,kind:`ScalarField`,name:`readingsToday`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`readingsPerDay`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`tokensThisMonth`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`costThisMonth`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`costPerMonth`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`resetsAt`,storageKey:null}],type:`Usage`,abstractKey:null};j.hash=`e0cd0b93388b711c617fcf5576680146`;function M({of:e}){let t=r(),n=(0,D.default)(j,e),{readingsToday:i,readingsPerDay:a}=n;return(0,x.jsxs)(`section`,{"aria-labelledby":`usage`,children:[(0,x.jsx)(`h2`,{id:`usage`,children:t.t(`usage.title`)}),(0,x.jsxs)(`dl`,{children:[(0,x.jsxs)(`div`,{children:[(0,x.jsx)(`dt`,{id:`usage-today`,children:t.t(`usage.today`)}),(0,x.jsxs)(`dd`,{children:[a>0?t.t(`usage.of`,{n:i,most:a}):t.number(i),a>0&&(0,x.jsx)(`meter`,{"aria-labelledby":`usage-today`,min:0,max:a,value:i}),a>0&&(0,x.jsx)(`small`,{children:t.t(`usage.resets`,{date:t.date(n.resetsAt)})})]})]}),(0,x.jsxs)(`div`,{children:[(0,x.jsx)(`dt`,{children:t.t(`usage.tokens`)}),(0,x.jsx)(`dd`,{children:t.number(n.tokensThisMonth)})]}),(0,x.jsxs)(`div`,{children:[(0,x.jsx)(`dt`,{children:t.t(`usage.cost`)}),(0,x.jsx)(`dd`,{children:n.costPerMonth===null||n.costPerMonth===void 0?t.money(n.costThisMonth):t.t(`usage.of`,{n:t.money(n.costThisMonth),most:t.money(n.costPerMonth)})})]})]})]})}function N(){let e=r();i(e.t(`profile.title`));let{profile:t}=(0,_.default)(g,{},{fetchPolicy:`store-and-network`});return t?(0,x.jsxs)(`div`,{className:`page profile`,children:[(0,x.jsx)(`h1`,{children:t.username}),(0,x.jsxs)(`p`,{children:[t.email,` · `,e.t(`profile.since`,{date:e.date(t.createdAt)})]}),(0,x.jsx)(M,{of:t.usage}),(0,x.jsx)(O,{of:t}),(0,x.jsx)(S,{email:t.email})]}):null}export{N as default};
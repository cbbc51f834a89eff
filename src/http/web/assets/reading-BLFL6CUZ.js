import{r as e,t}from"./useRelayEnvironment-BmokcvD4.js";import{i as n,n as r,t as i}from"./jsx-runtime-DyZJNswf.js";import{r as a,t as o}from"./useFragment-CqlXVFbc.js";import{i as s,n as c}from"./events-Czoz4rD8.js";import{t as l}from"./not-found-Chx6-Yss.js";import{t as u}from"./relay-B_k9MXun.js";import{a as d,c as f,l as p,s as m,t as h}from"./fetch-CfwGlKyA.js";import{i as g,n as _}from"./advisors-CR-LtGPw.js";import{t as v}from"./errors-BpmJDPf1.js";import{c as y,t as b}from"./title-DRPNnlsM.js";import{t as x}from"./mutate-Cdsl7AiN.js";import{n as S}from"./router-flwHy-hr.js";import{t as C}from"./confirm-Dp0h1hVI.js";import{n as w}from"./signs-DolwgorS.js";var T=e(),E=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`id`}],t=[{kind:`Variable`,name:`id`,variableName:`id`}],n={alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},r={alias:null,args:null,kind:`ScalarField`,name:`status`,storageKey:null},i={alias:null,args:null,kind:`ScalarField`,name:`response`,storageKey:null},a={alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},o={alias:null,args:null,kind:`ScalarField`,name:`title`,storageKey:null};return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`readingQuery`,selections:[{alias:null,args:t,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`readingView_reading`}],storageKey:null}],type:`Query`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`readingQuery`,selections:[{alias:null,args:t,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[n,{alias:null,args:null,kind:`ScalarField`,name:`advisor`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`question`,storageKey:null},r,i,{alias:null,args:null,kind:`ScalarField`,name:`sequence`,storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generation`,plural:!1,selections:[n],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`care`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`engine`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`model`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isCached`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isTruncated`,storageKey:null},a,{alias:null,args:null,concreteType:`ReadingFailure`,kind:`LinkedField`,name:`failure`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`code`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[o,{alias:null,args:null,kind:`ScalarField`,name:`excerpt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`url`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generations`,plural:!0,selections:[r,i,a,{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[o],storageKey:null},n],storageKey:null}],storageKey:null}]},params:{cacheID:`ebe3da7bba7e7f7f6e3627b7259e5164`,id:null,metadata:{},name:`readingQuery`,operationKind:`query`,text:`query readingQuery(
  $id: ID!
) {
  reading(id: $id) {
    ...readingView_reading
    id
  }
}

fragment readingView_reading on Reading {
  id
  advisor
  question
  status
  response
  sequence
  generation {
    id
  }
  care
  engine
  model
  isCached
  isTruncated
  createdAt
  failure {
    code
  }
  sources {
    title
    excerpt
    url
  }
  ...sources_earlier
}

fragment sources_earlier on Reading {
  generations {
    status
    response
    createdAt
    sources {
      title
    }
    id
  }
}
`}}})();E.hash=`3ef84ba8be002b2454c378d67953dca6`;var D=r(),O=n(t(),1),k=n(a(),1),A=(function(){var e={alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null};return{argumentDefinitions:[],kind:`Fragment`,metadata:null,name:`readingView_reading`,selections:[e,{alias:null,args:null,kind:`ScalarField`,name:`advisor`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`question`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`status`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`response`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`sequence`,storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generation`,plural:!1,selections:[e],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`care`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`engine`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`model`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isCached`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isTruncated`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},{alias:null,args:null,concreteType:`ReadingFailure`,kind:`LinkedField`,name:`failure`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`code`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[{alias:null,args:null,kind:`ScalarField`,name:`title`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`excerpt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`url`,storageKey:null}],storageKey:null},{args:null,kind:`FragmentSpread`,name:`sources_earlier`}],type:`Reading`,abstractKey:null}})();A.hash=`b09dbd3b02b718651f1b5fa7749ca3fe`;var j=n(o(),1),M=`subscription Follow($id: ID!, $after: Int, $generation: ID) {
  readingUpdates(id: $id, after: $after, generation: $generation) {
    generation offset sequence text isThinking status
  }
}`,N=e=>e===`PENDING`||e===`WRITING`;function P(e,t,n,r=()=>{},i={generation:``,sequence:0,text:``}){let a={...i,status:`PENDING`,isThinking:!1,isConnected:!1},o=e=>n(a={...a,...e}),c=s(e,e=>{e!==a.isConnected&&N(a.status)&&o({isConnected:e})}),l=c.subscribe({query:M,variables:{id:t,get after(){return a.sequence},get generation(){return a.generation||null}}},{next({data:e,errors:t}){e?o(F(a,e.readingUpdates)):t&&r(t)},error(t){let n=Array.isArray(t)?t:[I(t)];n.some(f)&&e.end(`ENDED`),r(n)},complete(){}});return()=>{l(),c.dispose()}}function F(e,{generation:t,offset:n,sequence:r,text:i,...a}){let o=t===e.generation?e.text:``,s=n===0?``:Array.from(o).slice(0,n).join(``);return{...a,generation:t,sequence:r,text:i?s+i:o,isConnected:!0}}function I(e){let t=e instanceof CloseEvent&&e.code===4401?`UNAUTHENTICATED`:`INTERNAL_SERVER_ERROR`;return{message:e instanceof CloseEvent?`${e.code} ${e.reason}`:String(e),extensions:{code:t}}}var L=i();function R({text:e,sources:t,hasHelp:n=!1,end:r}){let i=e.split(/\n{2,}/).flatMap(V);return(0,L.jsxs)(L.Fragment,{children:[i.map((e,a)=>{let o=a===i.length-1&&r;return(0,L.jsx)(ee,{...e,sources:t,hasHelp:n,last:o},a)}),i.length===0&&r&&(0,L.jsx)(`p`,{children:r})]})}var z=/^\s*[-*•]\s+/,B=/^\s*\d+[.)]\s+/;function V(e){let t=[];for(let n of e.split(`
`).filter(e=>e.trim())){let e=z.test(n)?`ul`:B.test(n)?`ol`:`text`,r=e===`text`?n:n.replace(e===`ul`?z:B,``),i=t.at(-1);i?.kind===e?i.lines.push(r):t.push({kind:e,lines:[r]})}return t}function ee({kind:e,lines:t,sources:n,hasHelp:r,last:i}){let a=e=>(0,L.jsx)(W,{sources:n,hasHelp:r,text:e}),o=r&&e===`text`&&t.length>1;return e===`text`&&!o?(0,L.jsxs)(`p`,{children:[t.map((e,t)=>(0,L.jsxs)(D.Fragment,{children:[t>0&&(0,L.jsx)(`br`,{}),a(e.replace(/^#{1,6}\s+/,``))]},t)),i]}):(0,L.jsx)(e===`ol`?`ol`:`ul`,{className:o?`help-lines`:void 0,children:t.map((e,n)=>(0,L.jsxs)(`li`,{children:[a(e),n===t.length-1&&i]},n))})}var H=/\*\*(.+?)\*\*|__(.+?)__|\*(.+?)\*|(?<!\w)_(.+?)_(?!\w)|[ \u00a0]?\[(\d{1,3})\]|(https?:\/\/[^\s<>)]*[^\s<>).,;:!?])/g,U=/(?<![\w/.-])(\+?\d(?:[\d -]*\d)?)(?!\s*(?:countr|pa[ií]s|pays|peyi)|[\w/])/g;function W({text:e,sources:t,hasHelp:n}){let r=[],i=0,a=e=>(0,L.jsx)(W,{sources:t,hasHelp:n,text:e});for(let o of e.matchAll(H)){r.push(G(e.slice(i,o.index),n)),i=o.index+o[0].length;let[s,c,l,u,d,f,p]=o;c??l?r.push((0,L.jsx)(`strong`,{children:a(c??l??``)})):u??d?r.push((0,L.jsx)(`em`,{children:a(u??d??``)})):f?r.push(n?null:(0,L.jsx)(K,{number:Number(f),isKnown:Number(f)<=t})):p&&n?r.push((0,L.jsx)(q,{url:p})):r.push(s)}return r.push(G(e.slice(i),n)),r.map((e,t)=>(0,L.jsx)(D.Fragment,{children:e},t))}function G(e,t){return t?e.split(U).map((e,t)=>{let n=e.replace(/\D/g,``);return t%2==0||n.length<3?e:(0,L.jsx)(`a`,{className:`telephone`,href:`tel:${e.startsWith(`+`)?`+`:``}${n}`,children:e},t)}):e}function K({number:e,isKnown:t}){let n=y();return t?(0,L.jsx)(`sup`,{className:`mark`,children:(0,L.jsx)(`a`,{href:`#source-${e}`,"aria-label":n.t(`reading.mark`,{n:e}),children:e})}):(0,L.jsx)(`sup`,{className:`mark`,children:e})}function q({url:e}){return(0,L.jsx)(`a`,{href:e,target:`_blank`,rel:`noreferrer`,children:URL.canParse(e)?new URL(e).host.replace(/^www\./,``):e})}var J=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{kind:`Variable`,name:`input`,variableName:`input`}],n={alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},r={alias:null,args:null,kind:`ScalarField`,name:`status`,storageKey:null},i={alias:null,args:null,kind:`ScalarField`,name:`response`,storageKey:null},a={alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},o={alias:null,args:null,kind:`ScalarField`,name:`title`,storageKey:null};return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`readingActionsStopMutation`,selections:[{alias:null,args:t,concreteType:`CancelReadingPayload`,kind:`LinkedField`,name:`cancelReading`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`readingView_reading`}],storageKey:null}],storageKey:null}],type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`readingActionsStopMutation`,selections:[{alias:null,args:t,concreteType:`CancelReadingPayload`,kind:`LinkedField`,name:`cancelReading`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[n,{alias:null,args:null,kind:`ScalarField`,name:`advisor`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`question`,storageKey:null},r,i,{alias:null,args:null,kind:`ScalarField`,name:`sequence`,storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generation`,plural:!1,selections:[n],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`care`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`engine`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`model`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isCached`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isTruncated`,storageKey:null},a,{alias:null,args:null,concreteType:`ReadingFailure`,kind:`LinkedField`,name:`failure`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`code`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[o,{alias:null,args:null,kind:`ScalarField`,name:`excerpt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`url`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generations`,plural:!0,selections:[r,i,a,{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[o],storageKey:null},n],storageKey:null}],storageKey:null}],storageKey:null}]},params:{cacheID:`9b676bc4e2507f48fb0c0e8736996cfe`,id:null,metadata:{},name:`readingActionsStopMutation`,operationKind:`mutation`,text:`mutation readingActionsStopMutation(
  $input: CancelReadingInput!
) {
  cancelReading(input: $input) {
    reading {
      ...readingView_reading
      id
    }
  }
}

fragment readingView_reading on Reading {
  id
  advisor
  question
  status
  response
  sequence
  generation {
    id
  }
  care
  engine
  model
  isCached
  isTruncated
  createdAt
  failure {
    code
  }
  sources {
    title
    excerpt
    url
  }
  ...sources_earlier
}

fragment sources_earlier on Reading {
  generations {
    status
    response
    createdAt
    sources {
      title
    }
    id
  }
}
`}}})();J.hash=`6e8ac02c0ed8d70f456f898c911694d3`;var Y=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{kind:`Variable`,name:`input`,variableName:`input`}],n={alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},r={alias:null,args:null,kind:`ScalarField`,name:`status`,storageKey:null},i={alias:null,args:null,kind:`ScalarField`,name:`response`,storageKey:null},a={alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},o={alias:null,args:null,kind:`ScalarField`,name:`title`,storageKey:null};return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`readingActionsAgainMutation`,selections:[{alias:null,args:t,concreteType:`RegenerateReadingPayload`,kind:`LinkedField`,name:`regenerateReading`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`readingView_reading`}],storageKey:null}],storageKey:null}],type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`readingActionsAgainMutation`,selections:[{alias:null,args:t,concreteType:`RegenerateReadingPayload`,kind:`LinkedField`,name:`regenerateReading`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[n,{alias:null,args:null,kind:`ScalarField`,name:`advisor`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`question`,storageKey:null},r,i,{alias:null,args:null,kind:`ScalarField`,name:`sequence`,storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generation`,plural:!1,selections:[n],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`care`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`engine`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`model`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isCached`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isTruncated`,storageKey:null},a,{alias:null,args:null,concreteType:`ReadingFailure`,kind:`LinkedField`,name:`failure`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`code`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[o,{alias:null,args:null,kind:`ScalarField`,name:`excerpt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`url`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generations`,plural:!0,selections:[r,i,a,{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[o],storageKey:null},n],storageKey:null}],storageKey:null}],storageKey:null}]},params:{cacheID:`89a0baf468e9d5b9d5b43aa00efe6062`,id:null,metadata:{},name:`readingActionsAgainMutation`,operationKind:`mutation`,text:`mutation readingActionsAgainMutation(
  $input: RegenerateReadingInput!
) {
  regenerateReading(input: $input) {
    reading {
      ...readingView_reading
      id
    }
  }
}

fragment readingView_reading on Reading {
  id
  advisor
  question
  status
  response
  sequence
  generation {
    id
  }
  care
  engine
  model
  isCached
  isTruncated
  createdAt
  failure {
    code
  }
  sources {
    title
    excerpt
    url
  }
  ...sources_earlier
}

fragment sources_earlier on Reading {
  generations {
    status
    response
    createdAt
    sources {
      title
    }
    id
  }
}
`}}})();Y.hash=`5aeb9b94f8a78f061182319fc236f057`;var X=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{alias:null,args:[{kind:`Variable`,name:`input`,variableName:`input`}],concreteType:`DeleteReadingPayload`,kind:`LinkedField`,name:`deleteReading`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`deletedReadingId`,storageKey:null}],storageKey:null}];return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`readingActionsDeleteMutation`,selections:t,type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`readingActionsDeleteMutation`,selections:t},params:{cacheID:`c4078733c99bb2b2beec1598a82d77aa`,id:null,metadata:{},name:`readingActionsDeleteMutation`,operationKind:`mutation`,text:`mutation readingActionsDeleteMutation(
  $input: DeleteReadingInput!
) {
  deleteReading(input: $input) {
    deletedReadingId
  }
}
`}}})();X.hash=`9baf57b11295ea414dcb404b57462ca1`;function Z({id:e,status:t,isCrisis:n}){let r=y(),[i,a]=(0,D.useState)(null),[o,s]=(0,D.useState)(!1),c=(0,D.useRef)(p()),[l,u]=x(J),[d,f]=x(Y),[h]=x(X),g=e=>(a(null),w.current=!0,e.then(()=>void(c.current=p()),e=>{e instanceof m||(c.current=p()),w.current=!1,a(e)})),_=N(t),b=(0,D.useRef)(null),w=(0,D.useRef)(!1);return(0,D.useEffect)(()=>{w.current&&b.current?.querySelector(`button`)?.focus({preventScroll:!0}),w.current=!1},[_]),(0,L.jsxs)(`div`,{className:`actions`,ref:b,children:[_&&(0,L.jsx)(`button`,{type:`button`,disabled:u,onClick:()=>void g(l({input:{id:e}})),children:r.t(`reading.stop`)}),!_&&!n&&(0,L.jsx)(`button`,{type:`button`,disabled:f,onClick:()=>void g(d({input:{id:e,wait:!1,idempotencyKey:c.current}})),children:r.t(`reading.again`)}),(0,L.jsx)(`button`,{type:`button`,className:`quiet`,onClick:()=>s(!0),children:r.t(`delete`)}),(0,L.jsx)(`div`,{role:`alert`,children:i!==null&&(0,L.jsx)(`p`,{className:`error`,children:v(i,r)})}),o&&(0,L.jsx)(C,{title:r.t(`reading.delete.title`),text:r.t(`reading.delete.text`),action:r.t(`delete`),onClose:()=>s(!1),onConfirm:async()=>{await h({input:{id:e}}),S(`/readings`,`replace`)}})]})}var Q={argumentDefinitions:[],kind:`Fragment`,metadata:null,name:`sources_earlier`,selections:[{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generations`,plural:!0,selections:[{alias:null,args:null,kind:`ScalarField`,name:`status`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`response`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[{alias:null,args:null,kind:`ScalarField`,name:`title`,storageKey:null}],storageKey:null}],storageKey:null}],type:`Reading`,abstractKey:null};Q.hash=`22400c6cf76227d789f7a5cfbf9cfc5d`;function te({of:e}){let t=y();return e.length===0?null:(0,L.jsxs)(`section`,{className:`sources`,"aria-labelledby":`sources`,children:[(0,L.jsx)(`h2`,{id:`sources`,children:t.t(`reading.sources`)}),(0,L.jsx)(`ol`,{children:e.map(({title:e,excerpt:t,url:n},r)=>(0,L.jsxs)(`li`,{id:`source-${r+1}`,tabIndex:-1,children:[(0,L.jsx)(`cite`,{children:e}),t&&(0,L.jsx)(`blockquote`,{children:t}),n&&(0,L.jsx)(q,{url:n})]},r))})]})}function ne({of:e}){let t=y(),{generations:n}=(0,j.default)(Q,e),r=n.slice(1).filter(({response:e})=>e);return r.length===0?null:(0,L.jsxs)(`section`,{className:`earlier`,children:[(0,L.jsx)(`h2`,{children:t.t(`reading.earlier`)}),r.map(({createdAt:e,response:n,sources:r})=>(0,L.jsxs)(`details`,{children:[(0,L.jsx)(`summary`,{children:(0,L.jsx)(`time`,{dateTime:e,children:t.date(e)})}),(0,L.jsxs)(`div`,{className:`prose`,children:[(0,L.jsx)(R,{text:n??``,sources:0}),(0,L.jsx)(`ol`,{children:r.map(({title:e},t)=>(0,L.jsx)(`li`,{children:(0,L.jsx)(`cite`,{children:e})},t))})]})]},e))]})}function re(e,t,n,r){let i=(0,O.default)(),[a,o]=(0,D.useState)(null),[s,c]=(0,D.useState)(null),l=N(t),f=(0,D.useRef)(n);return f.current=n,(0,D.useEffect)(()=>{if(l)return o(null),c(null),P(d,e,t=>{o(t),N(t.status)||(0,T.fetchQuery)(i,r,{id:e},{networkCacheConfig:u}).subscribe({error:()=>(0,T.commitLocalUpdate)(i,n=>{n.get(e)?.setValue(t.text,`response`).setValue(t.status,`status`)})})},e=>c(new h(e)),f.current)},[e,l,n.generation,i,r]),{answer:a,text:l&&a?a.text:n.text,error:s}}function ie({of:e,query:t}){let n=y(),r=(0,j.default)(A,e),{id:i,response:a,sequence:o,generation:s,status:c}=r,{answer:l,text:u,error:d}=re(i,c,{generation:s.id,sequence:o,text:a??``},t);b(r.question);let f=g(r.advisor)?r.advisor:`LEGBA`,p=N(r.status),m=r.care===`CRISIS`;return(0,L.jsxs)(`article`,{className:m?`page reading crisis`:`page reading`,"data-advisor":m?void 0:f,children:[(0,L.jsxs)(`header`,{children:[!m&&(0,L.jsx)(w,{of:f}),(0,L.jsxs)(`p`,{className:`asked`,children:[n.t(`reading.asked`,{name:_[f]}),(0,L.jsx)(`time`,{dateTime:r.createdAt,title:n.date(r.createdAt),children:n.ago(r.createdAt)})]}),(0,L.jsx)(`h1`,{children:r.question})]}),r.care===`SOFT`&&(0,L.jsx)(`p`,{className:`care`,children:n.t(`reading.soft`)}),(0,L.jsxs)(`div`,{className:`answer prose`,"aria-busy":p,children:[m&&(0,L.jsx)(`h2`,{children:n.t(`reading.crisis`)}),(0,L.jsx)(R,{text:u,sources:r.sources.length,hasHelp:m,end:p&&(0,L.jsx)(`span`,{className:`pen`,"aria-hidden":`true`})})]}),(0,L.jsx)(ae,{reading:r,answer:l}),(0,L.jsx)(`div`,{role:`alert`,children:d!==null&&(0,L.jsx)(`p`,{className:`error`,children:v(d,n)})}),(0,L.jsx)(oe,{reading:r,language:n}),(0,L.jsx)(Z,{id:r.id,status:r.status,isCrisis:m}),!m&&(0,L.jsx)(te,{of:r.sources}),!m&&(0,L.jsx)(ne,{of:r})]})}function ae({reading:e,answer:t}){let n=y(),r=g(e.advisor)?_[e.advisor]:``,i=()=>N(e.status)?t&&!t.isConnected&&t.sequence>0?n.t(`reading.reconnecting`):t?.isThinking?n.t(`reading.thinking`,{name:r}):n.t(e.response||t?.text?`reading.writing`:`reading.waiting`,{name:r}):null;return(0,L.jsxs)(`div`,{role:`status`,className:`progress`,children:[i()&&(0,L.jsx)(`p`,{children:i()}),t&&!N(e.status)&&(0,L.jsx)(`p`,{className:`unseen`,children:n.t(`reading.done`,{name:r})})]})}function oe({reading:e,language:t}){let{status:n,engine:r,failure:i,isTruncated:a,isCached:o,model:s}=e;if(N(n))return null;let c=i&&(t.find(`failure.${i.code}`)??t.t(`failure.UNKNOWN`)),l=r===`MODEL`?t.t(`engine.MODEL`,{model:s??``}):t.find(`engine.${r}`);return(0,L.jsxs)(`footer`,{children:[n===`FAILED`&&(0,L.jsx)(`p`,{className:`error`,children:c??t.t(`failure.UNKNOWN`)}),n===`CANCELLED`&&(0,L.jsx)(`p`,{children:t.t(`reading.stopped`)}),a&&(0,L.jsx)(`p`,{children:t.t(`reading.truncated`)}),(0,L.jsxs)(`p`,{className:`writer`,children:[l,` `,o&&t.t(`reading.cached`)]})]})}var $=E;function se({id:e}){let t=(0,O.default)(),n=c(),{reading:r}=(0,k.default)($,{id:e},{fetchPolicy:`store-or-network`});return(0,D.useEffect)(()=>(0,T.fetchQuery)(t,$,{id:e},{networkCacheConfig:u}).subscribe({error(){}}).unsubscribe,[t,e,n]),r?(0,L.jsx)(ie,{of:r,query:$}):(0,L.jsx)(l,{})}export{se as default,$ as query};
import{r as e,t}from"./useRelayEnvironment-BmokcvD4.js";import{i as n,n as r,t as i}from"./jsx-runtime-DyZJNswf.js";import{r as a,t as o}from"./useFragment-CqlXVFbc.js";import{i as s,n as c}from"./events-wntMh7Jd.js";import{t as l}from"./not-found-D1kfqTDz.js";import{t as u}from"./relay-BQh5OJvD.js";import{i as d,n as f}from"./advisors-CR-LtGPw.js";import{t as p}from"./errors-D_4qTL5m.js";import{l as m,t as h}from"./title-B5ed0Yyd.js";import{a as g,s as _,t as v,u as y}from"./fetch-DEJmT28P.js";import{t as b}from"./mutate-Cdsl7AiN.js";import{n as x}from"./router-flwHy-hr.js";import{t as ee}from"./confirm-Cv7Um0_p.js";import{n as S}from"./signs-DolwgorS.js";var C=e(),w=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`id`}],t=[{kind:`Variable`,name:`id`,variableName:`id`}],n={alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},r={alias:null,args:null,kind:`ScalarField`,name:`status`,storageKey:null},i={alias:null,args:null,kind:`ScalarField`,name:`response`,storageKey:null},a={alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},o={alias:null,args:null,kind:`ScalarField`,name:`title`,storageKey:null};return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`readingQuery`,selections:[{alias:null,args:t,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`readingView_reading`}],storageKey:null}],type:`Query`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`readingQuery`,selections:[{alias:null,args:t,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[n,{alias:null,args:null,kind:`ScalarField`,name:`advisor`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`question`,storageKey:null},r,i,{alias:null,args:null,kind:`ScalarField`,name:`sequence`,storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generation`,plural:!1,selections:[n],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`care`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`engine`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`model`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isCached`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isTruncated`,storageKey:null},a,{alias:null,args:null,concreteType:`ReadingFailure`,kind:`LinkedField`,name:`failure`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`code`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[o,{alias:null,args:null,kind:`ScalarField`,name:`excerpt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`url`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generations`,plural:!0,selections:[r,i,a,{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[o],storageKey:null},n],storageKey:null}],storageKey:null}]},params:{cacheID:`ebe3da7bba7e7f7f6e3627b7259e5164`,id:null,metadata:{},name:`readingQuery`,operationKind:`query`,text:`query readingQuery(
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
`}}})();w.hash=`3ef84ba8be002b2454c378d67953dca6`;var T=r(),E=n(t(),1),D=n(a(),1),O=(function(){var e={alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null};return{argumentDefinitions:[],kind:`Fragment`,metadata:null,name:`readingView_reading`,selections:[e,{alias:null,args:null,kind:`ScalarField`,name:`advisor`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`question`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`status`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`response`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`sequence`,storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generation`,plural:!1,selections:[e],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`care`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`engine`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`model`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isCached`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isTruncated`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},{alias:null,args:null,concreteType:`ReadingFailure`,kind:`LinkedField`,name:`failure`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`code`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[{alias:null,args:null,kind:`ScalarField`,name:`title`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`excerpt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`url`,storageKey:null}],storageKey:null},{args:null,kind:`FragmentSpread`,name:`sources_earlier`}],type:`Reading`,abstractKey:null}})();O.hash=`b09dbd3b02b718651f1b5fa7749ca3fe`;var k=n(o(),1),A=`subscription Follow($id: ID!, $after: Int, $generation: ID) {
  readingUpdates(id: $id, after: $after, generation: $generation) {
    generation offset sequence text isThinking status
  }
}`,j=e=>e===`PENDING`||e===`WRITING`;function M(e,t,n,r=()=>{},i={generation:``,sequence:0,text:``}){let a={...i,status:`PENDING`,isThinking:!1,isConnected:!1},o=e=>n(a={...a,...e});return s(e,{query:A,variables:{id:t,get after(){return a.sequence},get generation(){return a.generation||null}}},{next({data:e,errors:t}){e?o(N(a,e.readingUpdates)):t&&r(t)},error:r,onConnected(e){e!==a.isConnected&&j(a.status)&&o({isConnected:e})}})}function N(e,{generation:t,offset:n,sequence:r,text:i,...a}){let o=t===e.generation?e.text:``,s=n===0?``:Array.from(o).slice(0,n).join(``);return{...a,generation:t,sequence:r,text:i?s+i:o,isConnected:!0}}var P=i();function F({text:e,sources:t,hasHelp:n=!1,end:r}){let i=e.split(/\n{2,}/).flatMap(R);return(0,P.jsxs)(P.Fragment,{children:[i.map((e,a)=>{let o=a===i.length-1&&r;return(0,P.jsx)(z,{...e,sources:t,hasHelp:n,last:o},a)}),i.length===0&&r&&(0,P.jsx)(`p`,{children:r})]})}var I=/^\s*[-*•]\s+/,L=/^\s*\d+[.)]\s+/;function R(e){let t=[];for(let n of e.split(`
`).filter(e=>e.trim())){let e=I.test(n)?`ul`:L.test(n)?`ol`:`text`,r=e===`text`?n:n.replace(e===`ul`?I:L,``),i=t.at(-1);i?.kind===e?i.lines.push(r):t.push({kind:e,lines:[r]})}return t}function z({kind:e,lines:t,sources:n,hasHelp:r,last:i}){let a=e=>(0,P.jsx)(H,{sources:n,hasHelp:r,text:e}),o=r&&e===`text`&&t.length>1;return e===`text`&&!o?(0,P.jsxs)(`p`,{children:[t.map((e,t)=>(0,P.jsxs)(T.Fragment,{children:[t>0&&(0,P.jsx)(`br`,{}),a(e.replace(/^#{1,6}\s+/,``))]},t)),i]}):(0,P.jsx)(e===`ol`?`ol`:`ul`,{className:o?`help-lines`:void 0,children:t.map((e,n)=>(0,P.jsxs)(`li`,{children:[a(e),n===t.length-1&&i]},n))})}var B=/\*\*(.+?)\*\*|__(.+?)__|\*(.+?)\*|(?<!\w)_(.+?)_(?!\w)|[ \u00a0]?\[(\d{1,3})\]|(https?:\/\/[^\s<>)]*[^\s<>).,;:!?])/g,V=/(?<![\w/.-])(\+?\d(?:[\d -]*\d)?)(?!\s*(?:countr|pa[ií]s|pays|peyi)|[\w/])/g;function H({text:e,sources:t,hasHelp:n}){let r=[],i=0,a=e=>(0,P.jsx)(H,{sources:t,hasHelp:n,text:e});for(let o of e.matchAll(B)){r.push(U(e.slice(i,o.index),n)),i=o.index+o[0].length;let[s,c,l,u,d,f,p]=o;c??l?r.push((0,P.jsx)(`strong`,{children:a(c??l??``)})):u??d?r.push((0,P.jsx)(`em`,{children:a(u??d??``)})):f?r.push(n?null:(0,P.jsx)(W,{number:Number(f),isKnown:Number(f)<=t})):p&&n?r.push((0,P.jsx)(G,{url:p})):r.push(s)}return r.push(U(e.slice(i),n)),r.map((e,t)=>(0,P.jsx)(T.Fragment,{children:e},t))}function U(e,t){return t?e.split(V).map((e,t)=>{let n=e.replace(/\D/g,``);return t%2==0||n.length<3?e:(0,P.jsx)(`a`,{className:`telephone`,href:`tel:${e.startsWith(`+`)?`+`:``}${n}`,children:e},t)}):e}function W({number:e,isKnown:t}){let n=m();return t?(0,P.jsx)(`sup`,{className:`mark`,children:(0,P.jsx)(`a`,{href:`#source-${e}`,"aria-label":n.t(`reading.mark`,{n:e}),children:e})}):(0,P.jsx)(`sup`,{className:`mark`,children:e})}function G({url:e}){return(0,P.jsx)(`a`,{href:e,target:`_blank`,rel:`noreferrer`,children:URL.canParse(e)?new URL(e).host.replace(/^www\./,``):e})}var K=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{kind:`Variable`,name:`input`,variableName:`input`}],n={alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},r={alias:null,args:null,kind:`ScalarField`,name:`status`,storageKey:null},i={alias:null,args:null,kind:`ScalarField`,name:`response`,storageKey:null},a={alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},o={alias:null,args:null,kind:`ScalarField`,name:`title`,storageKey:null};return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`readingActionsStopMutation`,selections:[{alias:null,args:t,concreteType:`CancelReadingPayload`,kind:`LinkedField`,name:`cancelReading`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`readingView_reading`}],storageKey:null}],storageKey:null}],type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`readingActionsStopMutation`,selections:[{alias:null,args:t,concreteType:`CancelReadingPayload`,kind:`LinkedField`,name:`cancelReading`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[n,{alias:null,args:null,kind:`ScalarField`,name:`advisor`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`question`,storageKey:null},r,i,{alias:null,args:null,kind:`ScalarField`,name:`sequence`,storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generation`,plural:!1,selections:[n],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`care`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`engine`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`model`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isCached`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isTruncated`,storageKey:null},a,{alias:null,args:null,concreteType:`ReadingFailure`,kind:`LinkedField`,name:`failure`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`code`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[o,{alias:null,args:null,kind:`ScalarField`,name:`excerpt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`url`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generations`,plural:!0,selections:[r,i,a,{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[o],storageKey:null},n],storageKey:null}],storageKey:null}],storageKey:null}]},params:{cacheID:`9b676bc4e2507f48fb0c0e8736996cfe`,id:null,metadata:{},name:`readingActionsStopMutation`,operationKind:`mutation`,text:`mutation readingActionsStopMutation(
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
`}}})();K.hash=`6e8ac02c0ed8d70f456f898c911694d3`;var q=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{kind:`Variable`,name:`input`,variableName:`input`}],n={alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},r={alias:null,args:null,kind:`ScalarField`,name:`status`,storageKey:null},i={alias:null,args:null,kind:`ScalarField`,name:`response`,storageKey:null},a={alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},o={alias:null,args:null,kind:`ScalarField`,name:`title`,storageKey:null};return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`readingActionsAgainMutation`,selections:[{alias:null,args:t,concreteType:`RegenerateReadingPayload`,kind:`LinkedField`,name:`regenerateReading`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`readingView_reading`}],storageKey:null}],storageKey:null}],type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`readingActionsAgainMutation`,selections:[{alias:null,args:t,concreteType:`RegenerateReadingPayload`,kind:`LinkedField`,name:`regenerateReading`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[n,{alias:null,args:null,kind:`ScalarField`,name:`advisor`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`question`,storageKey:null},r,i,{alias:null,args:null,kind:`ScalarField`,name:`sequence`,storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generation`,plural:!1,selections:[n],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`care`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`engine`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`model`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isCached`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isTruncated`,storageKey:null},a,{alias:null,args:null,concreteType:`ReadingFailure`,kind:`LinkedField`,name:`failure`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`code`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[o,{alias:null,args:null,kind:`ScalarField`,name:`excerpt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`url`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generations`,plural:!0,selections:[r,i,a,{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[o],storageKey:null},n],storageKey:null}],storageKey:null}],storageKey:null}]},params:{cacheID:`89a0baf468e9d5b9d5b43aa00efe6062`,id:null,metadata:{},name:`readingActionsAgainMutation`,operationKind:`mutation`,text:`mutation readingActionsAgainMutation(
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
`}}})();q.hash=`5aeb9b94f8a78f061182319fc236f057`;var J=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{alias:null,args:[{kind:`Variable`,name:`input`,variableName:`input`}],concreteType:`DeleteReadingPayload`,kind:`LinkedField`,name:`deleteReading`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`deletedReadingId`,storageKey:null}],storageKey:null}];return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`readingActionsDeleteMutation`,selections:t,type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`readingActionsDeleteMutation`,selections:t},params:{cacheID:`c4078733c99bb2b2beec1598a82d77aa`,id:null,metadata:{},name:`readingActionsDeleteMutation`,operationKind:`mutation`,text:`mutation readingActionsDeleteMutation(
  $input: DeleteReadingInput!
) {
  deleteReading(input: $input) {
    deletedReadingId
  }
}
`}}})();J.hash=`9baf57b11295ea414dcb404b57462ca1`;function Y({id:e,status:t,isCrisis:n}){let r=m(),[i,a]=(0,T.useState)(null),[o,s]=(0,T.useState)(!1),c=(0,T.useRef)(y()),[l,u]=b(K),[d,f]=b(q),[h]=b(J),g=e=>(a(null),C.current=!0,e.then(()=>void(c.current=y()),e=>{e instanceof _||(c.current=y()),C.current=!1,a(e)})),v=j(t),S=(0,T.useRef)(null),C=(0,T.useRef)(!1);return(0,T.useEffect)(()=>{C.current&&S.current?.querySelector(`button`)?.focus({preventScroll:!0}),C.current=!1},[v]),(0,P.jsxs)(`div`,{className:`actions`,ref:S,children:[v&&(0,P.jsx)(`button`,{type:`button`,disabled:u,onClick:()=>void g(l({input:{id:e}})),children:r.t(`reading.stop`)}),!v&&!n&&(0,P.jsx)(`button`,{type:`button`,disabled:f,onClick:()=>void g(d({input:{id:e,wait:!1,idempotencyKey:c.current}})),children:r.t(`reading.again`)}),(0,P.jsx)(`button`,{type:`button`,className:`quiet`,onClick:()=>s(!0),children:r.t(`delete`)}),(0,P.jsx)(`div`,{role:`alert`,children:i!==null&&(0,P.jsx)(`p`,{className:`error`,children:p(i,r)})}),o&&(0,P.jsx)(ee,{title:r.t(`reading.delete.title`),text:r.t(`reading.delete.text`),action:r.t(`delete`),onClose:()=>s(!1),onConfirm:async()=>{await h({input:{id:e}}),x(`/readings`,`replace`)}})]})}var X={argumentDefinitions:[],kind:`Fragment`,metadata:null,name:`sources_earlier`,selections:[{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generations`,plural:!0,selections:[{alias:null,args:null,kind:`ScalarField`,name:`status`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`response`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[{alias:null,args:null,kind:`ScalarField`,name:`title`,storageKey:null}],storageKey:null}],storageKey:null}],type:`Reading`,abstractKey:null};X.hash=`22400c6cf76227d789f7a5cfbf9cfc5d`;function Z({of:e}){let t=m();return e.length===0?null:(0,P.jsxs)(`section`,{className:`sources`,"aria-labelledby":`sources`,children:[(0,P.jsx)(`h2`,{id:`sources`,children:t.t(`reading.sources`)}),(0,P.jsx)(`ol`,{children:e.map(({title:e,excerpt:t,url:n},r)=>(0,P.jsxs)(`li`,{id:`source-${r+1}`,tabIndex:-1,children:[(0,P.jsx)(`cite`,{children:e}),t&&(0,P.jsx)(`blockquote`,{children:t}),n&&(0,P.jsx)(G,{url:n})]},r))})]})}function Q({of:e}){let t=m(),{generations:n}=(0,k.default)(X,e),r=n.slice(1).filter(({response:e})=>e);return r.length===0?null:(0,P.jsxs)(`section`,{className:`earlier`,children:[(0,P.jsx)(`h2`,{children:t.t(`reading.earlier`)}),r.map(({createdAt:e,response:n,sources:r})=>(0,P.jsxs)(`details`,{children:[(0,P.jsx)(`summary`,{children:(0,P.jsx)(`time`,{dateTime:e,children:t.date(e)})}),(0,P.jsxs)(`div`,{className:`prose`,children:[(0,P.jsx)(F,{text:n??``,sources:0}),(0,P.jsx)(`ol`,{children:r.map(({title:e},t)=>(0,P.jsx)(`li`,{children:(0,P.jsx)(`cite`,{children:e})},t))})]})]},e))]})}function te(e,t,n,r){let i=(0,E.default)(),[a,o]=(0,T.useState)(null),[s,c]=(0,T.useState)(null),l=j(t),d=(0,T.useRef)(n);return d.current=n,(0,T.useEffect)(()=>{if(l)return o(null),c(null),M(g,e,t=>{o(t),j(t.status)||(0,C.fetchQuery)(i,r,{id:e},{networkCacheConfig:u}).subscribe({error:()=>(0,C.commitLocalUpdate)(i,n=>{n.get(e)?.setValue(t.text,`response`).setValue(t.status,`status`)})})},e=>c(new v(e)),d.current)},[e,l,n.generation,i,r]),{answer:a,text:l&&a?a.text:n.text,error:s}}function ne({of:e,query:t}){let n=m(),r=(0,k.default)(O,e),{id:i,response:a,sequence:o,generation:s,status:c}=r,{answer:l,text:u,error:g}=te(i,c,{generation:s.id,sequence:o,text:a??``},t);h(r.question);let _=d(r.advisor)?r.advisor:`LEGBA`,v=j(r.status),y=r.care===`CRISIS`;return(0,P.jsxs)(`article`,{className:y?`page reading crisis`:`page reading`,"data-advisor":y?void 0:_,children:[(0,P.jsxs)(`header`,{children:[!y&&(0,P.jsx)(S,{of:_}),(0,P.jsxs)(`p`,{className:`asked`,children:[n.t(`reading.asked`,{name:f[_]}),(0,P.jsx)(`time`,{dateTime:r.createdAt,title:n.date(r.createdAt),children:n.ago(r.createdAt)})]}),(0,P.jsx)(`h1`,{children:r.question})]}),r.care===`SOFT`&&(0,P.jsx)(`p`,{className:`care`,children:n.t(`reading.soft`)}),(0,P.jsxs)(`div`,{className:`answer prose`,"aria-busy":v,children:[y&&(0,P.jsx)(`h2`,{children:n.t(`reading.crisis`)}),(0,P.jsx)(F,{text:u,sources:r.sources.length,hasHelp:y,end:v&&(0,P.jsx)(`span`,{className:`pen`,"aria-hidden":`true`})})]}),(0,P.jsx)(re,{reading:r,answer:l}),(0,P.jsx)(`div`,{role:`alert`,children:g!==null&&(0,P.jsx)(`p`,{className:`error`,children:p(g,n)})}),(0,P.jsx)(ie,{reading:r,language:n}),(0,P.jsx)(Y,{id:r.id,status:r.status,isCrisis:y}),!y&&(0,P.jsx)(Z,{of:r.sources}),!y&&(0,P.jsx)(Q,{of:r})]})}function re({reading:e,answer:t}){let n=m(),r=d(e.advisor)?f[e.advisor]:``,i=()=>j(e.status)?t&&!t.isConnected&&t.sequence>0?n.t(`reading.reconnecting`):t?.isThinking?n.t(`reading.thinking`,{name:r}):n.t(e.response||t?.text?`reading.writing`:`reading.waiting`,{name:r}):null;return(0,P.jsxs)(`div`,{role:`status`,className:`progress`,children:[i()&&(0,P.jsx)(`p`,{children:i()}),t&&!j(e.status)&&(0,P.jsx)(`p`,{className:`unseen`,children:n.t(`reading.done`,{name:r})})]})}function ie({reading:e,language:t}){let{status:n,engine:r,failure:i,isTruncated:a,isCached:o,model:s}=e;if(j(n))return null;let c=i&&(t.find(`failure.${i.code}`)??t.t(`failure.UNKNOWN`)),l=r===`MODEL`?t.t(`engine.MODEL`,{model:s??``}):t.find(`engine.${r}`);return(0,P.jsxs)(`footer`,{children:[n===`FAILED`&&(0,P.jsx)(`p`,{className:`error`,children:c??t.t(`failure.UNKNOWN`)}),n===`CANCELLED`&&(0,P.jsx)(`p`,{children:t.t(`reading.stopped`)}),a&&(0,P.jsx)(`p`,{children:t.t(`reading.truncated`)}),(0,P.jsxs)(`p`,{className:`writer`,children:[l,` `,o&&t.t(`reading.cached`)]})]})}var $=w;function ae({id:e}){let t=(0,E.default)(),n=c(),{reading:r}=(0,D.default)($,{id:e},{fetchPolicy:`store-or-network`});return(0,T.useEffect)(()=>(0,C.fetchQuery)(t,$,{id:e},{networkCacheConfig:u}).subscribe({error(){}}).unsubscribe,[t,e,n]),r?(0,P.jsx)(ne,{of:r,query:$}):(0,P.jsx)(l,{})}export{ae as default,$ as query};
import{r as e,t}from"./useRelayEnvironment-BmokcvD4.js";import{i as n,n as r,t as i}from"./jsx-runtime-DyZJNswf.js";import{r as a,t as o}from"./useFragment-CqlXVFbc.js";import{i as s,n as c}from"./events-BqDjJMsL.js";import{t as l}from"./not-found-B_pX1jD2.js";import{t as u}from"./relay-D4C_Mswu.js";import{i as d,n as f}from"./advisors-CR-LtGPw.js";import{n as p,t as m}from"./errors-XWM8huKG.js";import{l as h,t as g}from"./title-CRfy7NIO.js";import{n as _,r as v,t as y}from"./sources-rOAf2-nP.js";import{n as b,r as x,t as S}from"./router-CxwAVwmQ.js";import{t as C}from"./mutate-Cdsl7AiN.js";import{n as w,r as T}from"./signs-1NYi7Ty0.js";import{a as ee,s as E,t as te,u as D}from"./fetch-BCnaLSPK.js";import{i as ne}from"./pending-DsGwSnjW.js";import{t as O}from"./confirm-BqWQpFMq.js";var k=e(),A=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`id`}],t=[{kind:`Variable`,name:`id`,variableName:`id`}],n={alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},r={alias:null,args:null,kind:`ScalarField`,name:`advisor`,storageKey:null},i={alias:null,args:null,kind:`ScalarField`,name:`question`,storageKey:null},a={alias:null,args:null,kind:`ScalarField`,name:`status`,storageKey:null},o={alias:null,args:null,kind:`ScalarField`,name:`response`,storageKey:null},s={alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},c={alias:null,args:null,kind:`ScalarField`,name:`title`,storageKey:null};return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`readingQuery`,selections:[{alias:null,args:t,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`readingView_reading`},{args:null,kind:`FragmentSpread`,name:`thread_reading`}],storageKey:null}],type:`Query`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`readingQuery`,selections:[{alias:null,args:t,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[n,r,i,a,o,{alias:null,args:null,kind:`ScalarField`,name:`sequence`,storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generation`,plural:!1,selections:[n],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`care`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`engine`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`model`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isCached`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isTruncated`,storageKey:null},s,{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`inReplyTo`,plural:!1,selections:[n,i],storageKey:null},{alias:null,args:null,concreteType:`ReadingFailure`,kind:`LinkedField`,name:`failure`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`code`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[c,{alias:null,args:null,kind:`ScalarField`,name:`excerpt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`url`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generations`,plural:!0,selections:[a,o,s,{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[c],storageKey:null},n],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isFavourite`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`note`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`rating`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isShareable`,storageKey:null},{alias:null,args:null,concreteType:`Share`,kind:`LinkedField`,name:`share`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`token`,storageKey:null}],storageKey:null},{alias:null,args:[{kind:`Literal`,name:`first`,value:20}],concreteType:`ReadingConnection`,kind:`LinkedField`,name:`replies`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`nodes`,plural:!0,selections:[n,r,i,s],storageKey:null}],storageKey:`replies(first:20)`}],storageKey:null}]},params:{cacheID:`11e816ef887d1c29e98c6ececbec5fa5`,id:null,metadata:{},name:`readingQuery`,operationKind:`query`,text:`query readingQuery(
  $id: ID!
) {
  reading(id: $id) {
    ...readingView_reading
    ...thread_reading
    id
  }
}

fragment keep_reading on Reading {
  id
  status
  isFavourite
  note
  rating
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
  inReplyTo {
    id
    question
  }
  failure {
    code
  }
  sources {
    title
    excerpt
    url
  }
  ...sources_earlier
  ...keep_reading
  ...share_reading
}

fragment share_reading on Reading {
  id
  isShareable
  share {
    token
  }
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

fragment thread_reading on Reading {
  replies(first: 20) {
    nodes {
      id
      advisor
      question
      createdAt
    }
  }
}
`}}})();A.hash=`d769c79298cd0b24628692fab41b0f64`;var j=r(),M=n(t(),1),re=n(a(),1),N=(function(){var e={alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},t={alias:null,args:null,kind:`ScalarField`,name:`question`,storageKey:null};return{argumentDefinitions:[],kind:`Fragment`,metadata:null,name:`readingView_reading`,selections:[e,{alias:null,args:null,kind:`ScalarField`,name:`advisor`,storageKey:null},t,{alias:null,args:null,kind:`ScalarField`,name:`status`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`response`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`sequence`,storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generation`,plural:!1,selections:[e],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`care`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`engine`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`model`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isCached`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isTruncated`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`inReplyTo`,plural:!1,selections:[e,t],storageKey:null},{alias:null,args:null,concreteType:`ReadingFailure`,kind:`LinkedField`,name:`failure`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`code`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[{alias:null,args:null,kind:`ScalarField`,name:`title`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`excerpt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`url`,storageKey:null}],storageKey:null},{args:null,kind:`FragmentSpread`,name:`sources_earlier`},{args:null,kind:`FragmentSpread`,name:`keep_reading`},{args:null,kind:`FragmentSpread`,name:`share_reading`}],type:`Reading`,abstractKey:null}})();N.hash=`c4c86d0eddfcb1c5fd3acbd1311c06be`;var P=n(o(),1),F=`subscription Follow($id: ID!, $after: Int, $generation: ID) {
  readingUpdates(id: $id, after: $after, generation: $generation) {
    generation offset sequence text isThinking status
  }
}`,I=e=>e===`PENDING`||e===`WRITING`;function L(e,t,n,r=()=>{},i={generation:``,sequence:0,text:``}){let a={...i,status:`PENDING`,isThinking:!1,isConnected:!0},o=e=>n(a={...a,...e});return s(e,{query:F,variables:{id:t,get after(){return a.sequence},get generation(){return a.generation||null}}},{next({data:e,errors:t}){e?o(ie(a,e.readingUpdates)):t&&r(t)},error:r,onConnected(e){e!==a.isConnected&&I(a.status)&&o({isConnected:e})}})}function ie(e,{generation:t,offset:n,sequence:r,text:i,...a}){let o=t===e.generation?e.text:``,s=n===0?``:Array.from(o).slice(0,n).join(``);return{...a,generation:t,sequence:r,text:i?s+i:o,isConnected:!0}}var R={argumentDefinitions:[],kind:`Fragment`,metadata:null,name:`keep_reading`,selections:[{alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`status`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isFavourite`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`note`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`rating`,storageKey:null}],type:`Reading`,abstractKey:null};R.hash=`0bf717a2322394ba19116336ce685aa2`;var z=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{kind:`Variable`,name:`input`,variableName:`input`}];return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`keepMutation`,selections:[{alias:null,args:t,concreteType:`UpdateReadingPayload`,kind:`LinkedField`,name:`updateReading`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`keep_reading`}],storageKey:null}],storageKey:null}],type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`keepMutation`,selections:[{alias:null,args:t,concreteType:`UpdateReadingPayload`,kind:`LinkedField`,name:`updateReading`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`status`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isFavourite`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`note`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`rating`,storageKey:null}],storageKey:null}],storageKey:null}]},params:{cacheID:`cc84ae243c21e1f31e430c13dda3b831`,id:null,metadata:{},name:`keepMutation`,operationKind:`mutation`,text:`mutation keepMutation(
  $input: UpdateReadingInput!
) {
  updateReading(input: $input) {
    reading {
      ...keep_reading
      id
    }
  }
}

fragment keep_reading on Reading {
  id
  status
  isFavourite
  note
  rating
}
`}}})();z.hash=`011981fe30279ca735f15c5842be244d`;var B=i();function V({of:e}){let t=h(),[n,r]=(0,j.useState)(null),i=(0,P.default)(R,e),[a]=C(z),{id:o,status:s,isFavourite:c,note:l,rating:u}=i,d=async e=>{r(null);let t={isFavourite:e.isFavourite??c,note:e.note===void 0?l:e.note,rating:e.rating===void 0?u:e.rating},n={updateReading:{reading:{id:o,status:s,...t}}};try{await a({input:{id:o,...e}},{optimisticResponse:n})}catch(e){throw r(e),e}},f=e=>void d(e).catch(()=>{}),g=p(n,t);return(0,B.jsxs)(`section`,{className:`keep`,"aria-label":t.t(`keep.title`),children:[(0,B.jsxs)(`div`,{className:`actions`,children:[(0,B.jsxs)(`button`,{type:`button`,"aria-pressed":c,onClick:()=>f({isFavourite:!c}),children:[(0,B.jsx)(T,{}),` `,t.t(`keep.favourite`)]}),!I(s)&&(0,B.jsx)(H,{value:u??null,onChange:e=>f({rating:e})})]}),u===`NOT_HELPFUL`&&(0,B.jsx)(U,{onSend:e=>d({rating:u,ratingReason:e})},o),(0,B.jsx)(W,{value:l??``,error:g.note,onSave:e=>d({note:e||null})},o),(0,B.jsx)(`div`,{role:`alert`,children:n!==null&&!g.note&&(0,B.jsx)(`p`,{className:`error`,children:m(n,t)})})]})}function H({value:e,onChange:t}){let n=h(),r=(0,j.useId)();return(0,B.jsxs)(`div`,{className:`helped`,role:`group`,"aria-labelledby":r,children:[(0,B.jsx)(`span`,{id:r,children:n.t(`keep.helped`)}),[`HELPFUL`,`NOT_HELPFUL`].map(r=>(0,B.jsx)(`button`,{type:`button`,"aria-pressed":e===r,onClick:()=>t(e===r?null:r),children:n.t(`keep.${r}`)},r))]})}function U({onSend:e}){let t=h(),n=(0,j.useId)(),[r,i]=(0,j.useState)(!1);return r?(0,B.jsx)(`p`,{role:`status`,children:t.t(`keep.reason.done`)}):(0,B.jsxs)(`form`,{className:`reason`,onSubmit:t=>{t.preventDefault();let n=String(new FormData(t.currentTarget).get(`reason`)).trim();n&&e(n).then(()=>i(!0),()=>{})},children:[(0,B.jsx)(`label`,{htmlFor:n,children:t.t(`keep.reason`)}),(0,B.jsxs)(`span`,{children:[(0,B.jsx)(`input`,{id:n,name:`reason`,maxLength:500}),(0,B.jsx)(`button`,{type:`submit`,children:t.t(`send`)})]})]})}function W({value:e,error:t,onSave:n}){let r=h(),i=(0,j.useId)(),[a,o]=(0,j.useState)(!1),s=(0,j.useRef)(!1);return a?(0,B.jsxs)(`form`,{className:`field note`,onSubmit:e=>{e.preventDefault(),n(String(new FormData(e.currentTarget).get(`note`)).trim()).then(()=>o(!1),()=>{})},children:[(0,B.jsx)(`label`,{htmlFor:i,children:r.t(`keep.note`)}),(0,B.jsx)(`textarea`,{id:i,name:`note`,rows:3,defaultValue:e,autoFocus:!0,"aria-describedby":t?`${i}-error`:void 0,"aria-invalid":t?!0:void 0}),t&&(0,B.jsx)(`p`,{className:`error`,id:`${i}-error`,children:t}),(0,B.jsxs)(`div`,{className:`actions`,children:[(0,B.jsx)(`button`,{type:`submit`,children:r.t(`account.profile.save`)}),(0,B.jsx)(`button`,{type:`button`,className:`quiet`,onClick:()=>o(!1),children:r.t(`cancel`)})]})]}):(0,B.jsxs)(`div`,{className:`note`,children:[e&&(0,B.jsx)(`p`,{dir:`auto`,children:e}),(0,B.jsx)(`button`,{type:`button`,className:`quiet`,autoFocus:s.current,onClick:()=>o(s.current=!0),children:r.t(e?`keep.note.change`:`keep.note.add`)})]})}var G=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{kind:`Variable`,name:`input`,variableName:`input`}],n={alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},r={alias:null,args:null,kind:`ScalarField`,name:`question`,storageKey:null},i={alias:null,args:null,kind:`ScalarField`,name:`status`,storageKey:null},a={alias:null,args:null,kind:`ScalarField`,name:`response`,storageKey:null},o={alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},s={alias:null,args:null,kind:`ScalarField`,name:`title`,storageKey:null};return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`readingActionsStopMutation`,selections:[{alias:null,args:t,concreteType:`CancelReadingPayload`,kind:`LinkedField`,name:`cancelReading`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`readingView_reading`}],storageKey:null}],storageKey:null}],type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`readingActionsStopMutation`,selections:[{alias:null,args:t,concreteType:`CancelReadingPayload`,kind:`LinkedField`,name:`cancelReading`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[n,{alias:null,args:null,kind:`ScalarField`,name:`advisor`,storageKey:null},r,i,a,{alias:null,args:null,kind:`ScalarField`,name:`sequence`,storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generation`,plural:!1,selections:[n],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`care`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`engine`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`model`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isCached`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isTruncated`,storageKey:null},o,{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`inReplyTo`,plural:!1,selections:[n,r],storageKey:null},{alias:null,args:null,concreteType:`ReadingFailure`,kind:`LinkedField`,name:`failure`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`code`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[s,{alias:null,args:null,kind:`ScalarField`,name:`excerpt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`url`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generations`,plural:!0,selections:[i,a,o,{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[s],storageKey:null},n],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isFavourite`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`note`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`rating`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isShareable`,storageKey:null},{alias:null,args:null,concreteType:`Share`,kind:`LinkedField`,name:`share`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`token`,storageKey:null}],storageKey:null}],storageKey:null}],storageKey:null}]},params:{cacheID:`e22baeef4b0bc0afde232cc28e5d4bcf`,id:null,metadata:{},name:`readingActionsStopMutation`,operationKind:`mutation`,text:`mutation readingActionsStopMutation(
  $input: CancelReadingInput!
) {
  cancelReading(input: $input) {
    reading {
      ...readingView_reading
      id
    }
  }
}

fragment keep_reading on Reading {
  id
  status
  isFavourite
  note
  rating
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
  inReplyTo {
    id
    question
  }
  failure {
    code
  }
  sources {
    title
    excerpt
    url
  }
  ...sources_earlier
  ...keep_reading
  ...share_reading
}

fragment share_reading on Reading {
  id
  isShareable
  share {
    token
  }
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
`}}})();G.hash=`6e8ac02c0ed8d70f456f898c911694d3`;var K=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{kind:`Variable`,name:`input`,variableName:`input`}],n={alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},r={alias:null,args:null,kind:`ScalarField`,name:`question`,storageKey:null},i={alias:null,args:null,kind:`ScalarField`,name:`status`,storageKey:null},a={alias:null,args:null,kind:`ScalarField`,name:`response`,storageKey:null},o={alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},s={alias:null,args:null,kind:`ScalarField`,name:`title`,storageKey:null};return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`readingActionsAgainMutation`,selections:[{alias:null,args:t,concreteType:`RegenerateReadingPayload`,kind:`LinkedField`,name:`regenerateReading`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`readingView_reading`}],storageKey:null}],storageKey:null}],type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`readingActionsAgainMutation`,selections:[{alias:null,args:t,concreteType:`RegenerateReadingPayload`,kind:`LinkedField`,name:`regenerateReading`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[n,{alias:null,args:null,kind:`ScalarField`,name:`advisor`,storageKey:null},r,i,a,{alias:null,args:null,kind:`ScalarField`,name:`sequence`,storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generation`,plural:!1,selections:[n],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`care`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`engine`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`model`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isCached`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isTruncated`,storageKey:null},o,{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`inReplyTo`,plural:!1,selections:[n,r],storageKey:null},{alias:null,args:null,concreteType:`ReadingFailure`,kind:`LinkedField`,name:`failure`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`code`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[s,{alias:null,args:null,kind:`ScalarField`,name:`excerpt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`url`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generations`,plural:!0,selections:[i,a,o,{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[s],storageKey:null},n],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isFavourite`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`note`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`rating`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isShareable`,storageKey:null},{alias:null,args:null,concreteType:`Share`,kind:`LinkedField`,name:`share`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`token`,storageKey:null}],storageKey:null}],storageKey:null}],storageKey:null}]},params:{cacheID:`f3b30fd2e3c7a9370e8fe74c0a522f04`,id:null,metadata:{},name:`readingActionsAgainMutation`,operationKind:`mutation`,text:`mutation readingActionsAgainMutation(
  $input: RegenerateReadingInput!
) {
  regenerateReading(input: $input) {
    reading {
      ...readingView_reading
      id
    }
  }
}

fragment keep_reading on Reading {
  id
  status
  isFavourite
  note
  rating
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
  inReplyTo {
    id
    question
  }
  failure {
    code
  }
  sources {
    title
    excerpt
    url
  }
  ...sources_earlier
  ...keep_reading
  ...share_reading
}

fragment share_reading on Reading {
  id
  isShareable
  share {
    token
  }
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
`}}})();K.hash=`5aeb9b94f8a78f061182319fc236f057`;var q=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{alias:null,args:[{kind:`Variable`,name:`input`,variableName:`input`}],concreteType:`DeleteReadingPayload`,kind:`LinkedField`,name:`deleteReading`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`deletedReadingId`,storageKey:null}],storageKey:null}];return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`readingActionsDeleteMutation`,selections:t,type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`readingActionsDeleteMutation`,selections:t},params:{cacheID:`c4078733c99bb2b2beec1598a82d77aa`,id:null,metadata:{},name:`readingActionsDeleteMutation`,operationKind:`mutation`,text:`mutation readingActionsDeleteMutation(
  $input: DeleteReadingInput!
) {
  deleteReading(input: $input) {
    deletedReadingId
  }
}
`}}})();q.hash=`9baf57b11295ea414dcb404b57462ca1`;function J({id:e,status:t,further:n}){let r=h(),[i,a]=(0,j.useState)(null),[o,s]=(0,j.useState)(!1),c=(0,j.useRef)(D()),[l,u]=C(G),[d,f]=C(K),[p]=C(q),g=e=>(a(null),x.current=!0,e.then(()=>void(c.current=D()),e=>{e instanceof E||(c.current=D()),x.current=!1,a(e)})),_=({advisor:t,question:n})=>{ne({advisor:t,question:``,inReplyTo:{id:e,question:n}}),b(`/`)},v=I(t),y=(0,j.useRef)(null),x=(0,j.useRef)(!1);return(0,j.useEffect)(()=>{x.current&&y.current?.querySelector(`button`)?.focus({preventScroll:!0}),x.current=!1},[v]),(0,B.jsxs)(`div`,{className:`actions`,ref:y,children:[v&&(0,B.jsx)(`button`,{type:`button`,disabled:u,onClick:()=>void g(l({input:{id:e}})),children:r.t(`reading.stop`)}),!v&&n&&(0,B.jsxs)(B.Fragment,{children:[(0,B.jsx)(`button`,{type:`button`,onClick:()=>_(n),children:r.t(`reading.further`)}),(0,B.jsx)(`button`,{type:`button`,disabled:f,onClick:()=>void g(d({input:{id:e,wait:!1,idempotencyKey:c.current}})),children:r.t(`reading.again`)})]}),(0,B.jsx)(`button`,{type:`button`,className:`quiet`,onClick:()=>s(!0),children:r.t(`delete`)}),(0,B.jsx)(`div`,{role:`alert`,children:i!==null&&(0,B.jsx)(`p`,{className:`error`,children:m(i,r)})}),o&&(0,B.jsx)(O,{title:r.t(`reading.delete.title`),text:r.t(`reading.delete.text`),action:r.t(`delete`),onClose:()=>s(!1),onConfirm:async()=>{await p({input:{id:e}}),b(`/readings`,`replace`)}})]})}var Y={argumentDefinitions:[],kind:`Fragment`,metadata:null,name:`share_reading`,selections:[{alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isShareable`,storageKey:null},{alias:null,args:null,concreteType:`Share`,kind:`LinkedField`,name:`share`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`token`,storageKey:null}],storageKey:null}],type:`Reading`,abstractKey:null};Y.hash=`21f61616566073b7ffc33c104161ab64`;var X=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{kind:`Variable`,name:`input`,variableName:`input`}];return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`shareMakeMutation`,selections:[{alias:null,args:t,concreteType:`ShareReadingPayload`,kind:`LinkedField`,name:`shareReading`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`share_reading`}],storageKey:null}],storageKey:null}],type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`shareMakeMutation`,selections:[{alias:null,args:t,concreteType:`ShareReadingPayload`,kind:`LinkedField`,name:`shareReading`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isShareable`,storageKey:null},{alias:null,args:null,concreteType:`Share`,kind:`LinkedField`,name:`share`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`token`,storageKey:null}],storageKey:null}],storageKey:null}],storageKey:null}]},params:{cacheID:`ff06f4d556210804432786956b2f6f88`,id:null,metadata:{},name:`shareMakeMutation`,operationKind:`mutation`,text:`mutation shareMakeMutation(
  $input: ShareReadingInput!
) {
  shareReading(input: $input) {
    reading {
      ...share_reading
      id
    }
  }
}

fragment share_reading on Reading {
  id
  isShareable
  share {
    token
  }
}
`}}})();X.hash=`a477f804c4acf02e2ad2caf4a9677e39`;var Z=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{kind:`Variable`,name:`input`,variableName:`input`}];return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`shareStopMutation`,selections:[{alias:null,args:t,concreteType:`UnshareReadingPayload`,kind:`LinkedField`,name:`unshareReading`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`share_reading`}],storageKey:null}],storageKey:null}],type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`shareStopMutation`,selections:[{alias:null,args:t,concreteType:`UnshareReadingPayload`,kind:`LinkedField`,name:`unshareReading`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isShareable`,storageKey:null},{alias:null,args:null,concreteType:`Share`,kind:`LinkedField`,name:`share`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`token`,storageKey:null}],storageKey:null}],storageKey:null}],storageKey:null}]},params:{cacheID:`6d56b22542d6723a425739e93f8d9188`,id:null,metadata:{},name:`shareStopMutation`,operationKind:`mutation`,text:`mutation shareStopMutation(
  $input: UnshareReadingInput!
) {
  unshareReading(input: $input) {
    reading {
      ...share_reading
      id
    }
  }
}

fragment share_reading on Reading {
  id
  isShareable
  share {
    token
  }
}
`}}})();Z.hash=`f7e74e1e840c9589207ec12f7885f777`;function ae({of:e}){let t=h(),[n,r]=(0,j.useState)(null),[i,a]=(0,j.useState)(!1),{id:o,isShareable:s,share:c}=(0,P.default)(Y,e),[l,u]=C(X),[d,f]=C(Z);if(!s&&!c)return null;let p=async e=>{r(null);try{await e}catch(e){r(e)}};return(0,B.jsxs)(`details`,{className:`share`,open:i,onToggle:e=>a(e.currentTarget.open),children:[(0,B.jsx)(`summary`,{children:t.t(c?`share.shared`:`share.action`)}),(0,B.jsx)(`p`,{children:t.t(`share.text`)}),c&&(0,B.jsx)(oe,{link:`${location.origin}${x(`/shared`)}#token=${c.token}`},c.token),(0,B.jsx)(`div`,{className:`actions`,children:c?(0,B.jsx)(`button`,{type:`button`,className:`quiet`,disabled:f,onClick:()=>void p(d({input:{id:o}})),children:t.t(`share.stop`)}):(0,B.jsx)(`button`,{type:`button`,disabled:u,onClick:()=>void p(l({input:{id:o}})),children:t.t(`share.make`)})}),(0,B.jsx)(`div`,{role:`alert`,children:n!==null&&(0,B.jsx)(`p`,{className:`error`,children:m(n,t)})})]})}function oe({link:e}){let t=h(),n=(0,j.useRef)(null),[r,i]=(0,j.useState)(!1),a=async()=>{n.current?.select();try{await navigator.clipboard.writeText(e),i(!0)}catch{i(!1)}};return(0,B.jsxs)(B.Fragment,{children:[(0,B.jsxs)(`div`,{className:`field`,children:[(0,B.jsx)(`label`,{htmlFor:`share-link`,children:t.t(`share.link`)}),(0,B.jsxs)(`span`,{children:[(0,B.jsx)(`input`,{id:`share-link`,ref:n,readOnly:!0,value:e,onFocus:e=>e.target.select()}),(0,B.jsx)(`button`,{type:`button`,onClick:()=>void a(),children:t.t(`share.copy`)})]})]}),(0,B.jsx)(`div`,{role:`status`,children:r&&(0,B.jsx)(`p`,{children:t.t(`share.copied`)})})]})}function se(e,t,n,r){let i=(0,M.default)(),[a,o]=(0,j.useState)(null),[s,c]=(0,j.useState)(null),l=I(t),d=(0,j.useRef)(n);return d.current=n,(0,j.useEffect)(()=>{if(l)return o(null),c(null),L(ee,e,t=>{o(t),I(t.status)||(0,k.fetchQuery)(i,r,{id:e},{networkCacheConfig:u}).subscribe({error:()=>(0,k.commitLocalUpdate)(i,n=>{n.get(e)?.setValue(t.text,`response`).setValue(t.status,`status`)})})},e=>c(new te(e)),d.current)},[e,l,n.generation,i,r]),{answer:a,text:l&&a?a.text:n.text,error:s}}function ce({of:e,query:t,children:n}){let r=h(),i=(0,P.default)(N,e),{id:a,response:o,sequence:s,generation:c,status:l}=i,{answer:u,text:p,error:b}=se(a,l,{generation:c.id,sequence:s,text:o??``},t);g(i.question);let x=d(i.advisor)?i.advisor:`LEGBA`,C=I(i.status),T=i.care===`CRISIS`;return(0,B.jsxs)(`article`,{className:T?`page reading crisis`:`page reading`,"data-advisor":T?void 0:x,children:[(0,B.jsxs)(`header`,{children:[!T&&(0,B.jsx)(w,{of:x}),(0,B.jsxs)(`p`,{className:`asked`,children:[r.t(`reading.asked`,{name:f[x]}),(0,B.jsx)(`time`,{dateTime:i.createdAt,title:r.date(i.createdAt),children:r.ago(i.createdAt)})]}),(0,B.jsx)(`h1`,{dir:`auto`,children:i.question}),i.inReplyTo&&(0,B.jsxs)(`p`,{className:`further`,children:[r.t(`reading.inReplyTo`),` `,(0,B.jsx)(S,{to:`/readings/${i.inReplyTo.id}`,children:i.inReplyTo.question})]})]}),i.care===`SOFT`&&(0,B.jsx)(`p`,{className:`care`,children:r.t(`reading.soft`)}),(0,B.jsxs)(`div`,{className:`answer prose`,dir:`auto`,"aria-busy":C,children:[T&&(0,B.jsx)(`h2`,{children:r.t(`reading.crisis`)}),(0,B.jsx)(v,{text:p,sources:i.sources.length,hasHelp:T,end:C&&(0,B.jsx)(`span`,{className:`pen`,"aria-hidden":`true`})})]}),(0,B.jsx)(le,{reading:i,answer:u}),(0,B.jsx)(`div`,{role:`alert`,children:b!==null&&(0,B.jsx)(`p`,{className:`error`,children:m(b,r)})}),(0,B.jsx)(ue,{reading:i,language:r}),(0,B.jsx)(J,{id:i.id,status:i.status,further:T?null:{advisor:x,question:i.question}}),!T&&(0,B.jsx)(V,{of:i}),!T&&(0,B.jsx)(ae,{of:i}),n,!T&&(0,B.jsx)(_,{of:i.sources}),!T&&(0,B.jsx)(y,{of:i})]})}function le({reading:e,answer:t}){let n=h(),r=d(e.advisor)?f[e.advisor]:``,i=()=>I(e.status)?t&&!t.isConnected?n.t(`reading.reconnecting`):t?.isThinking?n.t(`reading.thinking`,{name:r}):n.t(e.response||t?.text?`reading.writing`:`reading.waiting`,{name:r}):null;return(0,B.jsxs)(`div`,{role:`status`,className:`progress`,children:[i()&&(0,B.jsx)(`p`,{children:i()}),t&&!I(e.status)&&(0,B.jsx)(`p`,{className:`unseen`,children:n.t(`reading.done`,{name:r})})]})}function ue({reading:e,language:t}){let{status:n,engine:r,failure:i,isTruncated:a,isCached:o,model:s}=e;if(I(n))return null;let c=i&&(t.find(`failure.${i.code}`)??t.t(`failure.UNKNOWN`)),l=r===`MODEL`?t.t(`engine.MODEL`,{model:s??``}):t.find(`engine.${r}`);return(0,B.jsxs)(`footer`,{children:[n===`FAILED`&&(0,B.jsx)(`p`,{className:`error`,children:c??t.t(`failure.UNKNOWN`)}),n===`CANCELLED`&&(0,B.jsx)(`p`,{children:t.t(`reading.stopped`)}),a&&(0,B.jsx)(`p`,{children:t.t(`reading.truncated`)}),(0,B.jsxs)(`p`,{className:`writer`,children:[l,` `,o&&t.t(`reading.cached`)]})]})}var Q={argumentDefinitions:[],kind:`Fragment`,metadata:null,name:`thread_reading`,selections:[{alias:null,args:[{kind:`Literal`,name:`first`,value:20}],concreteType:`ReadingConnection`,kind:`LinkedField`,name:`replies`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`nodes`,plural:!0,selections:[{alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`advisor`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`question`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null}],storageKey:null}],storageKey:`replies(first:20)`}],type:`Reading`,abstractKey:null};Q.hash=`08c0c254d35adbb681df19e4aaafb7c0`;function de({of:e}){let t=h(),{replies:n}=(0,P.default)(Q,e);return n.nodes.length===0?null:(0,B.jsxs)(`section`,{className:`thread`,"aria-labelledby":`thread`,children:[(0,B.jsx)(`h2`,{id:`thread`,children:t.t(`reading.replies`)}),(0,B.jsx)(`ol`,{children:n.nodes.map(({id:e,advisor:n,question:r,createdAt:i})=>(0,B.jsxs)(`li`,{"data-advisor":n,children:[(0,B.jsx)(S,{to:`/readings/${e}`,children:r}),(0,B.jsxs)(`small`,{children:[d(n)&&f[n],` `,(0,B.jsx)(`time`,{dateTime:i,children:t.ago(i)})]})]},e))})]})}var $=A;function fe({id:e}){let t=(0,M.default)(),n=c(),{reading:r}=(0,re.default)($,{id:e},{fetchPolicy:`store-or-network`});return(0,j.useEffect)(()=>(0,k.fetchQuery)(t,$,{id:e},{networkCacheConfig:u}).subscribe({error(){}}).unsubscribe,[t,e,n]),r?(0,B.jsx)(ce,{of:r,query:$,children:(0,B.jsx)(de,{of:r})}):(0,B.jsx)(l,{})}export{fe as default,$ as query};
import{r as e,t}from"./useRelayEnvironment-BmokcvD4.js";import{i as n,n as r,t as i}from"./jsx-runtime-DyZJNswf.js";import{r as a,t as o}from"./useFragment-CqlXVFbc.js";import{i as s,n as c}from"./events-CWybQGiJ.js";import{t as l}from"./not-found-cmL9uBor.js";import{t as u}from"./relay-CgOaH69-.js";import{i as d,n as f}from"./advisors-CR-LtGPw.js";import{n as p,t as m}from"./errors-D_4qTL5m.js";import{l as h,t as g}from"./title-CnhF2Iob.js";import{n as _,t as v}from"./router-CjZjnSak.js";import{t as y}from"./mutate-Cdsl7AiN.js";import{n as b,r as x}from"./signs-1NYi7Ty0.js";import{a as S,s as ee,t as C,u as w}from"./fetch-DEJmT28P.js";import{i as T}from"./pending-DZilom7X.js";import{t as te}from"./confirm-DKkf0ZhB.js";var E=e(),D=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`id`}],t=[{kind:`Variable`,name:`id`,variableName:`id`}],n={alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},r={alias:null,args:null,kind:`ScalarField`,name:`advisor`,storageKey:null},i={alias:null,args:null,kind:`ScalarField`,name:`question`,storageKey:null},a={alias:null,args:null,kind:`ScalarField`,name:`status`,storageKey:null},o={alias:null,args:null,kind:`ScalarField`,name:`response`,storageKey:null},s={alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},c={alias:null,args:null,kind:`ScalarField`,name:`title`,storageKey:null};return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`readingQuery`,selections:[{alias:null,args:t,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`readingView_reading`},{args:null,kind:`FragmentSpread`,name:`thread_reading`}],storageKey:null}],type:`Query`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`readingQuery`,selections:[{alias:null,args:t,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[n,r,i,a,o,{alias:null,args:null,kind:`ScalarField`,name:`sequence`,storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generation`,plural:!1,selections:[n],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`care`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`engine`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`model`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isCached`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isTruncated`,storageKey:null},s,{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`inReplyTo`,plural:!1,selections:[n,i],storageKey:null},{alias:null,args:null,concreteType:`ReadingFailure`,kind:`LinkedField`,name:`failure`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`code`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[c,{alias:null,args:null,kind:`ScalarField`,name:`excerpt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`url`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generations`,plural:!0,selections:[a,o,s,{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[c],storageKey:null},n],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isFavourite`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`note`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`rating`,storageKey:null},{alias:null,args:[{kind:`Literal`,name:`first`,value:20}],concreteType:`ReadingConnection`,kind:`LinkedField`,name:`replies`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`nodes`,plural:!0,selections:[n,r,i,s],storageKey:null}],storageKey:`replies(first:20)`}],storageKey:null}]},params:{cacheID:`0e253726b78431fc7198ed1f2dc9d045`,id:null,metadata:{},name:`readingQuery`,operationKind:`query`,text:`query readingQuery(
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
`}}})();D.hash=`d769c79298cd0b24628692fab41b0f64`;var O=r(),k=n(t(),1),A=n(a(),1),j=(function(){var e={alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},t={alias:null,args:null,kind:`ScalarField`,name:`question`,storageKey:null};return{argumentDefinitions:[],kind:`Fragment`,metadata:null,name:`readingView_reading`,selections:[e,{alias:null,args:null,kind:`ScalarField`,name:`advisor`,storageKey:null},t,{alias:null,args:null,kind:`ScalarField`,name:`status`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`response`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`sequence`,storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generation`,plural:!1,selections:[e],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`care`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`engine`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`model`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isCached`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isTruncated`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`inReplyTo`,plural:!1,selections:[e,t],storageKey:null},{alias:null,args:null,concreteType:`ReadingFailure`,kind:`LinkedField`,name:`failure`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`code`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[{alias:null,args:null,kind:`ScalarField`,name:`title`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`excerpt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`url`,storageKey:null}],storageKey:null},{args:null,kind:`FragmentSpread`,name:`sources_earlier`},{args:null,kind:`FragmentSpread`,name:`keep_reading`}],type:`Reading`,abstractKey:null}})();j.hash=`eb5285b142115aea4294ac71ac5ccad3`;var M=n(o(),1),N=`subscription Follow($id: ID!, $after: Int, $generation: ID) {
  readingUpdates(id: $id, after: $after, generation: $generation) {
    generation offset sequence text isThinking status
  }
}`,P=e=>e===`PENDING`||e===`WRITING`;function F(e,t,n,r=()=>{},i={generation:``,sequence:0,text:``}){let a={...i,status:`PENDING`,isThinking:!1,isConnected:!1},o=e=>n(a={...a,...e});return s(e,{query:N,variables:{id:t,get after(){return a.sequence},get generation(){return a.generation||null}}},{next({data:e,errors:t}){e?o(I(a,e.readingUpdates)):t&&r(t)},error:r,onConnected(e){e!==a.isConnected&&P(a.status)&&o({isConnected:e})}})}function I(e,{generation:t,offset:n,sequence:r,text:i,...a}){let o=t===e.generation?e.text:``,s=n===0?``:Array.from(o).slice(0,n).join(``);return{...a,generation:t,sequence:r,text:i?s+i:o,isConnected:!0}}var L=i();function R({text:e,sources:t,hasHelp:n=!1,end:r}){let i=e.split(/\n{2,}/).flatMap(ne);return(0,L.jsxs)(L.Fragment,{children:[i.map((e,a)=>{let o=a===i.length-1&&r;return(0,L.jsx)(re,{...e,sources:t,hasHelp:n,last:o},a)}),i.length===0&&r&&(0,L.jsx)(`p`,{children:r})]})}var z=/^\s*[-*•]\s+/,B=/^\s*\d+[.)]\s+/;function ne(e){let t=[];for(let n of e.split(`
`).filter(e=>e.trim())){let e=z.test(n)?`ul`:B.test(n)?`ol`:`text`,r=e===`text`?n:n.replace(e===`ul`?z:B,``),i=t.at(-1);i?.kind===e?i.lines.push(r):t.push({kind:e,lines:[r]})}return t}function re({kind:e,lines:t,sources:n,hasHelp:r,last:i}){let a=e=>(0,L.jsx)(V,{sources:n,hasHelp:r,text:e}),o=r&&e===`text`&&t.length>1;return e===`text`&&!o?(0,L.jsxs)(`p`,{children:[t.map((e,t)=>(0,L.jsxs)(O.Fragment,{children:[t>0&&(0,L.jsx)(`br`,{}),a(e.replace(/^#{1,6}\s+/,``))]},t)),i]}):(0,L.jsx)(e===`ol`?`ol`:`ul`,{className:o?`help-lines`:void 0,children:t.map((e,n)=>(0,L.jsxs)(`li`,{children:[a(e),n===t.length-1&&i]},n))})}var ie=/\*\*(.+?)\*\*|__(.+?)__|\*(.+?)\*|(?<!\w)_(.+?)_(?!\w)|[ \u00a0]?\[(\d{1,3})\]|(https?:\/\/[^\s<>)]*[^\s<>).,;:!?])/g,ae=/(?<![\w/.-])(\+?\d(?:[\d -]*\d)?)(?!\s*(?:countr|pa[ií]s|pays|peyi)|[\w/])/g;function V({text:e,sources:t,hasHelp:n}){let r=[],i=0,a=e=>(0,L.jsx)(V,{sources:t,hasHelp:n,text:e});for(let o of e.matchAll(ie)){r.push(H(e.slice(i,o.index),n)),i=o.index+o[0].length;let[s,c,l,u,d,f,p]=o;c??l?r.push((0,L.jsx)(`strong`,{children:a(c??l??``)})):u??d?r.push((0,L.jsx)(`em`,{children:a(u??d??``)})):f?r.push(n?null:(0,L.jsx)(U,{number:Number(f),isKnown:Number(f)<=t})):p&&n?r.push((0,L.jsx)(W,{url:p})):r.push(s)}return r.push(H(e.slice(i),n)),r.map((e,t)=>(0,L.jsx)(O.Fragment,{children:e},t))}function H(e,t){return t?e.split(ae).map((e,t)=>{let n=e.replace(/\D/g,``);return t%2==0||n.length<3?e:(0,L.jsx)(`a`,{className:`telephone`,href:`tel:${e.startsWith(`+`)?`+`:``}${n}`,children:e},t)}):e}function U({number:e,isKnown:t}){let n=h();return t?(0,L.jsx)(`sup`,{className:`mark`,children:(0,L.jsx)(`a`,{href:`#source-${e}`,"aria-label":n.t(`reading.mark`,{n:e}),children:e})}):(0,L.jsx)(`sup`,{className:`mark`,children:e})}function W({url:e}){return(0,L.jsx)(`a`,{href:e,target:`_blank`,rel:`noreferrer`,children:URL.canParse(e)?new URL(e).host.replace(/^www\./,``):e})}var G={argumentDefinitions:[],kind:`Fragment`,metadata:null,name:`keep_reading`,selections:[{alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`status`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isFavourite`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`note`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`rating`,storageKey:null}],type:`Reading`,abstractKey:null};G.hash=`0bf717a2322394ba19116336ce685aa2`;var K=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{kind:`Variable`,name:`input`,variableName:`input`}];return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`keepMutation`,selections:[{alias:null,args:t,concreteType:`UpdateReadingPayload`,kind:`LinkedField`,name:`updateReading`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`keep_reading`}],storageKey:null}],storageKey:null}],type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`keepMutation`,selections:[{alias:null,args:t,concreteType:`UpdateReadingPayload`,kind:`LinkedField`,name:`updateReading`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`status`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isFavourite`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`note`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`rating`,storageKey:null}],storageKey:null}],storageKey:null}]},params:{cacheID:`cc84ae243c21e1f31e430c13dda3b831`,id:null,metadata:{},name:`keepMutation`,operationKind:`mutation`,text:`mutation keepMutation(
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
`}}})();K.hash=`011981fe30279ca735f15c5842be244d`;function q({of:e}){let t=h(),[n,r]=(0,O.useState)(null),i=(0,M.default)(G,e),[a]=y(K),{id:o,status:s,isFavourite:c,note:l,rating:u}=i,d=async e=>{r(null);let t={isFavourite:e.isFavourite??c,note:e.note===void 0?l:e.note,rating:e.rating===void 0?u:e.rating},n={updateReading:{reading:{id:o,status:s,...t}}};try{await a({input:{id:o,...e}},{optimisticResponse:n})}catch(e){throw r(e),e}},f=e=>void d(e).catch(()=>{}),g=p(n,t);return(0,L.jsxs)(`section`,{className:`keep`,"aria-label":t.t(`keep.title`),children:[(0,L.jsxs)(`div`,{className:`actions`,children:[(0,L.jsxs)(`button`,{type:`button`,"aria-pressed":c,onClick:()=>f({isFavourite:!c}),children:[(0,L.jsx)(x,{}),` `,t.t(`keep.favourite`)]}),!P(s)&&(0,L.jsx)(oe,{value:u??null,onChange:e=>f({rating:e})})]}),u===`NOT_HELPFUL`&&(0,L.jsx)(se,{onSend:e=>d({rating:u,ratingReason:e})},o),(0,L.jsx)(ce,{value:l??``,error:g.note,onSave:e=>d({note:e||null})},o),(0,L.jsx)(`div`,{role:`alert`,children:n!==null&&!g.note&&(0,L.jsx)(`p`,{className:`error`,children:m(n,t)})})]})}function oe({value:e,onChange:t}){let n=h(),r=(0,O.useId)();return(0,L.jsxs)(`div`,{className:`helped`,role:`group`,"aria-labelledby":r,children:[(0,L.jsx)(`span`,{id:r,children:n.t(`keep.helped`)}),[`HELPFUL`,`NOT_HELPFUL`].map(r=>(0,L.jsx)(`button`,{type:`button`,"aria-pressed":e===r,onClick:()=>t(e===r?null:r),children:n.t(`keep.${r}`)},r))]})}function se({onSend:e}){let t=h(),n=(0,O.useId)(),[r,i]=(0,O.useState)(!1);return r?(0,L.jsx)(`p`,{role:`status`,children:t.t(`keep.reason.done`)}):(0,L.jsxs)(`form`,{className:`reason`,onSubmit:t=>{t.preventDefault();let n=String(new FormData(t.currentTarget).get(`reason`)).trim();n&&e(n).then(()=>i(!0),()=>{})},children:[(0,L.jsx)(`label`,{htmlFor:n,children:t.t(`keep.reason`)}),(0,L.jsxs)(`span`,{children:[(0,L.jsx)(`input`,{id:n,name:`reason`,maxLength:500}),(0,L.jsx)(`button`,{type:`submit`,children:t.t(`send`)})]})]})}function ce({value:e,error:t,onSave:n}){let r=h(),i=(0,O.useId)(),[a,o]=(0,O.useState)(!1),s=(0,O.useRef)(!1);return a?(0,L.jsxs)(`form`,{className:`field note`,onSubmit:e=>{e.preventDefault(),n(String(new FormData(e.currentTarget).get(`note`)).trim()).then(()=>o(!1),()=>{})},children:[(0,L.jsx)(`label`,{htmlFor:i,children:r.t(`keep.note`)}),(0,L.jsx)(`textarea`,{id:i,name:`note`,rows:3,defaultValue:e,autoFocus:!0,"aria-describedby":t?`${i}-error`:void 0,"aria-invalid":t?!0:void 0}),t&&(0,L.jsx)(`p`,{className:`error`,id:`${i}-error`,children:t}),(0,L.jsxs)(`div`,{className:`actions`,children:[(0,L.jsx)(`button`,{type:`submit`,children:r.t(`account.profile.save`)}),(0,L.jsx)(`button`,{type:`button`,className:`quiet`,onClick:()=>o(!1),children:r.t(`cancel`)})]})]}):(0,L.jsxs)(`div`,{className:`note`,children:[e&&(0,L.jsx)(`p`,{dir:`auto`,children:e}),(0,L.jsx)(`button`,{type:`button`,className:`quiet`,autoFocus:s.current,onClick:()=>o(s.current=!0),children:r.t(e?`keep.note.change`:`keep.note.add`)})]})}var J=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{kind:`Variable`,name:`input`,variableName:`input`}],n={alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},r={alias:null,args:null,kind:`ScalarField`,name:`question`,storageKey:null},i={alias:null,args:null,kind:`ScalarField`,name:`status`,storageKey:null},a={alias:null,args:null,kind:`ScalarField`,name:`response`,storageKey:null},o={alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},s={alias:null,args:null,kind:`ScalarField`,name:`title`,storageKey:null};return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`readingActionsStopMutation`,selections:[{alias:null,args:t,concreteType:`CancelReadingPayload`,kind:`LinkedField`,name:`cancelReading`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`readingView_reading`}],storageKey:null}],storageKey:null}],type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`readingActionsStopMutation`,selections:[{alias:null,args:t,concreteType:`CancelReadingPayload`,kind:`LinkedField`,name:`cancelReading`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[n,{alias:null,args:null,kind:`ScalarField`,name:`advisor`,storageKey:null},r,i,a,{alias:null,args:null,kind:`ScalarField`,name:`sequence`,storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generation`,plural:!1,selections:[n],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`care`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`engine`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`model`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isCached`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isTruncated`,storageKey:null},o,{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`inReplyTo`,plural:!1,selections:[n,r],storageKey:null},{alias:null,args:null,concreteType:`ReadingFailure`,kind:`LinkedField`,name:`failure`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`code`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[s,{alias:null,args:null,kind:`ScalarField`,name:`excerpt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`url`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generations`,plural:!0,selections:[i,a,o,{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[s],storageKey:null},n],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isFavourite`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`note`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`rating`,storageKey:null}],storageKey:null}],storageKey:null}]},params:{cacheID:`29a72d8041859742bebbf99358576088`,id:null,metadata:{},name:`readingActionsStopMutation`,operationKind:`mutation`,text:`mutation readingActionsStopMutation(
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
`}}})();J.hash=`6e8ac02c0ed8d70f456f898c911694d3`;var Y=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{kind:`Variable`,name:`input`,variableName:`input`}],n={alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},r={alias:null,args:null,kind:`ScalarField`,name:`question`,storageKey:null},i={alias:null,args:null,kind:`ScalarField`,name:`status`,storageKey:null},a={alias:null,args:null,kind:`ScalarField`,name:`response`,storageKey:null},o={alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},s={alias:null,args:null,kind:`ScalarField`,name:`title`,storageKey:null};return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`readingActionsAgainMutation`,selections:[{alias:null,args:t,concreteType:`RegenerateReadingPayload`,kind:`LinkedField`,name:`regenerateReading`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`readingView_reading`}],storageKey:null}],storageKey:null}],type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`readingActionsAgainMutation`,selections:[{alias:null,args:t,concreteType:`RegenerateReadingPayload`,kind:`LinkedField`,name:`regenerateReading`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[n,{alias:null,args:null,kind:`ScalarField`,name:`advisor`,storageKey:null},r,i,a,{alias:null,args:null,kind:`ScalarField`,name:`sequence`,storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generation`,plural:!1,selections:[n],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`care`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`engine`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`model`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isCached`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isTruncated`,storageKey:null},o,{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`inReplyTo`,plural:!1,selections:[n,r],storageKey:null},{alias:null,args:null,concreteType:`ReadingFailure`,kind:`LinkedField`,name:`failure`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`code`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[s,{alias:null,args:null,kind:`ScalarField`,name:`excerpt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`url`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generations`,plural:!0,selections:[i,a,o,{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[s],storageKey:null},n],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isFavourite`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`note`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`rating`,storageKey:null}],storageKey:null}],storageKey:null}]},params:{cacheID:`e1b598a169de8e74d92052f9d30c9c52`,id:null,metadata:{},name:`readingActionsAgainMutation`,operationKind:`mutation`,text:`mutation readingActionsAgainMutation(
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
`}}})();X.hash=`9baf57b11295ea414dcb404b57462ca1`;function le({id:e,status:t,further:n}){let r=h(),[i,a]=(0,O.useState)(null),[o,s]=(0,O.useState)(!1),c=(0,O.useRef)(w()),[l,u]=y(J),[d,f]=y(Y),[p]=y(X),g=e=>(a(null),S.current=!0,e.then(()=>void(c.current=w()),e=>{e instanceof ee||(c.current=w()),S.current=!1,a(e)})),v=({advisor:t,question:n})=>{T({advisor:t,question:``,inReplyTo:{id:e,question:n}}),_(`/`)},b=P(t),x=(0,O.useRef)(null),S=(0,O.useRef)(!1);return(0,O.useEffect)(()=>{S.current&&x.current?.querySelector(`button`)?.focus({preventScroll:!0}),S.current=!1},[b]),(0,L.jsxs)(`div`,{className:`actions`,ref:x,children:[b&&(0,L.jsx)(`button`,{type:`button`,disabled:u,onClick:()=>void g(l({input:{id:e}})),children:r.t(`reading.stop`)}),!b&&n&&(0,L.jsxs)(L.Fragment,{children:[(0,L.jsx)(`button`,{type:`button`,onClick:()=>v(n),children:r.t(`reading.further`)}),(0,L.jsx)(`button`,{type:`button`,disabled:f,onClick:()=>void g(d({input:{id:e,wait:!1,idempotencyKey:c.current}})),children:r.t(`reading.again`)})]}),(0,L.jsx)(`button`,{type:`button`,className:`quiet`,onClick:()=>s(!0),children:r.t(`delete`)}),(0,L.jsx)(`div`,{role:`alert`,children:i!==null&&(0,L.jsx)(`p`,{className:`error`,children:m(i,r)})}),o&&(0,L.jsx)(te,{title:r.t(`reading.delete.title`),text:r.t(`reading.delete.text`),action:r.t(`delete`),onClose:()=>s(!1),onConfirm:async()=>{await p({input:{id:e}}),_(`/readings`,`replace`)}})]})}var Z={argumentDefinitions:[],kind:`Fragment`,metadata:null,name:`sources_earlier`,selections:[{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generations`,plural:!0,selections:[{alias:null,args:null,kind:`ScalarField`,name:`status`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`response`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[{alias:null,args:null,kind:`ScalarField`,name:`title`,storageKey:null}],storageKey:null}],storageKey:null}],type:`Reading`,abstractKey:null};Z.hash=`22400c6cf76227d789f7a5cfbf9cfc5d`;function ue({of:e}){let t=h();return e.length===0?null:(0,L.jsxs)(`section`,{className:`sources`,"aria-labelledby":`sources`,children:[(0,L.jsx)(`h2`,{id:`sources`,children:t.t(`reading.sources`)}),(0,L.jsx)(`ol`,{children:e.map(({title:e,excerpt:t,url:n},r)=>(0,L.jsxs)(`li`,{id:`source-${r+1}`,tabIndex:-1,children:[(0,L.jsx)(`cite`,{children:e}),t&&(0,L.jsx)(`blockquote`,{children:t}),n&&(0,L.jsx)(W,{url:n})]},r))})]})}function de({of:e}){let t=h(),{generations:n}=(0,M.default)(Z,e),r=n.slice(1).filter(({response:e})=>e);return r.length===0?null:(0,L.jsxs)(`section`,{className:`earlier`,children:[(0,L.jsx)(`h2`,{children:t.t(`reading.earlier`)}),r.map(({createdAt:e,response:n,sources:r})=>(0,L.jsxs)(`details`,{children:[(0,L.jsx)(`summary`,{children:(0,L.jsx)(`time`,{dateTime:e,children:t.date(e)})}),(0,L.jsxs)(`div`,{className:`prose`,children:[(0,L.jsx)(R,{text:n??``,sources:0}),(0,L.jsx)(`ol`,{children:r.map(({title:e},t)=>(0,L.jsx)(`li`,{children:(0,L.jsx)(`cite`,{children:e})},t))})]})]},e))]})}function fe(e,t,n,r){let i=(0,k.default)(),[a,o]=(0,O.useState)(null),[s,c]=(0,O.useState)(null),l=P(t),d=(0,O.useRef)(n);return d.current=n,(0,O.useEffect)(()=>{if(l)return o(null),c(null),F(S,e,t=>{o(t),P(t.status)||(0,E.fetchQuery)(i,r,{id:e},{networkCacheConfig:u}).subscribe({error:()=>(0,E.commitLocalUpdate)(i,n=>{n.get(e)?.setValue(t.text,`response`).setValue(t.status,`status`)})})},e=>c(new C(e)),d.current)},[e,l,n.generation,i,r]),{answer:a,text:l&&a?a.text:n.text,error:s}}function pe({of:e,query:t,children:n}){let r=h(),i=(0,M.default)(j,e),{id:a,response:o,sequence:s,generation:c,status:l}=i,{answer:u,text:p,error:_}=fe(a,l,{generation:c.id,sequence:s,text:o??``},t);g(i.question);let y=d(i.advisor)?i.advisor:`LEGBA`,x=P(i.status),S=i.care===`CRISIS`;return(0,L.jsxs)(`article`,{className:S?`page reading crisis`:`page reading`,"data-advisor":S?void 0:y,children:[(0,L.jsxs)(`header`,{children:[!S&&(0,L.jsx)(b,{of:y}),(0,L.jsxs)(`p`,{className:`asked`,children:[r.t(`reading.asked`,{name:f[y]}),(0,L.jsx)(`time`,{dateTime:i.createdAt,title:r.date(i.createdAt),children:r.ago(i.createdAt)})]}),(0,L.jsx)(`h1`,{dir:`auto`,children:i.question}),i.inReplyTo&&(0,L.jsxs)(`p`,{className:`further`,children:[r.t(`reading.inReplyTo`),` `,(0,L.jsx)(v,{to:`/readings/${i.inReplyTo.id}`,children:i.inReplyTo.question})]})]}),i.care===`SOFT`&&(0,L.jsx)(`p`,{className:`care`,children:r.t(`reading.soft`)}),(0,L.jsxs)(`div`,{className:`answer prose`,dir:`auto`,"aria-busy":x,children:[S&&(0,L.jsx)(`h2`,{children:r.t(`reading.crisis`)}),(0,L.jsx)(R,{text:p,sources:i.sources.length,hasHelp:S,end:x&&(0,L.jsx)(`span`,{className:`pen`,"aria-hidden":`true`})})]}),(0,L.jsx)(me,{reading:i,answer:u}),(0,L.jsx)(`div`,{role:`alert`,children:_!==null&&(0,L.jsx)(`p`,{className:`error`,children:m(_,r)})}),(0,L.jsx)(he,{reading:i,language:r}),(0,L.jsx)(le,{id:i.id,status:i.status,further:S?null:{advisor:y,question:i.question}}),!S&&(0,L.jsx)(q,{of:i}),n,!S&&(0,L.jsx)(ue,{of:i.sources}),!S&&(0,L.jsx)(de,{of:i})]})}function me({reading:e,answer:t}){let n=h(),r=d(e.advisor)?f[e.advisor]:``,i=()=>P(e.status)?t&&!t.isConnected&&t.sequence>0?n.t(`reading.reconnecting`):t?.isThinking?n.t(`reading.thinking`,{name:r}):n.t(e.response||t?.text?`reading.writing`:`reading.waiting`,{name:r}):null;return(0,L.jsxs)(`div`,{role:`status`,className:`progress`,children:[i()&&(0,L.jsx)(`p`,{children:i()}),t&&!P(e.status)&&(0,L.jsx)(`p`,{className:`unseen`,children:n.t(`reading.done`,{name:r})})]})}function he({reading:e,language:t}){let{status:n,engine:r,failure:i,isTruncated:a,isCached:o,model:s}=e;if(P(n))return null;let c=i&&(t.find(`failure.${i.code}`)??t.t(`failure.UNKNOWN`)),l=r===`MODEL`?t.t(`engine.MODEL`,{model:s??``}):t.find(`engine.${r}`);return(0,L.jsxs)(`footer`,{children:[n===`FAILED`&&(0,L.jsx)(`p`,{className:`error`,children:c??t.t(`failure.UNKNOWN`)}),n===`CANCELLED`&&(0,L.jsx)(`p`,{children:t.t(`reading.stopped`)}),a&&(0,L.jsx)(`p`,{children:t.t(`reading.truncated`)}),(0,L.jsxs)(`p`,{className:`writer`,children:[l,` `,o&&t.t(`reading.cached`)]})]})}var Q={argumentDefinitions:[],kind:`Fragment`,metadata:null,name:`thread_reading`,selections:[{alias:null,args:[{kind:`Literal`,name:`first`,value:20}],concreteType:`ReadingConnection`,kind:`LinkedField`,name:`replies`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`nodes`,plural:!0,selections:[{alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`advisor`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`question`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null}],storageKey:null}],storageKey:`replies(first:20)`}],type:`Reading`,abstractKey:null};Q.hash=`08c0c254d35adbb681df19e4aaafb7c0`;function ge({of:e}){let t=h(),{replies:n}=(0,M.default)(Q,e);return n.nodes.length===0?null:(0,L.jsxs)(`section`,{className:`thread`,"aria-labelledby":`thread`,children:[(0,L.jsx)(`h2`,{id:`thread`,children:t.t(`reading.replies`)}),(0,L.jsx)(`ol`,{children:n.nodes.map(({id:e,advisor:n,question:r,createdAt:i})=>(0,L.jsxs)(`li`,{"data-advisor":n,children:[(0,L.jsx)(v,{to:`/readings/${e}`,children:r}),(0,L.jsxs)(`small`,{children:[d(n)&&f[n],` `,(0,L.jsx)(`time`,{dateTime:i,children:t.ago(i)})]})]},e))})]})}var $=D;function _e({id:e}){let t=(0,k.default)(),n=c(),{reading:r}=(0,A.default)($,{id:e},{fetchPolicy:`store-or-network`});return(0,O.useEffect)(()=>(0,E.fetchQuery)(t,$,{id:e},{networkCacheConfig:u}).subscribe({error(){}}).unsubscribe,[t,e,n]),r?(0,L.jsx)(pe,{of:r,query:$,children:(0,L.jsx)(ge,{of:r})}):(0,L.jsx)(l,{})}export{_e as default,$ as query};
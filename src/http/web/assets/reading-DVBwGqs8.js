import{r as e,t}from"./useRelayEnvironment-BmokcvD4.js";import{i as n,n as r,t as i}from"./jsx-runtime-DyZJNswf.js";import{r as a,t as o}from"./useFragment-CqlXVFbc.js";import{i as s,n as c}from"./events-Cggch26R.js";import{t as l}from"./not-found-gfdjbdrt.js";import{t as u}from"./relay-DC67UwA2.js";import{i as d,n as f}from"./advisors-CR-LtGPw.js";import{n as p,t as m}from"./errors-D_4qTL5m.js";import{l as h,t as g}from"./title-DdicUG4P.js";import{t as _}from"./mutate-Cdsl7AiN.js";import{n as v,r as y}from"./signs-1NYi7Ty0.js";import{a as b,s as ee,t as x,u as S}from"./fetch-DEJmT28P.js";import{n as C}from"./router-flwHy-hr.js";import{t as te}from"./confirm-CT-GFzlv.js";var w=e(),T=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`id`}],t=[{kind:`Variable`,name:`id`,variableName:`id`}],n={alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},r={alias:null,args:null,kind:`ScalarField`,name:`status`,storageKey:null},i={alias:null,args:null,kind:`ScalarField`,name:`response`,storageKey:null},a={alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},o={alias:null,args:null,kind:`ScalarField`,name:`title`,storageKey:null};return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`readingQuery`,selections:[{alias:null,args:t,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`readingView_reading`}],storageKey:null}],type:`Query`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`readingQuery`,selections:[{alias:null,args:t,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[n,{alias:null,args:null,kind:`ScalarField`,name:`advisor`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`question`,storageKey:null},r,i,{alias:null,args:null,kind:`ScalarField`,name:`sequence`,storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generation`,plural:!1,selections:[n],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`care`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`engine`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`model`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isCached`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isTruncated`,storageKey:null},a,{alias:null,args:null,concreteType:`ReadingFailure`,kind:`LinkedField`,name:`failure`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`code`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[o,{alias:null,args:null,kind:`ScalarField`,name:`excerpt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`url`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generations`,plural:!0,selections:[r,i,a,{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[o],storageKey:null},n],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isFavourite`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`note`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`rating`,storageKey:null}],storageKey:null}]},params:{cacheID:`dfc92fbdd3f8697a6363e659c1b7e34a`,id:null,metadata:{},name:`readingQuery`,operationKind:`query`,text:`query readingQuery(
  $id: ID!
) {
  reading(id: $id) {
    ...readingView_reading
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
`}}})();T.hash=`3ef84ba8be002b2454c378d67953dca6`;var E=r(),D=n(t(),1),O=n(a(),1),k=(function(){var e={alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null};return{argumentDefinitions:[],kind:`Fragment`,metadata:null,name:`readingView_reading`,selections:[e,{alias:null,args:null,kind:`ScalarField`,name:`advisor`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`question`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`status`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`response`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`sequence`,storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generation`,plural:!1,selections:[e],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`care`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`engine`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`model`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isCached`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isTruncated`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},{alias:null,args:null,concreteType:`ReadingFailure`,kind:`LinkedField`,name:`failure`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`code`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[{alias:null,args:null,kind:`ScalarField`,name:`title`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`excerpt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`url`,storageKey:null}],storageKey:null},{args:null,kind:`FragmentSpread`,name:`sources_earlier`},{args:null,kind:`FragmentSpread`,name:`keep_reading`}],type:`Reading`,abstractKey:null}})();k.hash=`09f32dbbbebf7c8f6a906bc6d42b3165`;var A=n(o(),1),j=`subscription Follow($id: ID!, $after: Int, $generation: ID) {
  readingUpdates(id: $id, after: $after, generation: $generation) {
    generation offset sequence text isThinking status
  }
}`,M=e=>e===`PENDING`||e===`WRITING`;function N(e,t,n,r=()=>{},i={generation:``,sequence:0,text:``}){let a={...i,status:`PENDING`,isThinking:!1,isConnected:!1},o=e=>n(a={...a,...e});return s(e,{query:j,variables:{id:t,get after(){return a.sequence},get generation(){return a.generation||null}}},{next({data:e,errors:t}){e?o(P(a,e.readingUpdates)):t&&r(t)},error:r,onConnected(e){e!==a.isConnected&&M(a.status)&&o({isConnected:e})}})}function P(e,{generation:t,offset:n,sequence:r,text:i,...a}){let o=t===e.generation?e.text:``,s=n===0?``:Array.from(o).slice(0,n).join(``);return{...a,generation:t,sequence:r,text:i?s+i:o,isConnected:!0}}var F=i();function I({text:e,sources:t,hasHelp:n=!1,end:r}){let i=e.split(/\n{2,}/).flatMap(ne);return(0,F.jsxs)(F.Fragment,{children:[i.map((e,a)=>{let o=a===i.length-1&&r;return(0,F.jsx)(re,{...e,sources:t,hasHelp:n,last:o},a)}),i.length===0&&r&&(0,F.jsx)(`p`,{children:r})]})}var L=/^\s*[-*•]\s+/,R=/^\s*\d+[.)]\s+/;function ne(e){let t=[];for(let n of e.split(`
`).filter(e=>e.trim())){let e=L.test(n)?`ul`:R.test(n)?`ol`:`text`,r=e===`text`?n:n.replace(e===`ul`?L:R,``),i=t.at(-1);i?.kind===e?i.lines.push(r):t.push({kind:e,lines:[r]})}return t}function re({kind:e,lines:t,sources:n,hasHelp:r,last:i}){let a=e=>(0,F.jsx)(B,{sources:n,hasHelp:r,text:e}),o=r&&e===`text`&&t.length>1;return e===`text`&&!o?(0,F.jsxs)(`p`,{children:[t.map((e,t)=>(0,F.jsxs)(E.Fragment,{children:[t>0&&(0,F.jsx)(`br`,{}),a(e.replace(/^#{1,6}\s+/,``))]},t)),i]}):(0,F.jsx)(e===`ol`?`ol`:`ul`,{className:o?`help-lines`:void 0,children:t.map((e,n)=>(0,F.jsxs)(`li`,{children:[a(e),n===t.length-1&&i]},n))})}var ie=/\*\*(.+?)\*\*|__(.+?)__|\*(.+?)\*|(?<!\w)_(.+?)_(?!\w)|[ \u00a0]?\[(\d{1,3})\]|(https?:\/\/[^\s<>)]*[^\s<>).,;:!?])/g,z=/(?<![\w/.-])(\+?\d(?:[\d -]*\d)?)(?!\s*(?:countr|pa[ií]s|pays|peyi)|[\w/])/g;function B({text:e,sources:t,hasHelp:n}){let r=[],i=0,a=e=>(0,F.jsx)(B,{sources:t,hasHelp:n,text:e});for(let o of e.matchAll(ie)){r.push(V(e.slice(i,o.index),n)),i=o.index+o[0].length;let[s,c,l,u,d,f,p]=o;c??l?r.push((0,F.jsx)(`strong`,{children:a(c??l??``)})):u??d?r.push((0,F.jsx)(`em`,{children:a(u??d??``)})):f?r.push(n?null:(0,F.jsx)(H,{number:Number(f),isKnown:Number(f)<=t})):p&&n?r.push((0,F.jsx)(U,{url:p})):r.push(s)}return r.push(V(e.slice(i),n)),r.map((e,t)=>(0,F.jsx)(E.Fragment,{children:e},t))}function V(e,t){return t?e.split(z).map((e,t)=>{let n=e.replace(/\D/g,``);return t%2==0||n.length<3?e:(0,F.jsx)(`a`,{className:`telephone`,href:`tel:${e.startsWith(`+`)?`+`:``}${n}`,children:e},t)}):e}function H({number:e,isKnown:t}){let n=h();return t?(0,F.jsx)(`sup`,{className:`mark`,children:(0,F.jsx)(`a`,{href:`#source-${e}`,"aria-label":n.t(`reading.mark`,{n:e}),children:e})}):(0,F.jsx)(`sup`,{className:`mark`,children:e})}function U({url:e}){return(0,F.jsx)(`a`,{href:e,target:`_blank`,rel:`noreferrer`,children:URL.canParse(e)?new URL(e).host.replace(/^www\./,``):e})}var W={argumentDefinitions:[],kind:`Fragment`,metadata:null,name:`keep_reading`,selections:[{alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`status`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isFavourite`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`note`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`rating`,storageKey:null}],type:`Reading`,abstractKey:null};W.hash=`0bf717a2322394ba19116336ce685aa2`;var G=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{kind:`Variable`,name:`input`,variableName:`input`}];return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`keepMutation`,selections:[{alias:null,args:t,concreteType:`UpdateReadingPayload`,kind:`LinkedField`,name:`updateReading`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`keep_reading`}],storageKey:null}],storageKey:null}],type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`keepMutation`,selections:[{alias:null,args:t,concreteType:`UpdateReadingPayload`,kind:`LinkedField`,name:`updateReading`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`status`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isFavourite`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`note`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`rating`,storageKey:null}],storageKey:null}],storageKey:null}]},params:{cacheID:`cc84ae243c21e1f31e430c13dda3b831`,id:null,metadata:{},name:`keepMutation`,operationKind:`mutation`,text:`mutation keepMutation(
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
`}}})();G.hash=`011981fe30279ca735f15c5842be244d`;function K({of:e}){let t=h(),[n,r]=(0,E.useState)(null),i=(0,A.default)(W,e),[a]=_(G),{id:o,status:s,isFavourite:c,note:l,rating:u}=i,d=async e=>{r(null);let t={isFavourite:e.isFavourite??c,note:e.note===void 0?l:e.note,rating:e.rating===void 0?u:e.rating},n={updateReading:{reading:{id:o,status:s,...t}}};try{await a({input:{id:o,...e}},{optimisticResponse:n})}catch(e){throw r(e),e}},f=e=>void d(e).catch(()=>{}),g=p(n,t);return(0,F.jsxs)(`section`,{className:`keep`,"aria-label":t.t(`keep.title`),children:[(0,F.jsxs)(`div`,{className:`actions`,children:[(0,F.jsxs)(`button`,{type:`button`,"aria-pressed":c,onClick:()=>f({isFavourite:!c}),children:[(0,F.jsx)(y,{}),` `,t.t(`keep.favourite`)]}),!M(s)&&(0,F.jsx)(q,{value:u??null,onChange:e=>f({rating:e})})]}),u===`NOT_HELPFUL`&&(0,F.jsx)(J,{onSend:e=>d({rating:u,ratingReason:e})},o),(0,F.jsx)(ae,{value:l??``,error:g.note,onSave:e=>d({note:e||null})},o),(0,F.jsx)(`div`,{role:`alert`,children:n!==null&&!g.note&&(0,F.jsx)(`p`,{className:`error`,children:m(n,t)})})]})}function q({value:e,onChange:t}){let n=h(),r=(0,E.useId)();return(0,F.jsxs)(`div`,{className:`helped`,role:`group`,"aria-labelledby":r,children:[(0,F.jsx)(`span`,{id:r,children:n.t(`keep.helped`)}),[`HELPFUL`,`NOT_HELPFUL`].map(r=>(0,F.jsx)(`button`,{type:`button`,"aria-pressed":e===r,onClick:()=>t(e===r?null:r),children:n.t(`keep.${r}`)},r))]})}function J({onSend:e}){let t=h(),n=(0,E.useId)(),[r,i]=(0,E.useState)(!1);return r?(0,F.jsx)(`p`,{role:`status`,children:t.t(`keep.reason.done`)}):(0,F.jsxs)(`form`,{className:`reason`,onSubmit:t=>{t.preventDefault();let n=String(new FormData(t.currentTarget).get(`reason`)).trim();n&&e(n).then(()=>i(!0),()=>{})},children:[(0,F.jsx)(`label`,{htmlFor:n,children:t.t(`keep.reason`)}),(0,F.jsxs)(`span`,{children:[(0,F.jsx)(`input`,{id:n,name:`reason`,maxLength:500}),(0,F.jsx)(`button`,{type:`submit`,children:t.t(`send`)})]})]})}function ae({value:e,error:t,onSave:n}){let r=h(),i=(0,E.useId)(),[a,o]=(0,E.useState)(!1),s=(0,E.useRef)(!1);return a?(0,F.jsxs)(`form`,{className:`field note`,onSubmit:e=>{e.preventDefault(),n(String(new FormData(e.currentTarget).get(`note`)).trim()).then(()=>o(!1),()=>{})},children:[(0,F.jsx)(`label`,{htmlFor:i,children:r.t(`keep.note`)}),(0,F.jsx)(`textarea`,{id:i,name:`note`,rows:3,defaultValue:e,autoFocus:!0,"aria-describedby":t?`${i}-error`:void 0,"aria-invalid":t?!0:void 0}),t&&(0,F.jsx)(`p`,{className:`error`,id:`${i}-error`,children:t}),(0,F.jsxs)(`div`,{className:`actions`,children:[(0,F.jsx)(`button`,{type:`submit`,children:r.t(`account.profile.save`)}),(0,F.jsx)(`button`,{type:`button`,className:`quiet`,onClick:()=>o(!1),children:r.t(`cancel`)})]})]}):(0,F.jsxs)(`div`,{className:`note`,children:[e&&(0,F.jsx)(`p`,{dir:`auto`,children:e}),(0,F.jsx)(`button`,{type:`button`,className:`quiet`,autoFocus:s.current,onClick:()=>o(s.current=!0),children:r.t(e?`keep.note.change`:`keep.note.add`)})]})}var Y=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{kind:`Variable`,name:`input`,variableName:`input`}],n={alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},r={alias:null,args:null,kind:`ScalarField`,name:`status`,storageKey:null},i={alias:null,args:null,kind:`ScalarField`,name:`response`,storageKey:null},a={alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},o={alias:null,args:null,kind:`ScalarField`,name:`title`,storageKey:null};return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`readingActionsStopMutation`,selections:[{alias:null,args:t,concreteType:`CancelReadingPayload`,kind:`LinkedField`,name:`cancelReading`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`readingView_reading`}],storageKey:null}],storageKey:null}],type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`readingActionsStopMutation`,selections:[{alias:null,args:t,concreteType:`CancelReadingPayload`,kind:`LinkedField`,name:`cancelReading`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[n,{alias:null,args:null,kind:`ScalarField`,name:`advisor`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`question`,storageKey:null},r,i,{alias:null,args:null,kind:`ScalarField`,name:`sequence`,storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generation`,plural:!1,selections:[n],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`care`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`engine`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`model`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isCached`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isTruncated`,storageKey:null},a,{alias:null,args:null,concreteType:`ReadingFailure`,kind:`LinkedField`,name:`failure`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`code`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[o,{alias:null,args:null,kind:`ScalarField`,name:`excerpt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`url`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generations`,plural:!0,selections:[r,i,a,{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[o],storageKey:null},n],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isFavourite`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`note`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`rating`,storageKey:null}],storageKey:null}],storageKey:null}]},params:{cacheID:`7e6386e202bd19a1c61aa60159c03ee8`,id:null,metadata:{},name:`readingActionsStopMutation`,operationKind:`mutation`,text:`mutation readingActionsStopMutation(
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
`}}})();Y.hash=`6e8ac02c0ed8d70f456f898c911694d3`;var X=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{kind:`Variable`,name:`input`,variableName:`input`}],n={alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},r={alias:null,args:null,kind:`ScalarField`,name:`status`,storageKey:null},i={alias:null,args:null,kind:`ScalarField`,name:`response`,storageKey:null},a={alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},o={alias:null,args:null,kind:`ScalarField`,name:`title`,storageKey:null};return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`readingActionsAgainMutation`,selections:[{alias:null,args:t,concreteType:`RegenerateReadingPayload`,kind:`LinkedField`,name:`regenerateReading`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`readingView_reading`}],storageKey:null}],storageKey:null}],type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`readingActionsAgainMutation`,selections:[{alias:null,args:t,concreteType:`RegenerateReadingPayload`,kind:`LinkedField`,name:`regenerateReading`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[n,{alias:null,args:null,kind:`ScalarField`,name:`advisor`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`question`,storageKey:null},r,i,{alias:null,args:null,kind:`ScalarField`,name:`sequence`,storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generation`,plural:!1,selections:[n],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`care`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`engine`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`model`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isCached`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isTruncated`,storageKey:null},a,{alias:null,args:null,concreteType:`ReadingFailure`,kind:`LinkedField`,name:`failure`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`code`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[o,{alias:null,args:null,kind:`ScalarField`,name:`excerpt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`url`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generations`,plural:!0,selections:[r,i,a,{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[o],storageKey:null},n],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isFavourite`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`note`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`rating`,storageKey:null}],storageKey:null}],storageKey:null}]},params:{cacheID:`9780696f3e0c91ed1114b89f01f3ef4f`,id:null,metadata:{},name:`readingActionsAgainMutation`,operationKind:`mutation`,text:`mutation readingActionsAgainMutation(
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
`}}})();X.hash=`5aeb9b94f8a78f061182319fc236f057`;var Z=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{alias:null,args:[{kind:`Variable`,name:`input`,variableName:`input`}],concreteType:`DeleteReadingPayload`,kind:`LinkedField`,name:`deleteReading`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`deletedReadingId`,storageKey:null}],storageKey:null}];return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`readingActionsDeleteMutation`,selections:t,type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`readingActionsDeleteMutation`,selections:t},params:{cacheID:`c4078733c99bb2b2beec1598a82d77aa`,id:null,metadata:{},name:`readingActionsDeleteMutation`,operationKind:`mutation`,text:`mutation readingActionsDeleteMutation(
  $input: DeleteReadingInput!
) {
  deleteReading(input: $input) {
    deletedReadingId
  }
}
`}}})();Z.hash=`9baf57b11295ea414dcb404b57462ca1`;function oe({id:e,status:t,isCrisis:n}){let r=h(),[i,a]=(0,E.useState)(null),[o,s]=(0,E.useState)(!1),c=(0,E.useRef)(S()),[l,u]=_(Y),[d,f]=_(X),[p]=_(Z),g=e=>(a(null),b.current=!0,e.then(()=>void(c.current=S()),e=>{e instanceof ee||(c.current=S()),b.current=!1,a(e)})),v=M(t),y=(0,E.useRef)(null),b=(0,E.useRef)(!1);return(0,E.useEffect)(()=>{b.current&&y.current?.querySelector(`button`)?.focus({preventScroll:!0}),b.current=!1},[v]),(0,F.jsxs)(`div`,{className:`actions`,ref:y,children:[v&&(0,F.jsx)(`button`,{type:`button`,disabled:u,onClick:()=>void g(l({input:{id:e}})),children:r.t(`reading.stop`)}),!v&&!n&&(0,F.jsx)(`button`,{type:`button`,disabled:f,onClick:()=>void g(d({input:{id:e,wait:!1,idempotencyKey:c.current}})),children:r.t(`reading.again`)}),(0,F.jsx)(`button`,{type:`button`,className:`quiet`,onClick:()=>s(!0),children:r.t(`delete`)}),(0,F.jsx)(`div`,{role:`alert`,children:i!==null&&(0,F.jsx)(`p`,{className:`error`,children:m(i,r)})}),o&&(0,F.jsx)(te,{title:r.t(`reading.delete.title`),text:r.t(`reading.delete.text`),action:r.t(`delete`),onClose:()=>s(!1),onConfirm:async()=>{await p({input:{id:e}}),C(`/readings`,`replace`)}})]})}var Q={argumentDefinitions:[],kind:`Fragment`,metadata:null,name:`sources_earlier`,selections:[{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generations`,plural:!0,selections:[{alias:null,args:null,kind:`ScalarField`,name:`status`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`response`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[{alias:null,args:null,kind:`ScalarField`,name:`title`,storageKey:null}],storageKey:null}],storageKey:null}],type:`Reading`,abstractKey:null};Q.hash=`22400c6cf76227d789f7a5cfbf9cfc5d`;function se({of:e}){let t=h();return e.length===0?null:(0,F.jsxs)(`section`,{className:`sources`,"aria-labelledby":`sources`,children:[(0,F.jsx)(`h2`,{id:`sources`,children:t.t(`reading.sources`)}),(0,F.jsx)(`ol`,{children:e.map(({title:e,excerpt:t,url:n},r)=>(0,F.jsxs)(`li`,{id:`source-${r+1}`,tabIndex:-1,children:[(0,F.jsx)(`cite`,{children:e}),t&&(0,F.jsx)(`blockquote`,{children:t}),n&&(0,F.jsx)(U,{url:n})]},r))})]})}function ce({of:e}){let t=h(),{generations:n}=(0,A.default)(Q,e),r=n.slice(1).filter(({response:e})=>e);return r.length===0?null:(0,F.jsxs)(`section`,{className:`earlier`,children:[(0,F.jsx)(`h2`,{children:t.t(`reading.earlier`)}),r.map(({createdAt:e,response:n,sources:r})=>(0,F.jsxs)(`details`,{children:[(0,F.jsx)(`summary`,{children:(0,F.jsx)(`time`,{dateTime:e,children:t.date(e)})}),(0,F.jsxs)(`div`,{className:`prose`,children:[(0,F.jsx)(I,{text:n??``,sources:0}),(0,F.jsx)(`ol`,{children:r.map(({title:e},t)=>(0,F.jsx)(`li`,{children:(0,F.jsx)(`cite`,{children:e})},t))})]})]},e))]})}function le(e,t,n,r){let i=(0,D.default)(),[a,o]=(0,E.useState)(null),[s,c]=(0,E.useState)(null),l=M(t),d=(0,E.useRef)(n);return d.current=n,(0,E.useEffect)(()=>{if(l)return o(null),c(null),N(b,e,t=>{o(t),M(t.status)||(0,w.fetchQuery)(i,r,{id:e},{networkCacheConfig:u}).subscribe({error:()=>(0,w.commitLocalUpdate)(i,n=>{n.get(e)?.setValue(t.text,`response`).setValue(t.status,`status`)})})},e=>c(new x(e)),d.current)},[e,l,n.generation,i,r]),{answer:a,text:l&&a?a.text:n.text,error:s}}function ue({of:e,query:t}){let n=h(),r=(0,A.default)(k,e),{id:i,response:a,sequence:o,generation:s,status:c}=r,{answer:l,text:u,error:p}=le(i,c,{generation:s.id,sequence:o,text:a??``},t);g(r.question);let _=d(r.advisor)?r.advisor:`LEGBA`,y=M(r.status),b=r.care===`CRISIS`;return(0,F.jsxs)(`article`,{className:b?`page reading crisis`:`page reading`,"data-advisor":b?void 0:_,children:[(0,F.jsxs)(`header`,{children:[!b&&(0,F.jsx)(v,{of:_}),(0,F.jsxs)(`p`,{className:`asked`,children:[n.t(`reading.asked`,{name:f[_]}),(0,F.jsx)(`time`,{dateTime:r.createdAt,title:n.date(r.createdAt),children:n.ago(r.createdAt)})]}),(0,F.jsx)(`h1`,{dir:`auto`,children:r.question})]}),r.care===`SOFT`&&(0,F.jsx)(`p`,{className:`care`,children:n.t(`reading.soft`)}),(0,F.jsxs)(`div`,{className:`answer prose`,dir:`auto`,"aria-busy":y,children:[b&&(0,F.jsx)(`h2`,{children:n.t(`reading.crisis`)}),(0,F.jsx)(I,{text:u,sources:r.sources.length,hasHelp:b,end:y&&(0,F.jsx)(`span`,{className:`pen`,"aria-hidden":`true`})})]}),(0,F.jsx)(de,{reading:r,answer:l}),(0,F.jsx)(`div`,{role:`alert`,children:p!==null&&(0,F.jsx)(`p`,{className:`error`,children:m(p,n)})}),(0,F.jsx)(fe,{reading:r,language:n}),(0,F.jsx)(oe,{id:r.id,status:r.status,isCrisis:b}),!b&&(0,F.jsx)(K,{of:r}),!b&&(0,F.jsx)(se,{of:r.sources}),!b&&(0,F.jsx)(ce,{of:r})]})}function de({reading:e,answer:t}){let n=h(),r=d(e.advisor)?f[e.advisor]:``,i=()=>M(e.status)?t&&!t.isConnected&&t.sequence>0?n.t(`reading.reconnecting`):t?.isThinking?n.t(`reading.thinking`,{name:r}):n.t(e.response||t?.text?`reading.writing`:`reading.waiting`,{name:r}):null;return(0,F.jsxs)(`div`,{role:`status`,className:`progress`,children:[i()&&(0,F.jsx)(`p`,{children:i()}),t&&!M(e.status)&&(0,F.jsx)(`p`,{className:`unseen`,children:n.t(`reading.done`,{name:r})})]})}function fe({reading:e,language:t}){let{status:n,engine:r,failure:i,isTruncated:a,isCached:o,model:s}=e;if(M(n))return null;let c=i&&(t.find(`failure.${i.code}`)??t.t(`failure.UNKNOWN`)),l=r===`MODEL`?t.t(`engine.MODEL`,{model:s??``}):t.find(`engine.${r}`);return(0,F.jsxs)(`footer`,{children:[n===`FAILED`&&(0,F.jsx)(`p`,{className:`error`,children:c??t.t(`failure.UNKNOWN`)}),n===`CANCELLED`&&(0,F.jsx)(`p`,{children:t.t(`reading.stopped`)}),a&&(0,F.jsx)(`p`,{children:t.t(`reading.truncated`)}),(0,F.jsxs)(`p`,{className:`writer`,children:[l,` `,o&&t.t(`reading.cached`)]})]})}var $=T;function pe({id:e}){let t=(0,D.default)(),n=c(),{reading:r}=(0,O.default)($,{id:e},{fetchPolicy:`store-or-network`});return(0,E.useEffect)(()=>(0,w.fetchQuery)(t,$,{id:e},{networkCacheConfig:u}).subscribe({error(){}}).unsubscribe,[t,e,n]),r?(0,F.jsx)(ue,{of:r,query:$}):(0,F.jsx)(l,{})}export{pe as default,$ as query};
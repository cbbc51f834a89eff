import{r as e}from"./useRelayEnvironment-BmokcvD4.js";import{n as t,t as n}from"./jsx-runtime-DyZJNswf.js";import{s as r}from"./fetch-BCnaLSPK.js";import{t as i}from"./mutate-Cdsl7AiN.js";import{i as a}from"./pending-DsGwSnjW.js";import{n as o}from"./relay-D4C_Mswu.js";import{n as s}from"./router-CxwAVwmQ.js";e();var c=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{kind:`Variable`,name:`input`,variableName:`input`}],n={alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},r={alias:null,args:null,kind:`ScalarField`,name:`readingsToday`,storageKey:null},i={alias:null,args:null,kind:`ScalarField`,name:`question`,storageKey:null},a={alias:null,args:null,kind:`ScalarField`,name:`status`,storageKey:null},o={alias:null,args:null,kind:`ScalarField`,name:`response`,storageKey:null},s={alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},c={alias:null,args:null,kind:`ScalarField`,name:`title`,storageKey:null};return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`askingMutation`,selections:[{alias:null,args:t,concreteType:`AskAdvisorPayload`,kind:`LinkedField`,name:`askAdvisor`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[n,{args:null,kind:`FragmentSpread`,name:`readingView_reading`}],storageKey:null},{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`user`,plural:!1,selections:[n,{alias:null,args:null,concreteType:`Usage`,kind:`LinkedField`,name:`usage`,plural:!1,selections:[r],storageKey:null}],storageKey:null}],storageKey:null}],type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`askingMutation`,selections:[{alias:null,args:t,concreteType:`AskAdvisorPayload`,kind:`LinkedField`,name:`askAdvisor`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[n,{alias:null,args:null,kind:`ScalarField`,name:`advisor`,storageKey:null},i,a,o,{alias:null,args:null,kind:`ScalarField`,name:`sequence`,storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generation`,plural:!1,selections:[n],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`care`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`engine`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`model`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isCached`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isTruncated`,storageKey:null},s,{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`inReplyTo`,plural:!1,selections:[n,i],storageKey:null},{alias:null,args:null,concreteType:`ReadingFailure`,kind:`LinkedField`,name:`failure`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`code`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[c,{alias:null,args:null,kind:`ScalarField`,name:`excerpt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`url`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generations`,plural:!0,selections:[a,o,s,{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[c],storageKey:null},n],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isFavourite`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`note`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`rating`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isShareable`,storageKey:null},{alias:null,args:null,concreteType:`Share`,kind:`LinkedField`,name:`share`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`token`,storageKey:null}],storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`user`,plural:!1,selections:[n,{alias:null,args:null,concreteType:`Usage`,kind:`LinkedField`,name:`usage`,plural:!1,selections:[r,n],storageKey:null}],storageKey:null}],storageKey:null}]},params:{cacheID:`7dfaf4b63dc8fcdc2afd43b68b3b0816`,id:null,metadata:{},name:`askingMutation`,operationKind:`mutation`,text:`mutation askingMutation(
  $input: AskAdvisorInput!
) {
  askAdvisor(input: $input) {
    reading {
      id
      ...readingView_reading
    }
    user {
      id
      usage {
        readingsToday
        id
      }
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
`}}})();c.hash=`09cdce92bcc498505d706650bd547c88`;var l=t(),u=n(),d=1e4;function f(e){return(0,u.jsx)(o,{children:(0,u.jsx)(p,{...e})})}function p({pending:e,onWait:t,onEnd:n}){let[o,u]=(0,l.useState)(0),f=(0,l.useRef)({onWait:t,onEnd:n});f.current={onWait:t,onEnd:n};let[p]=i(c);return(0,l.useEffect)(()=>{let t=new AbortController,{advisor:n,question:i,inReplyTo:c,key:l}=e,m=async()=>{try{let e={advisor:n,question:i,inReplyTo:c?.id??null,idempotencyKey:l,wait:!1},{askAdvisor:r}=await p({input:e});if(t.signal.aborted||!r)return;f.current.onEnd(),a({advisor:n,question:``}),s(`/readings/${r.reading.id}`)}catch(e){if(t.signal.aborted)return;if(!(e instanceof r))return f.current.onEnd(e);f.current.onWait(),u(e=>e+1)}},h=setTimeout(()=>void m(),o&&Math.min(500*2**o,d));return addEventListener(`online`,()=>u(e=>e+1),{signal:t.signal}),()=>{t.abort(),clearTimeout(h)}},[e,o,p]),null}export{f as default};
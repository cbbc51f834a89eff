import{r as e,t}from"./useRelayEnvironment-BmokcvD4.js";import{i as n,n as r}from"./jsx-runtime-DyZJNswf.js";import{a as i,c as a,l as o}from"./fetch-BCnaLSPK.js";import{t as s}from"./advisors-CR-LtGPw.js";var c=e(),l=(function(){var e={alias:null,args:null,kind:`ScalarField`,name:`__typename`,storageKey:null},t={args:null,kind:`FragmentSpread`,name:`readings_item`},n={kind:`InlineFragment`,selections:[{alias:null,args:null,kind:`ScalarField`,name:`deletedReadingId`,storageKey:null}],type:`ReadingDeleted`,abstractKey:null},r={alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},i={alias:null,args:null,kind:`ScalarField`,name:`advisor`,storageKey:null},a={alias:null,args:null,kind:`ScalarField`,name:`question`,storageKey:null},o={alias:null,args:[{kind:`Literal`,name:`length`,value:160}],kind:`ScalarField`,name:`excerpt`,storageKey:`excerpt(length:160)`},s={alias:null,args:null,kind:`ScalarField`,name:`status`,storageKey:null},c={alias:null,args:null,kind:`ScalarField`,name:`care`,storageKey:null},l={alias:null,args:null,kind:`ScalarField`,name:`isFavourite`,storageKey:null},u={alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},d={alias:null,args:null,kind:`ScalarField`,name:`response`,storageKey:null},f={alias:null,args:null,kind:`ScalarField`,name:`title`,storageKey:null};return{fragment:{argumentDefinitions:[],kind:`Fragment`,metadata:null,name:`eventsSubscription`,selections:[{alias:null,args:null,concreteType:null,kind:`LinkedField`,name:`readingEvents`,plural:!1,selections:[e,{kind:`InlineFragment`,selections:[{alias:null,args:null,concreteType:`ReadingEdge`,kind:`LinkedField`,name:`edge`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`node`,plural:!1,selections:[t],storageKey:null}],storageKey:null}],type:`ReadingAsked`,abstractKey:null},{kind:`InlineFragment`,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[t,{args:null,kind:`FragmentSpread`,name:`readingView_reading`}],storageKey:null}],type:`ReadingChanged`,abstractKey:null},n],storageKey:null}],type:`Subscription`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:[],kind:`Operation`,name:`eventsSubscription`,selections:[{alias:null,args:null,concreteType:null,kind:`LinkedField`,name:`readingEvents`,plural:!1,selections:[e,{kind:`InlineFragment`,selections:[{alias:null,args:null,concreteType:`ReadingEdge`,kind:`LinkedField`,name:`edge`,plural:!1,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`node`,plural:!1,selections:[r,i,a,o,s,c,l,u],storageKey:null}],storageKey:null}],type:`ReadingAsked`,abstractKey:null},{kind:`InlineFragment`,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`reading`,plural:!1,selections:[r,i,a,o,s,c,l,u,d,{alias:null,args:null,kind:`ScalarField`,name:`sequence`,storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generation`,plural:!1,selections:[r],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`engine`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`model`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isCached`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isTruncated`,storageKey:null},{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`inReplyTo`,plural:!1,selections:[r,a],storageKey:null},{alias:null,args:null,concreteType:`ReadingFailure`,kind:`LinkedField`,name:`failure`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`code`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[f,{alias:null,args:null,kind:`ScalarField`,name:`excerpt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`url`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`Generation`,kind:`LinkedField`,name:`generations`,plural:!0,selections:[s,d,u,{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[f],storageKey:null},r],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`note`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`rating`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isShareable`,storageKey:null},{alias:null,args:null,concreteType:`Share`,kind:`LinkedField`,name:`share`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`token`,storageKey:null}],storageKey:null}],storageKey:null}],type:`ReadingChanged`,abstractKey:null},n],storageKey:null}]},params:{cacheID:`318a499a955c7689cc127ac70dcd68f9`,id:null,metadata:{},name:`eventsSubscription`,operationKind:`subscription`,text:`subscription eventsSubscription {
  readingEvents {
    __typename
    ... on ReadingAsked {
      edge {
        node {
          ...readings_item
          id
        }
      }
    }
    ... on ReadingChanged {
      reading {
        ...readings_item
        ...readingView_reading
        id
      }
    }
    ... on ReadingDeleted {
      deletedReadingId
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

fragment readings_item on Reading {
  id
  advisor
  question
  excerpt(length: 160)
  status
  care
  isFavourite
  createdAt
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
`}}})();l.hash=`6c4c598a8c55f9558c9beb74222b20f2`;function u(e){return e===null?`null`:Array.isArray(e)?`array`:typeof e}function d(e){return u(e)===`object`}function f(e){return Array.isArray(e)&&e.length>0&&e.every(e=>`message`in e)}function p(e,t){return e.length<124?e:t}var m=(e=>(e[e.InternalServerError=4500]=`InternalServerError`,e[e.InternalClientError=4005]=`InternalClientError`,e[e.BadRequest=4400]=`BadRequest`,e[e.BadResponse=4004]=`BadResponse`,e[e.Unauthorized=4401]=`Unauthorized`,e[e.Forbidden=4403]=`Forbidden`,e[e.SubprotocolNotAcceptable=4406]=`SubprotocolNotAcceptable`,e[e.ConnectionInitialisationTimeout=4408]=`ConnectionInitialisationTimeout`,e[e.ConnectionAcknowledgementTimeout=4504]=`ConnectionAcknowledgementTimeout`,e[e.SubscriberAlreadyExists=4409]=`SubscriberAlreadyExists`,e[e.TooManyInitialisationRequests=4429]=`TooManyInitialisationRequests`,e))(m||{}),h=(e=>(e.ConnectionInit=`connection_init`,e.ConnectionAck=`connection_ack`,e.Ping=`ping`,e.Pong=`pong`,e.Subscribe=`subscribe`,e.Next=`next`,e.Error=`error`,e.Complete=`complete`,e))(h||{});function g(e){if(!d(e))throw Error(`Message is expected to be an object, but got ${u(e)}`);if(!e.type)throw Error(`Message is missing the 'type' property`);if(typeof e.type!=`string`)throw Error(`Message is expects the 'type' property to be a string, but got ${u(e.type)}`);switch(e.type){case`connection_init`:case`connection_ack`:case`ping`:case`pong`:if(e.payload!=null&&!d(e.payload))throw Error(`"${e.type}" message expects the 'payload' property to be an object or nullish or missing, but got "${e.payload}"`);break;case`subscribe`:if(typeof e.id!=`string`)throw Error(`"${e.type}" message expects the 'id' property to be a string, but got ${u(e.id)}`);if(!e.id)throw Error(`"${e.type}" message requires a non-empty 'id' property`);if(!d(e.payload))throw Error(`"${e.type}" message expects the 'payload' property to be an object, but got ${u(e.payload)}`);if(typeof e.payload.query!=`string`)throw Error(`"${e.type}" message payload expects the 'query' property to be a string, but got ${u(e.payload.query)}`);if(e.payload.variables!=null&&!d(e.payload.variables))throw Error(`"${e.type}" message payload expects the 'variables' property to be a an object or nullish or missing, but got ${u(e.payload.variables)}`);if(e.payload.operationName!=null&&u(e.payload.operationName)!==`string`)throw Error(`"${e.type}" message payload expects the 'operationName' property to be a string or nullish or missing, but got ${u(e.payload.operationName)}`);if(e.payload.extensions!=null&&!d(e.payload.extensions))throw Error(`"${e.type}" message payload expects the 'extensions' property to be a an object or nullish or missing, but got ${u(e.payload.extensions)}`);break;case`next`:if(typeof e.id!=`string`)throw Error(`"${e.type}" message expects the 'id' property to be a string, but got ${u(e.id)}`);if(!e.id)throw Error(`"${e.type}" message requires a non-empty 'id' property`);if(!d(e.payload))throw Error(`"${e.type}" message expects the 'payload' property to be an object, but got ${u(e.payload)}`);break;case`error`:if(typeof e.id!=`string`)throw Error(`"${e.type}" message expects the 'id' property to be a string, but got ${u(e.id)}`);if(!e.id)throw Error(`"${e.type}" message requires a non-empty 'id' property`);if(!f(e.payload))throw Error(`"${e.type}" message expects the 'payload' property to be an array of GraphQL errors, but got ${JSON.stringify(e.payload)}`);break;case`complete`:if(typeof e.id!=`string`)throw Error(`"${e.type}" message expects the 'id' property to be a string, but got ${u(e.id)}`);if(!e.id)throw Error(`"${e.type}" message requires a non-empty 'id' property`);break;default:throw Error(`Invalid message 'type' property "${e.type}"`)}return e}function _(e,t){return g(typeof e==`string`?JSON.parse(e,t):e)}function v(e,t){return g(e),JSON.stringify(e,t)}function y(e){let{url:t,connectionParams:n,lazy:r=!0,onNonLazyError:i=console.error,lazyCloseTimeout:a=0,keepAlive:o=0,disablePong:s,connectionAckWaitTimeout:c=0,retryAttempts:l=5,retryWait:u=async function(e){let t=2**e;await new Promise(e=>setTimeout(e,t*1e3+Math.floor(Math.random()*2700+300)))},shouldRetry:d=x,on:f,webSocketImpl:g,generateID:y=function(){return`xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx`.replace(/[xy]/g,e=>{let t=Math.random()*16|0;return(e==`x`?t:t&3|8).toString(16)})},jsonMessageReplacer:w,jsonMessageReviver:T}=e,E;if(g){if(!C(g))throw Error(`Invalid WebSocket implementation provided`);E=g}else typeof WebSocket<`u`?E=WebSocket:typeof global<`u`?E=global.WebSocket||global.MozWebSocket:typeof window<`u`&&(E=window.WebSocket||window.MozWebSocket);if(!E)throw Error("WebSocket implementation missing; on Node you can `import WebSocket from 'ws';` and pass `webSocketImpl: WebSocket` to `createClient`");let D=E,O=(()=>{let e=(()=>{let e={};return{on(t,n){return e[t]=n,()=>{delete e[t]}},emit(t){`id`in t&&e[t.id]?.(t)}}})(),t={connecting:f?.connecting?[f.connecting]:[],opened:f?.opened?[f.opened]:[],connected:f?.connected?[f.connected]:[],ping:f?.ping?[f.ping]:[],pong:f?.pong?[f.pong]:[],message:f?.message?[e.emit,f.message]:[e.emit],closed:f?.closed?[f.closed]:[],error:f?.error?[f.error]:[]};return{onMessage:e.on,on(e,n){let r=t[e];return r.push(n),()=>{let e=r.indexOf(n);e>-1&&r.splice(e,1)}},emit(e,...n){for(let r of[...t[e]])r(...n)}}})();function k(e){let t=[O.on(`error`,n=>{t.forEach(e=>e()),e(n)}),O.on(`closed`,n=>{t.forEach(e=>e()),e(n)})];return()=>t.forEach(e=>e())}let A,j=0,M,N=!1,P=0,F=!1;async function I(){clearTimeout(M);let[e,r]=await(A??=new Promise((e,r)=>(async()=>{if(N){if(await u(P),!j)return A=void 0,r({code:1e3,reason:`All Subscriptions Gone`});P++}O.emit(`connecting`,N);let i=new D(typeof t==`function`?await t():t,`graphql-transport-ws`),a,l;function d(){isFinite(o)&&o>0&&(clearTimeout(l),l=setTimeout(()=>{i.readyState===D.OPEN&&(i.send(v({type:h.Ping})),O.emit(`ping`,!1,void 0))},o))}k(e=>{A=void 0,clearTimeout(a),clearTimeout(l),r(e),e instanceof b&&(i.close(4499,`Terminated`),i.onerror=null,i.onclose=null)}),i.onerror=e=>O.emit(`error`,e),i.onclose=e=>O.emit(`closed`,e),i.onopen=async()=>{try{O.emit(`opened`,i);let e=typeof n==`function`?await n():n;if(i.readyState!==D.OPEN)return;i.send(v(e?{type:h.ConnectionInit,payload:e}:{type:h.ConnectionInit},w)),isFinite(c)&&c>0&&(a=setTimeout(()=>{i.close(m.ConnectionAcknowledgementTimeout,`Connection acknowledgement timeout`)},c)),d()}catch(e){O.emit(`error`,e),i.close(m.InternalClientError,p(e instanceof Error?e.message:String(e),`Internal client error`))}};let f=!1;i.onmessage=({data:t})=>{try{let n=_(t,T);if(O.emit(`message`,n),n.type===`ping`||n.type===`pong`){O.emit(n.type,!0,n.payload),n.type===`pong`?d():s||(i.send(v(n.payload?{type:h.Pong,payload:n.payload}:{type:h.Pong},w)),O.emit(`pong`,!1,n.payload));return}if(f)return;if(n.type!==h.ConnectionAck)throw Error(`First message cannot be of type ${n.type}`);clearTimeout(a),f=!0,O.emit(`connected`,i,n.payload,N),N=!1,P=0;let r=new Promise((e,t)=>k(t));r.catch(()=>{}),e([i,r])}catch(e){i.onmessage=null,O.emit(`error`,e),i.close(m.BadResponse,p(e instanceof Error?e.message:String(e),`Bad response`))}}})()));e.readyState===D.CLOSING&&await r;let i=()=>{},l=new Promise(e=>i=e);return[e,i,new Promise((t,n)=>{let i=k(n);e.readyState!==D.OPEN&&r.catch(n),l.then(()=>{if(i(),!j){let t=()=>e.close(1e3,`Normal Closure`);isFinite(a)&&a>0?(clearTimeout(M),M=setTimeout(()=>{!j&&e.readyState===D.OPEN&&t()},a)):t()}t()})})]}function L(e){if(x(e)&&(S(e.code)||[m.InternalServerError,m.InternalClientError,m.BadRequest,m.BadResponse,m.Unauthorized,m.SubprotocolNotAcceptable,m.SubscriberAlreadyExists,m.TooManyInitialisationRequests].includes(e.code)))throw e;if(F)return!1;if(x(e)&&e.code===1e3)return j>0;if(!l||P>=l||!d(e))throw e;return N=!0}r||(async()=>{for(j++;;)try{let[,,e]=await I();await e}catch(e){try{if(!L(e))return}catch(e){return i?.(e)}}})();function R(e,t){let n=y(e),r=!1,i=!1,a=()=>{j--,r=!0};return(async()=>{for(j++;;)try{let[o,s,c]=await I();if(r)return c.catch(()=>{}),s();let l=O.onMessage(n,e=>{switch(e.type){case h.Next:t.next(e.payload);return;case h.Error:i=!0,r=!0,t.error(e.payload),a();return;case h.Complete:r=!0,a();return}});o.send(v({id:n,type:h.Subscribe,payload:e},w)),a=()=>{!r&&o.readyState===D.OPEN&&o.send(v({id:n,type:h.Complete},w)),j--,r=!0,s()},await c.finally(l);return}catch(e){if(!L(e))return}})().then(()=>{i||t.complete()}).catch(e=>{t.error(e)}),()=>{r||a()}}return{on:O.on,subscribe:R,iterate(e){let t=[],n={done:!1,error:null,resolve:()=>{}},r=R(e,{next(e){t.push(e),n.resolve()},error(e){n.done=!0,n.error=e,n.resolve()},complete(){n.done=!0,n.resolve()}}),i=async function*(){for(;;){for(t.length||await new Promise(e=>n.resolve=e);t.length;)yield t.shift();if(n.error)throw n.error;if(n.done)return}}();return i.throw=async e=>(n.done||(n.done=!0,n.error=e,n.resolve()),{done:!0,value:void 0}),i.return=async()=>(r(),{done:!0,value:void 0}),i},async dispose(){if(F=!0,A){let[e]=await A;e.close(1e3,`Normal Closure`)}},terminate(){A&&O.emit(`closed`,new b)}}}var b=class extends Error{name=`TerminatedCloseEvent`;message=`4499: Terminated`;code=4499;reason=`Terminated`;wasClean=!1};function x(e){return d(e)&&`code`in e&&`reason`in e}function S(e){return![1e3,1001,1006,1005,1012,1013,1014].includes(e)&&e>=1e3&&e<=1999}function C(e){return typeof e==`function`&&`constructor`in e&&`CLOSED`in e&&`CLOSING`in e&&`CONNECTING`in e&&`OPEN`in e}var w=r(),T=n(t(),1),E=1e3;function D(e,t,n){let r=e.current?.id,i=new URL(`${e.url}/ws`,location.href);i.protocol=i.protocol.replace(`http`,`ws`);let s,c=y({url:i.href,connectionParams:()=>e.authorization(),retryAttempts:1/0,shouldRetry:e=>e instanceof Event,retryWait:e=>k(Math.min(250*2**e,5e3)*(.5+Math.random())),keepAlive:1e4,on:{connected:()=>n.onConnected(!0),closed(){clearTimeout(s),n.onConnected(!1)},ping(e){e||(s=setTimeout(()=>c.terminate(),5e3))},pong(e){e&&clearTimeout(s)}}}),l=()=>{},u=()=>{l=c.subscribe(t,{next:e=>n.next(e),error(t){let i=Array.isArray(t)?t:[O(t)];i.some(o)?u():i.some(a)?setTimeout(()=>e.current?.id===r&&e.end(`ENDED`),E):n.error(i)},complete(){}})};return u(),()=>{l(),Promise.resolve(c.dispose()).catch(()=>{})}}function O(e){let t=e instanceof CloseEvent&&e.code===4401?`UNAUTHENTICATED`:`INTERNAL_SERVER_ERROR`;return{message:e instanceof CloseEvent?`${e.code} ${e.reason}`:String(e),extensions:{code:t}}}function k(e){return new Promise(t=>{let n=new AbortController,r=()=>{document.hidden||(n.abort(),clearTimeout(i),t())},i=setTimeout(r,e);addEventListener(`online`,r,n),document.addEventListener(`visibilitychange`,r,n)})}var A=0,j=new Set,M=e=>(j.add(e),()=>j.delete(e));function N(){return(0,w.useSyncExternalStore)(M,()=>A)}var P=({name:e,text:t},n)=>c.Observable.create(r=>D(i,{operationName:e,query:t??``,variables:n},{next:({data:e})=>e&&r.next({data:e}),error:()=>r.complete(),onConnected(e){if(e){A++;for(let e of j)e()}}}));function F(){let e=(0,T.default)();(0,w.useEffect)(()=>{let{dispose:t}=(0,c.requestSubscription)(e,{subscription:l,variables:{},updater:I});return t},[e])}function I(e){let t=e.getRootField?.(`readingEvents`),n=t?.getValue(`deletedReadingId`);typeof n==`string`&&e.delete(n);let r=t?.getLinkedRecord(`edge`)?.getLinkedRecord(`node`);if(r)for(let t of[null,...s]){if(t&&t!==r.getValue(`advisor`))continue;let n=t&&{advisor:t},i=c.ConnectionHandler.getConnection(e.getRoot(),`readings_readings`,{filter:n}),a=i?.getLinkedRecords(`edges`)?.some(e=>e?.getLinkedRecord(`node`)?.getDataID()===r.getDataID());i&&!a&&c.ConnectionHandler.insertEdgeBefore(i,c.ConnectionHandler.createEdge(e,i,r,`ReadingEdge`))}}export{D as i,N as n,F as r,P as t};
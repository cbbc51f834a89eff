import{r as e}from"./useRelayEnvironment-BmokcvD4.js";import{i as t,n,t as r}from"./jsx-runtime-DyZJNswf.js";import{r as i,t as a}from"./useFragment-CqlXVFbc.js";import{t as o}from"./usePaginationFragment-DNp7umdh.js";import{i as s,n as c,t as l}from"./advisors-CR-LtGPw.js";import{t as u}from"./errors-XWM8huKG.js";import{n as d}from"./events-BqDjJMsL.js";import{l as f,t as p}from"./title-CRfy7NIO.js";import{n as m,r as h}from"./signs-1NYi7Ty0.js";import{t as g}from"./router-CxwAVwmQ.js";e();var _=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`filter`}],t={kind:`Variable`,name:`filter`,variableName:`filter`},n=[t,{kind:`Literal`,name:`first`,value:20}];return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`readingsQuery`,selections:[{args:[t],kind:`FragmentSpread`,name:`readings_query`}],type:`Query`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`readingsQuery`,selections:[{alias:null,args:n,concreteType:`ReadingConnection`,kind:`LinkedField`,name:`readings`,plural:!1,selections:[{alias:null,args:null,concreteType:`ReadingEdge`,kind:`LinkedField`,name:`edges`,plural:!0,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`node`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`advisor`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`question`,storageKey:null},{alias:null,args:[{kind:`Literal`,name:`length`,value:160}],kind:`ScalarField`,name:`excerpt`,storageKey:`excerpt(length:160)`},{alias:null,args:null,kind:`ScalarField`,name:`status`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`care`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isFavourite`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`__typename`,storageKey:null}],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`cursor`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`PageInfo`,kind:`LinkedField`,name:`pageInfo`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`endCursor`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`hasNextPage`,storageKey:null}],storageKey:null}],storageKey:null},{alias:null,args:n,filters:[`filter`],handle:`connection`,key:`readings_readings`,kind:`LinkedHandle`,name:`readings`}]},params:{cacheID:`9664f3fc6176cb234111a58a806f7915`,id:null,metadata:{},name:`readingsQuery`,operationKind:`query`,text:`query readingsQuery(
  $filter: ReadingFilter
) {
  ...readings_query_Vt7Yj
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

fragment readings_query_Vt7Yj on Query {
  readings(first: 20, filter: $filter) {
    edges {
      node {
        id
        ...readings_item
        __typename
      }
      cursor
    }
    pageInfo {
      endCursor
      hasNextPage
    }
  }
}
`}}})();_.hash=`a4feb1d1570008e8eaeaaa65cd4c8b5a`;var v=(function(){var e=[{defaultValue:20,kind:`LocalArgument`,name:`count`},{defaultValue:null,kind:`LocalArgument`,name:`cursor`},{defaultValue:null,kind:`LocalArgument`,name:`filter`}],t={kind:`Variable`,name:`filter`,variableName:`filter`},n=[{kind:`Variable`,name:`after`,variableName:`cursor`},t,{kind:`Variable`,name:`first`,variableName:`count`}];return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`readingsPageQuery`,selections:[{args:[{kind:`Variable`,name:`count`,variableName:`count`},{kind:`Variable`,name:`cursor`,variableName:`cursor`},t],kind:`FragmentSpread`,name:`readings_query`}],type:`Query`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`readingsPageQuery`,selections:[{alias:null,args:n,concreteType:`ReadingConnection`,kind:`LinkedField`,name:`readings`,plural:!1,selections:[{alias:null,args:null,concreteType:`ReadingEdge`,kind:`LinkedField`,name:`edges`,plural:!0,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`node`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`advisor`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`question`,storageKey:null},{alias:null,args:[{kind:`Literal`,name:`length`,value:160}],kind:`ScalarField`,name:`excerpt`,storageKey:`excerpt(length:160)`},{alias:null,args:null,kind:`ScalarField`,name:`status`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`care`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isFavourite`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`__typename`,storageKey:null}],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`cursor`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`PageInfo`,kind:`LinkedField`,name:`pageInfo`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`endCursor`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`hasNextPage`,storageKey:null}],storageKey:null}],storageKey:null},{alias:null,args:n,filters:[`filter`],handle:`connection`,key:`readings_readings`,kind:`LinkedHandle`,name:`readings`}]},params:{cacheID:`62c96c0b43c116bf45298e2902699652`,id:null,metadata:{},name:`readingsPageQuery`,operationKind:`query`,text:`query readingsPageQuery(
  $count: Int = 20
  $cursor: String
  $filter: ReadingFilter
) {
  ...readings_query_3KQYpM
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

fragment readings_query_3KQYpM on Query {
  readings(first: $count, after: $cursor, filter: $filter) {
    edges {
      node {
        id
        ...readings_item
        __typename
      }
      cursor
    }
    pageInfo {
      endCursor
      hasNextPage
    }
  }
}
`}}})();v.hash=`d4adb5d37249e32b5d66887257693201`;var y=(function(){var e=[`readings`];return{argumentDefinitions:[{defaultValue:20,kind:`LocalArgument`,name:`count`},{defaultValue:null,kind:`LocalArgument`,name:`cursor`},{defaultValue:null,kind:`LocalArgument`,name:`filter`}],kind:`Fragment`,metadata:{connection:[{count:`count`,cursor:`cursor`,direction:`forward`,path:e}],refetch:{connection:{forward:{count:`count`,cursor:`cursor`},backward:null,path:e},fragmentPathInResult:[],operation:v}},name:`readings_query`,selections:[{alias:`readings`,args:[{kind:`Variable`,name:`filter`,variableName:`filter`}],concreteType:`ReadingConnection`,kind:`LinkedField`,name:`__readings_readings_connection`,plural:!1,selections:[{alias:null,args:null,concreteType:`ReadingEdge`,kind:`LinkedField`,name:`edges`,plural:!0,selections:[{alias:null,args:null,concreteType:`Reading`,kind:`LinkedField`,name:`node`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},{args:null,kind:`FragmentSpread`,name:`readings_item`},{alias:null,args:null,kind:`ScalarField`,name:`__typename`,storageKey:null}],storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`cursor`,storageKey:null}],storageKey:null},{alias:null,args:null,concreteType:`PageInfo`,kind:`LinkedField`,name:`pageInfo`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`endCursor`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`hasNextPage`,storageKey:null}],storageKey:null}],storageKey:null}],type:`Query`,abstractKey:null}})();y.hash=`d4adb5d37249e32b5d66887257693201`;var b={argumentDefinitions:[],kind:`Fragment`,metadata:null,name:`readings_item`,selections:[{alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`advisor`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`question`,storageKey:null},{alias:null,args:[{kind:`Literal`,name:`length`,value:160}],kind:`ScalarField`,name:`excerpt`,storageKey:`excerpt(length:160)`},{alias:null,args:null,kind:`ScalarField`,name:`status`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`care`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isFavourite`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null}],type:`Reading`,abstractKey:null};b.hash=`660542815f6fa17635dd52b23a9fdaa2`;var x=t(i(),1),S=t(o(),1),C=t(a(),1),w=n(),T=r(),E={advisor:null,search:``,isFavourite:!1,state:null,from:``,to:``},D={WRITING:[`PENDING`,`WRITING`],COMPLETED:[`COMPLETED`],CANCELLED:[`CANCELLED`],FAILED:[`FAILED`]},O=Object.keys(D),k=300;function A({advisor:e,search:t,isFavourite:n,state:r,from:i,to:a}){let o=(e,t)=>{let[n=0,r=1,i=1]=e.split(`-`).map(Number);return new Date(n,r-1,i+t).toISOString()},s={...e&&{advisor:e},...t.trim()&&{search:t.trim()},...n&&{isFavourite:n},...r&&{statuses:D[r]},...i&&{createdAfter:o(i,0)},...a&&{createdBefore:o(a,1)}};return Object.keys(s).length>0?s:null}function j({value:e,onChange:t}){let n=f();return(0,T.jsxs)(`form`,{className:`filters`,role:`search`,onSubmit:e=>e.preventDefault(),children:[(0,T.jsx)(M,{onChange:e=>t({search:e})}),(0,T.jsxs)(`fieldset`,{className:`filter`,children:[(0,T.jsx)(`legend`,{children:n.t(`readings.filter`)}),[null,...l].map(e=>(0,T.jsxs)(`label`,{"data-advisor":e,children:[(0,T.jsx)(`input`,{type:`radio`,name:`filter`,defaultChecked:e===null,onChange:()=>t({advisor:e})}),(0,T.jsx)(`span`,{children:e?c[e]:n.t(`readings.all`)})]},e))]}),(0,T.jsxs)(`details`,{children:[(0,T.jsx)(`summary`,{children:n.t(`filters.more`)}),(0,T.jsxs)(`div`,{className:`more`,children:[(0,T.jsxs)(`label`,{className:`check`,children:[(0,T.jsx)(`input`,{type:`checkbox`,checked:e.isFavourite,onChange:e=>t({isFavourite:e.target.checked})}),(0,T.jsx)(`span`,{children:n.t(`filters.favourites`)})]}),(0,T.jsxs)(`label`,{className:`field`,children:[(0,T.jsx)(`span`,{children:n.t(`filters.state`)}),(0,T.jsxs)(`select`,{value:e.state??``,onChange:e=>t({state:e.target.value||null}),children:[(0,T.jsx)(`option`,{value:``,children:n.t(`readings.all`)}),O.map(e=>(0,T.jsx)(`option`,{value:e,children:n.t(`status.${e}`)},e))]})]}),[`from`,`to`].map(r=>(0,T.jsxs)(`label`,{className:`field`,children:[(0,T.jsx)(`span`,{children:n.t(`filters.${r}`)}),(0,T.jsx)(`input`,{type:`date`,value:e[r],onChange:e=>t({[r]:e.target.value})})]},r))]})]})]})}function M({onChange:e}){let t=f(),[n,r]=(0,w.useState)(``),i=(0,w.useRef)(void 0);(0,w.useEffect)(()=>()=>clearTimeout(i.current),[]);let a=t=>{r(t),clearTimeout(i.current),i.current=setTimeout(()=>e(t),k)};return(0,T.jsxs)(`label`,{className:`field`,children:[(0,T.jsx)(`span`,{children:t.t(`filters.search`)}),(0,T.jsx)(`input`,{type:`search`,maxLength:200,value:n,onChange:e=>a(e.target.value),enterKeyHint:`search`})]})}function N(){let e=f(),[t,n]=(0,w.useState)(E),r=(0,w.useDeferredValue)(t);return p(e.t(`readings.title`)),(0,T.jsxs)(`div`,{className:`page readings`,"aria-busy":r!==t,children:[(0,T.jsx)(`h1`,{children:e.t(`readings.title`)}),(0,T.jsx)(j,{value:t,onChange:e=>n(t=>({...t,...e}))}),(0,T.jsx)(w.Suspense,{fallback:(0,T.jsx)(`p`,{className:`waiting`,"aria-hidden":`true`}),children:(0,T.jsx)(P,{by:r})})]})}function P({by:e}){let t=(0,x.default)(_,{filter:A(e)},{fetchPolicy:`store-and-network`,fetchKey:d()});return(0,T.jsx)(F,{of:t,isFiltered:A(e)!==null})}function F({of:e,isFiltered:t}){let n=f(),[r,i]=(0,w.useState)(null),{data:a,hasNext:o,isLoadingNext:s,loadNext:c}=(0,S.default)(y,e),l=()=>{o&&!s&&(i(null),c(20,{onComplete:e=>i(e)}))},d=L(r===null?l:null),p=a.readings?.edges.map(({node:e})=>e).filter(e=>e!==null)??[];return p.length===0?(0,T.jsxs)(`div`,{className:`empty`,children:[(0,T.jsx)(`p`,{children:n.t(t?`readings.none`:`readings.empty`)}),(0,T.jsx)(g,{to:`/`,className:`button primary`,children:n.t(`nav.ask`)})]}):(0,T.jsxs)(T.Fragment,{children:[(0,T.jsx)(`ol`,{className:`list`,children:p.map(e=>(0,T.jsx)(I,{of:e},e.id))}),(0,T.jsx)(`div`,{role:`alert`,children:r!==null&&(0,T.jsx)(`p`,{className:`error`,children:u(r,n)})}),o&&(0,T.jsx)(`p`,{className:`actions`,ref:d,children:(0,T.jsx)(`button`,{type:`button`,onClick:l,disabled:s,children:n.t(s?`loading`:`readings.more`)})})]})}function I({of:e}){let t=f(),n=(0,C.default)(b,e),r=s(n.advisor)?n.advisor:`LEGBA`;return(0,T.jsx)(`li`,{"data-advisor":r,children:(0,T.jsxs)(g,{to:`/readings/${n.id}`,children:[(0,T.jsx)(m,{of:r}),(0,T.jsxs)(`span`,{className:`text`,children:[(0,T.jsxs)(`span`,{className:`asked`,children:[c[r],(0,T.jsx)(`time`,{dateTime:n.createdAt,children:t.ago(n.createdAt)}),n.isFavourite&&(0,T.jsx)(`span`,{className:`state`,children:(0,T.jsx)(h,{title:t.t(`keep.favourite`)})}),n.status!==`COMPLETED`&&(0,T.jsx)(`span`,{className:`state`,children:t.find(`status.${n.status}`)})]}),(0,T.jsx)(`span`,{className:`what`,dir:`auto`,children:n.question}),n.care!==`CRISIS`&&n.excerpt&&(0,T.jsx)(`span`,{className:`excerpt`,children:n.excerpt})]})]})})}function L(e){let t=(0,w.useRef)(null);return(0,w.useEffect)(()=>{if(!t.current||!e)return;let n=new IntersectionObserver(t=>t.some(e=>e.isIntersecting)&&e(),{rootMargin:`600px`});return n.observe(t.current),()=>n.disconnect()}),t}export{N as default};
import{r as e}from"./useFragment-CqlXVFbc.js";import{i as t,n}from"./advisors-CR-LtGPw.js";import{l as r,t as i}from"./title-CRfy7NIO.js";import{t as a}from"./not-found-B_pX1jD2.js";import{n as o}from"./signs-1NYi7Ty0.js";import{n as s,r as c}from"./sources-rOAf2-nP.js";import{t as l}from"./relay-D4C_Mswu.js";import{a as u}from"./router-CxwAVwmQ.js";import{i as d,t as f}from"./jsx-runtime-DyZJNswf.js";var p=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`token`}],t=[{alias:null,args:[{kind:`Variable`,name:`token`,variableName:`token`}],concreteType:`SharedReading`,kind:`LinkedField`,name:`sharedReading`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`advisor`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`question`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`response`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`engine`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`createdAt`,storageKey:null},{alias:null,args:null,concreteType:`Source`,kind:`LinkedField`,name:`sources`,plural:!0,selections:[{alias:null,args:null,kind:`ScalarField`,name:`title`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`excerpt`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`url`,storageKey:null}],storageKey:null}],storageKey:null}];return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`sharedQuery`,selections:t,type:`Query`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`sharedQuery`,selections:t},params:{cacheID:`238e1f4e77d79d072a2bec83dc8b68f8`,id:null,metadata:{},name:`sharedQuery`,operationKind:`query`,text:`query sharedQuery(
  $token: String!
) {
  sharedReading(token: $token) {
    advisor
    question
    response
    engine
    createdAt
    sources {
      title
      excerpt
      url
    }
  }
}
`}}})();p.hash=`71a1e65eace0893f417668b0bdac302a`;var m=d(e(),1),h=f();function g(){let e=u(),{sharedReading:t}=(0,m.default)(p,{token:e},{fetchPolicy:`network-only`,networkCacheConfig:l});return t?(0,h.jsx)(_,{reading:t}):(0,h.jsx)(a,{})}function _({reading:e}){let a=r(),{question:l,response:u,engine:d,sources:f,createdAt:p}=e,m=t(e.advisor)?e.advisor:`LEGBA`;return i(l),(0,h.jsxs)(`article`,{className:`page reading`,"data-advisor":m,children:[(0,h.jsxs)(`header`,{children:[(0,h.jsx)(o,{of:m}),(0,h.jsxs)(`p`,{className:`asked`,children:[a.t(`share.asked`,{name:n[m]}),(0,h.jsx)(`time`,{dateTime:p,title:a.date(p),children:a.ago(p)})]}),(0,h.jsx)(`h1`,{dir:`auto`,children:l})]}),(0,h.jsx)(`div`,{className:`answer prose`,dir:`auto`,children:(0,h.jsx)(c,{text:u,sources:f.length})}),(0,h.jsx)(`footer`,{children:(0,h.jsx)(`p`,{className:`writer`,children:a.t(d===`MODEL`?`share.MODEL`:`engine.EMBEDDED`)})}),(0,h.jsx)(s,{of:f})]})}export{g as default};
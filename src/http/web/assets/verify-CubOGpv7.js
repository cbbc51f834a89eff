import{n as e,t}from"./jsx-runtime-DyZJNswf.js";import{t as n}from"./errors-XWM8huKG.js";import{l as r,t as i}from"./title-CRfy7NIO.js";import{t as a}from"./mutate-Cdsl7AiN.js";import{a as o,t as s}from"./router-CxwAVwmQ.js";var c=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{alias:null,args:[{kind:`Variable`,name:`input`,variableName:`input`}],concreteType:`VerifyEmailPayload`,kind:`LinkedField`,name:`verifyEmail`,plural:!1,selections:[{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`user`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`email`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`isEmailVerified`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`pendingEmail`,storageKey:null}],storageKey:null}],storageKey:null}];return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`verifyMutation`,selections:t,type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`verifyMutation`,selections:t},params:{cacheID:`827cc1c6019a0d14ae2e7842c892206d`,id:null,metadata:{},name:`verifyMutation`,operationKind:`mutation`,text:`mutation verifyMutation(
  $input: VerifyEmailInput!
) {
  verifyEmail(input: $input) {
    user {
      id
      email
      isEmailVerified
      pendingEmail
    }
  }
}
`}}})();c.hash=`31d30dec7c23e28bb57968b75ec0fd9e`;var l=e(),u=t();function d(){let e=r(),t=o(),[d,f]=(0,l.useState)(null),[p,m]=(0,l.useState)(null),[h,g]=a(c);i(e.t(`verify.title`));let _=async()=>{m(null);try{let{verifyEmail:e}=await h({input:{token:t}});f(e?.user.email??``)}catch(e){m(e)}};return(0,u.jsxs)(`section`,{className:`page narrow`,children:[(0,u.jsx)(`h1`,{children:e.t(`verify.title`)}),(0,u.jsx)(`div`,{role:`status`,children:d!==null&&(0,u.jsx)(`p`,{children:e.t(`verify.done`,{email:d})})}),(0,u.jsx)(`div`,{role:`alert`,children:p!==null&&(0,u.jsx)(`p`,{className:`error`,children:n(p,e)})}),(0,u.jsx)(`p`,{className:`actions`,children:d===null?(0,u.jsx)(`button`,{type:`button`,className:`primary`,disabled:g,onClick:()=>void _(),children:e.t(`verify.action`)}):(0,u.jsx)(s,{to:`/`,className:`button primary`,children:e.t(`nav.ask`)})})]})}export{d as default};
import{r as e}from"./useRelayEnvironment-BmokcvD4.js";import{n as t,t as n}from"./jsx-runtime-DyZJNswf.js";import{n as r,t as i}from"./errors-XWM8huKG.js";import{t as a}from"./focus-42vCSA4b.js";import{l as o,t as s}from"./title-CRfy7NIO.js";import{t as c}from"./mutate-Cdsl7AiN.js";import{n as l,t as u}from"./account-fields-XXsSe_-Y.js";import{n as d}from"./router-CxwAVwmQ.js";e();var f=(function(){var e=[{defaultValue:null,kind:`LocalArgument`,name:`input`}],t=[{kind:`Variable`,name:`input`,variableName:`input`}],n={alias:null,args:null,kind:`ScalarField`,name:`id`,storageKey:null},r={alias:null,args:null,kind:`ScalarField`,name:`email`,storageKey:null},i={alias:null,args:null,kind:`ScalarField`,name:`username`,storageKey:null},a={alias:null,args:null,kind:`ScalarField`,name:`isGuest`,storageKey:null},o={alias:null,args:null,kind:`ScalarField`,name:`isEmailVerified`,storageKey:null};return{fragment:{argumentDefinitions:e,kind:`Fragment`,metadata:null,name:`claimMutation`,selections:[{alias:null,args:t,concreteType:`ClaimAccountPayload`,kind:`LinkedField`,name:`claimAccount`,plural:!1,selections:[{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`user`,plural:!1,selections:[n,r,i,a,o,{alias:null,args:null,concreteType:`Usage`,kind:`LinkedField`,name:`usage`,plural:!1,selections:[{args:null,kind:`FragmentSpread`,name:`usage_usage`}],storageKey:null}],storageKey:null}],storageKey:null}],type:`Mutation`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:e,kind:`Operation`,name:`claimMutation`,selections:[{alias:null,args:t,concreteType:`ClaimAccountPayload`,kind:`LinkedField`,name:`claimAccount`,plural:!1,selections:[{alias:null,args:null,concreteType:`User`,kind:`LinkedField`,name:`user`,plural:!1,selections:[n,r,i,a,o,{alias:null,args:null,concreteType:`Usage`,kind:`LinkedField`,name:`usage`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`readingsToday`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`readingsPerDay`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`tokensThisMonth`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`costThisMonth`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`costPerMonth`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`resetsAt`,storageKey:null},n],storageKey:null}],storageKey:null}],storageKey:null}]},params:{cacheID:`6c37cc63c54548baf26a865a7f5d2456`,id:null,metadata:{},name:`claimMutation`,operationKind:`mutation`,text:`mutation claimMutation(
  $input: RegisterInput!
) {
  claimAccount(input: $input) {
    user {
      id
      email
      username
      isGuest
      isEmailVerified
      usage {
        ...usage_usage
        id
      }
    }
  }
}

fragment usage_usage on Usage {
  readingsToday
  readingsPerDay
  tokensThisMonth
  costThisMonth
  costPerMonth
  resetsAt
}
`}}})();f.hash=`427713adb9b3b77bbbccf5a793de9dbd`;var p=t(),m=n();function h(){let e=o(),[t,n]=(0,p.useState)(null),h=a(t),[g,_]=c(f);s(e.t(`claim.title`));let v=async e=>{e.preventDefault();try{await g({input:l(e.currentTarget)}),d(`/profile`,`replace`)}catch(e){n(e)}},y=r(t,e);return(0,m.jsxs)(`form`,{ref:h,className:`page narrow`,onSubmit:e=>void v(e),noValidate:!0,children:[(0,m.jsx)(`h1`,{children:e.t(`claim.title`)}),(0,m.jsx)(`p`,{children:e.t(`claim.text`)}),(0,m.jsx)(u,{errors:y}),(0,m.jsx)(`div`,{role:`alert`,children:t!==null&&(0,m.jsx)(`p`,{className:`error`,children:Object.keys(y).length>0?e.t(`error.fields`):i(t,e)})}),(0,m.jsx)(`div`,{className:`actions`,children:(0,m.jsx)(`button`,{type:`submit`,className:`primary`,disabled:_,children:e.t(`claim.action`)})})]})}export{h as default};
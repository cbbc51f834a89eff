import{i as e,n as t}from"./jsx-runtime-DyZJNswf.js";import{r as n,t as r}from"./useRelayEnvironment-BmokcvD4.js";var i=(function(){var e=[{alias:null,args:null,concreteType:`Service`,kind:`LinkedField`,name:`service`,plural:!1,selections:[{alias:null,args:null,kind:`ScalarField`,name:`guests`,storageKey:null},{alias:null,args:null,kind:`ScalarField`,name:`mail`,storageKey:null}],storageKey:null}];return{fragment:{argumentDefinitions:[],kind:`Fragment`,metadata:null,name:`serviceQuery`,selections:e,type:`Query`,abstractKey:null},kind:`Request`,operation:{argumentDefinitions:[],kind:`Operation`,name:`serviceQuery`,selections:e},params:{cacheID:`4d7ba0b246b045fe19f56070fe2625b6`,id:null,metadata:{},name:`serviceQuery`,operationKind:`query`,text:`query serviceQuery {
  service {
    guests
    mail
  }
}
`}}})();i.hash=`797b1f6028146beeb2db1fe8f5e748bd`;var a=t(),o=e(r(),1),s=n();function c(){let e=(0,o.default)(),[t,n]=(0,a.useState)(null);return(0,a.useEffect)(()=>{let t=(0,s.fetchQuery)(e,i,{}).subscribe({next:({service:e})=>n(e),error:()=>{}});return()=>t.unsubscribe()},[e]),t}export{c as t};
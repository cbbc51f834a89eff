//! Root fields need a signed-in user, but for those that are listed here.

use std::{collections::BTreeMap, fmt::Write};

use async_graphql::parser::{
    parse_schema,
    types::{BaseType, InputValueDefinition, Type, TypeKind, TypeSystemDefinition},
};
use serde_json::json;

use crate::support::{Nobody, Server, on_both};

const PUBLIC: [&str; 12] = [
    "advisors",
    "continueAsGuest",
    "extendSession",
    "login",
    "node",
    "nodes",
    "register",
    "requestPasswordReset",
    "resetPassword",
    "service",
    "sharedReading",
    "verifyEmail",
];

type Types = BTreeMap<String, TypeKind>;

fn types() -> Types {
    parse_schema(mula::graphql::sdl())
        .unwrap()
        .definitions
        .into_iter()
        .filter_map(|definition| match definition {
            TypeSystemDefinition::Type(definition) => {
                Some((definition.node.name.node.to_string(), definition.node.kind))
            }
            _ => None,
        })
        .collect()
}

/// A literal that is valid for the type.
fn literal(types: &Types, ty: &Type) -> String {
    let name = match &ty.base {
        BaseType::List(_) => return "[]".to_owned(),
        BaseType::Named(name) => name.as_str(),
    };
    match types.get(name) {
        Some(TypeKind::Enum(values)) => values.values[0].node.value.node.to_string(),
        Some(TypeKind::InputObject(input)) => {
            let fields = input.fields.iter().map(|field| &field.node);
            format!("{{{}}}", given(types, fields))
        }
        _ => match name {
            "Int" => "1".to_owned(),
            "Boolean" => "true".to_owned(),
            _ => "\"x\"".to_owned(),
        },
    }
}

/// The members that have to be given.
fn given<'a>(types: &Types, members: impl Iterator<Item = &'a InputValueDefinition>) -> String {
    let mut text = String::new();
    for member in
        members.filter(|member| !member.ty.node.nullable && member.default_value.is_none())
    {
        let value = literal(types, &member.ty.node);
        write!(text, "{}: {value} ", member.name.node).unwrap();
    }
    text
}

/// The operations of one root field each, with the field.
fn operations() -> Vec<(String, String)> {
    fn name(ty: &Type) -> &str {
        match &ty.base {
            BaseType::Named(name) => name,
            BaseType::List(items) => name(items),
        }
    }
    let types = types();
    let mut operations = Vec::new();
    for (root, kind) in [("Query", "query"), ("Mutation", "mutation")] {
        let TypeKind::Object(object) = &types[root] else {
            panic!("{root} is an object");
        };
        for field in object.fields.iter().map(|field| &field.node) {
            let arguments = given(
                &types,
                field.arguments.iter().map(|argument| &argument.node),
            );
            let arguments = match &*arguments {
                "" => String::new(),
                _ => format!("({arguments})"),
            };
            let selection = match types.get(name(&field.ty.node)) {
                None | Some(TypeKind::Scalar | TypeKind::Enum(_)) => "",
                Some(_) => " { __typename }",
            };
            let field = field.name.node.to_string();
            operations.push((format!("{kind} {{ {field}{arguments}{selection} }}"), field));
        }
    }
    operations
}

on_both! {
    async fn root_fields_need_a_user(server: Server) {
        let operations = operations();
        let private: Vec<_> = operations
            .iter()
            .filter(|(_, field)| !PUBLIC.contains(&field.as_str()))
            .collect();
        // A mistake here would test nothing.
        assert!(private.iter().any(|(_, field)| field == "askAdvisor"));
        for (operation, _) in private {
            let answer = server.graphql(&Nobody, operation, json!({})).await;
            assert_eq!(answer.code(), "UNAUTHENTICATED", "{operation}");
        }
    }
}

//! The schema: as it is printed, as it is described, and as it was promised.

use std::collections::BTreeMap;

use async_graphql::{
    Positioned,
    parser::{
        parse_schema,
        types::{
            FieldDefinition, InputValueDefinition, ServiceDocument, TypeDefinition, TypeKind,
            TypeSystemDefinition,
        },
    },
};
use serde_json::json;

use crate::support::{Database, Nobody, Server};

/// What a schema has, by its place (`User.readings(first:)`): its type, and its description.
type Members = BTreeMap<String, (String, Option<String>)>;

fn members(sdl: &str) -> Members {
    let document: ServiceDocument = parse_schema(sdl).unwrap_or_else(|error| panic!("{error}"));
    let mut members = Members::new();
    for definition in document.definitions {
        match definition {
            TypeSystemDefinition::Type(definition) => add_type(&mut members, &definition.node),
            TypeSystemDefinition::Schema(schema) => {
                let schema = schema.node;
                for (name, root) in [
                    ("query", schema.query),
                    ("mutation", schema.mutation),
                    ("subscription", schema.subscription),
                ] {
                    let root = root.map(|root| root.node.to_string()).unwrap_or_default();
                    members.insert(format!("schema {name}"), (root, Some(String::from("-"))));
                }
            }
            TypeSystemDefinition::Directive(_) => {}
        }
    }
    members
}

fn text(description: Option<&Positioned<String>>) -> Option<String> {
    description.map(|text| text.node.clone())
}

fn add_type(members: &mut Members, definition: &TypeDefinition) {
    let name = &definition.name.node;
    let mut add = |what: String, type_: String, description: Option<&Positioned<String>>| {
        members.insert(what, (type_, text(description)));
    };
    let fields = |add: &mut dyn FnMut(String, String, Option<&Positioned<String>>),
                  fields: &[Positioned<FieldDefinition>]| {
        for field in fields.iter().map(|field| &field.node) {
            let place = format!("{name}.{}", field.name.node);
            for argument in field.arguments.iter().map(|argument| &argument.node) {
                let place = format!("{place}({}:)", argument.name.node);
                add(place, input_type(argument), argument.description.as_ref());
            }
            add(place, field.ty.node.to_string(), field.description.as_ref());
        }
    };
    let kind = match &definition.kind {
        TypeKind::Scalar => "scalar".to_owned(),
        TypeKind::Object(object) => {
            for interface in &object.implements {
                members.insert(
                    format!("{name} implements {}", interface.node),
                    (String::new(), Some(String::from("-"))),
                );
            }
            let mut add =
                |what: String, type_: String, description: Option<&Positioned<String>>| {
                    members.insert(what, (type_, text(description)));
                };
            fields(&mut add, &object.fields);
            "type".to_owned()
        }
        TypeKind::Interface(interface) => {
            fields(&mut add, &interface.fields);
            "interface".to_owned()
        }
        TypeKind::Union(_) => "union".to_owned(),
        TypeKind::Enum(values) => {
            for (n, value) in values.values.iter().map(|value| &value.node).enumerate() {
                // With its number: new values come at the end.
                add(
                    format!("{name}.{}", value.value.node),
                    format!("value {n}"),
                    value.description.as_ref(),
                );
            }
            "enum".to_owned()
        }
        TypeKind::InputObject(input) => {
            for field in input.fields.iter().map(|field| &field.node) {
                add(
                    format!("{name}.{}", field.name.node),
                    input_type(field),
                    field.description.as_ref(),
                );
            }
            "input".to_owned()
        }
    };
    members.insert(
        name.to_string(),
        (kind, text(definition.description.as_ref())),
    );
}

fn input_type(input: &InputValueDefinition) -> String {
    match &input.default_value {
        Some(default) => format!("{} = {}", input.ty.node, default.node),
        None => input.ty.node.to_string(),
    }
}

#[test]
fn the_file_is_the_schema() {
    let printed = mula::graphql::sdl();

    assert_eq!(
        include_str!("../schema.graphql"),
        printed,
        "print it anew with: make schema"
    );
}

#[test]
fn everything_is_described() {
    for (place, (_, description)) in members(&mula::graphql::sdl()) {
        let description = description.unwrap_or_default();
        assert!(!description.trim().is_empty(), "{place} has no description");
    }
}

#[test]
fn what_was_promised_is_there() {
    let schema = members(&mula::graphql::sdl());
    let promised = members(include_str!("contract.graphql"));
    assert!(promised.len() > 150, "the contract was read");

    for (place, (expected, _)) in &promised {
        let actual = schema.get(place).map(|(type_, _)| type_.as_str());
        assert_eq!(actual, Some(expected.as_str()), "{place}");
    }
    // What was added asks nothing of those who do not know of it.
    for (place, (type_, _)) in schema
        .iter()
        .filter(|(place, _)| !promised.contains_key(*place))
    {
        let owner = place.split(['.', '(']).next().unwrap();
        let known = |kind: &str| promised.get(owner).is_some_and(|(known, _)| known == kind);
        let is_input = place.contains('(') || known("input");
        let of_something_known = if place.contains('(') {
            promised.contains_key(place.split('(').next().unwrap())
        } else {
            known("input")
        };
        let required = type_.ends_with('!') && !type_.contains('=');
        assert!(
            !(is_input && of_something_known && required),
            "{place}: {type_} is required"
        );
    }
}

#[tokio::test]
async fn introspection_says_the_same() {
    let server = Server::start(Database::sqlite(), &[]).await;
    let query = "{ __schema {
        queryType { name } mutationType { name } subscriptionType { name }
        types { name description }
    } }";

    let answer = server.graphql(&Nobody, query, json!({})).await;

    let schema = &answer.data()["__schema"];
    assert_eq!(schema["queryType"]["name"], "Query");
    assert_eq!(schema["mutationType"]["name"], "Mutation");
    let types = schema["types"].as_array().unwrap();
    let own = members(&mula::graphql::sdl());
    for name in own.keys().filter(|place| !place.contains(['.', ' '])) {
        let found = types.iter().find(|found| found["name"] == name.as_str());
        assert!(
            found.is_some_and(|found| found["description"].is_string()),
            "{name}"
        );
    }
}

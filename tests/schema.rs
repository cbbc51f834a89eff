//! The schema: as it is printed, as it is described, and as it was promised.

use std::collections::BTreeMap;

use async_graphql::{
    Positioned,
    parser::{
        parse_schema,
        types::{
            FieldDefinition, InputValueDefinition, TypeDefinition, TypeKind, TypeSystemDefinition,
        },
    },
};
use serde_json::json;

use crate::support::{Database, Nobody, Server};

/// The member at a place such as `User`, `User.readings` or `User.readings(first:)`.
struct Member {
    /// The type as it is written, with the default value; of a type, its kind.
    is: String,
    description: Option<String>,
    /// Whether a client gives it, rather than gets it.
    is_given: bool,
}

#[derive(Default)]
struct Members(BTreeMap<String, Member>);

impl Members {
    fn of(sdl: &str) -> Self {
        let mut members = Self::default();
        for definition in parse_schema(sdl)
            .unwrap_or_else(|error| panic!("{error}"))
            .definitions
        {
            if let TypeSystemDefinition::Type(definition) = definition {
                members.add_type(&definition.node);
            }
        }
        members
    }

    fn add_type(&mut self, definition: &TypeDefinition) {
        let name = definition.name.node.as_str();
        let kind = match &definition.kind {
            TypeKind::Scalar => "scalar".to_owned(),
            TypeKind::Union(_) => "union".to_owned(),
            TypeKind::Object(object) => {
                self.add_fields(name, &object.fields);
                let interfaces: Vec<_> = object
                    .implements
                    .iter()
                    .map(|it| it.node.as_str())
                    .collect();
                format!("type {}", interfaces.join(" & "))
            }
            TypeKind::Interface(interface) => {
                self.add_fields(name, &interface.fields);
                "interface".to_owned()
            }
            TypeKind::InputObject(input) => {
                for field in &input.fields {
                    self.add_input(&format!("{name}.{}", field.node.name.node), &field.node);
                }
                "input".to_owned()
            }
            TypeKind::Enum(values) => {
                for (n, value) in values.values.iter().map(|value| &value.node).enumerate() {
                    // With its number: new ones come at the end.
                    let place = format!("{name}.{}", value.value.node);
                    self.add(
                        place,
                        format!("value {n}"),
                        value.description.as_ref(),
                        false,
                    );
                }
                "enum".to_owned()
            }
        };
        self.add(
            name.to_owned(),
            kind,
            definition.description.as_ref(),
            false,
        );
    }

    fn add_fields(&mut self, owner: &str, fields: &[Positioned<FieldDefinition>]) {
        for field in fields.iter().map(|field| &field.node) {
            let place = format!("{owner}.{}", field.name.node);
            for argument in field.arguments.iter().map(|argument| &argument.node) {
                self.add_input(&format!("{place}({}:)", argument.name.node), argument);
            }
            self.add(
                place,
                field.ty.node.to_string(),
                field.description.as_ref(),
                false,
            );
        }
    }

    fn add_input(&mut self, place: &str, input: &InputValueDefinition) {
        let mut is = input.ty.node.to_string();
        if let Some(default) = &input.default_value {
            is = format!("{is} = {}", default.node);
        }
        self.add(place.to_owned(), is, input.description.as_ref(), true);
    }

    fn add(
        &mut self,
        place: String,
        is: String,
        description: Option<&Positioned<String>>,
        is_given: bool,
    ) {
        let description = description.map(|text| text.node.clone());
        self.0.insert(
            place,
            Member {
                is,
                description,
                is_given,
            },
        );
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
    for (place, member) in Members::of(&mula::graphql::sdl()).0 {
        let described = member
            .description
            .is_some_and(|text| !text.trim().is_empty());
        assert!(described, "{place} has no description");
    }
}

#[test]
fn what_was_promised_is_there() {
    let schema = Members::of(&mula::graphql::sdl()).0;
    let promised = Members::of(include_str!("contract.graphql")).0;
    assert!(promised.len() > 150, "the contract was read");

    for (place, expected) in &promised {
        let actual = schema.get(place).map(|member| member.is.as_str());
        assert_eq!(actual, Some(expected.is.as_str()), "{place}");
    }
    // What was added asks nothing of those who do not know of it.
    for (place, member) in schema
        .iter()
        .filter(|(place, _)| !promised.contains_key(*place))
    {
        let owner = place.rsplit_once(['(', '.']).map_or("", |(owner, _)| owner);
        let is_required = member.is_given && member.is.ends_with('!');
        assert!(
            !(is_required && promised.contains_key(owner)),
            "{place} is required"
        );
    }
}

/// Root fields that are null only where they fail say so, for clients that read it.
#[test]
fn what_is_null_only_on_error_is_marked() {
    let mut marked = BTreeMap::new();
    let document = parse_schema(mula::graphql::sdl()).unwrap();
    for definition in document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else {
            continue;
        };
        let owner = definition.node.name.node.to_string();
        let TypeKind::Object(object) = definition.node.kind else {
            continue;
        };
        for field in object.fields {
            let mut directives = field.node.directives.iter();
            let is_marked = directives.any(|one| one.node.name.node == "semanticNonNull");
            let place = format!("{owner}.{}", field.node.name.node);
            if is_marked {
                assert!(field.node.ty.node.nullable, "{place}");
            }
            if field.node.ty.node.nullable && matches!(owner.as_str(), "Query" | "Mutation") {
                marked.insert(place, is_marked);
            } else {
                assert!(!is_marked, "{place}");
            }
        }
    }
    let unmarked: Vec<_> = marked
        .iter()
        .filter(|(_, is_marked)| !**is_marked)
        .collect();
    assert_eq!(
        unmarked,
        [
            (&"Query.node".to_owned(), &false),
            (&"Query.sharedReading".to_owned(), &false)
        ],
        "an unknown id or token is no error"
    );
    assert!(
        mula::graphql::sdl()
            .contains("directive @semanticNonNull(levels: [Int!]! = [0]) on FIELD_DEFINITION")
    );
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
    for (root, name) in [
        ("query", "Query"),
        ("mutation", "Mutation"),
        ("subscription", "Subscription"),
    ] {
        assert_eq!(schema[format!("{root}Type")]["name"], name);
    }
    let types = schema["types"].as_array().unwrap();
    for name in Members::of(&mula::graphql::sdl())
        .0
        .keys()
        .filter(|place| !place.contains('.'))
    {
        let found = types.iter().find(|found| found["name"] == name.as_str());
        assert!(
            found.is_some_and(|found| found["description"].is_string()),
            "{name}"
        );
    }
}

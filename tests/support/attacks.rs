//! Documents that are meant to hurt: from the lists of GraphQL Armor, the Damn Vulnerable GraphQL
//! Application and the OWASP GraphQL cheat sheet, and what has once hurt a library of ours.

#[path = "attacks/operations.rs"]
mod operations;
#[path = "attacks/text.rs"]
mod text;

use serde_json::{Value, json};

pub struct Attack {
    pub name: &'static str,
    /// The code it is refused with.
    pub code: &'static str,
    pub query: String,
    pub variables: Value,
}

const TOO_COMPLEX: &str = "QUERY_TOO_COMPLEX";
const PARSE: &str = "GRAPHQL_PARSE_FAILED";
const INVALID: &str = "GRAPHQL_VALIDATION_FAILED";
const BAD_INPUT: &str = "BAD_USER_INPUT";

fn attack(name: &'static str, code: &'static str, query: impl Into<String>) -> Attack {
    Attack {
        name,
        code,
        query: query.into(),
        variables: json!({}),
    }
}

fn with(name: &'static str, code: &'static str, query: &str, variables: Value) -> Attack {
    Attack {
        variables,
        ..attack(name, code, query)
    }
}

/// `count` pieces, each made from its number.
fn many(count: usize, piece: impl Fn(usize) -> String) -> String {
    (0..count).map(piece).collect::<Vec<_>>().join(" ")
}

/// Thirty fragments, each of which spreads the one before it twice.
fn doubling(leaf: &str) -> String {
    let fragments = many(30, |n| {
        format!("fragment f{} on Query {{ ...f{n} ...f{n} }}", n + 1)
    });
    format!("{{ ...f30 }} fragment f0 on Query {{ {leaf} }} {fragments}")
}

/// Fragments, each of which spreads the one before it.
fn chain(count: usize) -> String {
    let fragments = many(count, |n| {
        format!("fragment f{} on Query {{ ...f{n} }}", n + 1)
    });
    format!("{{ ...f{count} }} fragment f0 on Query {{ __typename }} {fragments}")
}

pub fn all() -> Vec<Attack> {
    let mut all = text::all();
    all.extend(operations::all());
    all
}

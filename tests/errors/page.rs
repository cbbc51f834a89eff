//! docs/errors.md, from the enums of the schema.

use std::{collections::HashMap, fmt::Write};

use async_graphql::{
    OutputType,
    parser::{
        parse_schema,
        types::{TypeKind, TypeSystemDefinition},
    },
    resolver_utils::EnumType,
};
use mula::graphql::{ErrorCode, ErrorReason, FieldErrorCode, ReadingFailureCode};

const HEAD: &str = "<!-- Printed from the enums of the schema by `make errors`; a test compares. -->

# Errors

Every member of `errors` has a `message`, a sentence for people, and `extensions` for programs. A client never has to
read a message to decide what to do:

```json
{
  \"message\": \"Some fields are invalid.\",
  \"path\": [\"askAdvisor\"],
  \"extensions\": {
    \"code\": \"BAD_USER_INPUT\",
    \"fields\": [
      {
        \"path\": \"input.question\",
        \"code\": \"TOO_SHORT\",
        \"message\": \"A question has at least 5 characters.\",
        \"params\": { \"min\": 5, \"max\": 500 }
      }
    ]
  }
}
```

They are the same over HTTP, WebSocket, Server-Sent Events and multipart. The schema has their form as the type
`ErrorExtensions`, which no field returns, and all names as enums (`ErrorCode`, `ErrorReason`, `FieldErrorCode`,
`ReadingFailureCode`), so that generators make types of them. Values are added to `ErrorReason`, `FieldErrorCode` and
`ReadingFailureCode` with time: treat an unknown reason as none, and an unknown failure as `PROVIDER_FAILED`.

A response without data has a status where the client accepts `application/graphql-response+json`: 429 for
`RATE_LIMITED` and 503 for `OVERLOADED`, both with `Retry-After`; 500 for `INTERNAL_SERVER_ERROR`; 400 otherwise. All
other responses have 200; [http.md](http.md) has the details.
";

/// The descriptions of enums' values, by the enum and the value, each in one line.
fn descriptions() -> HashMap<(String, String), String> {
    let document = parse_schema(mula::graphql::sdl()).unwrap();
    let mut found = HashMap::new();
    for definition in document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else {
            continue;
        };
        let name = definition.node.name.node.to_string();
        let TypeKind::Enum(kind) = definition.node.kind else {
            continue;
        };
        for value in kind.values {
            let description = value.node.description.expect("all values are described");
            let words: Vec<_> = description.node.split_whitespace().collect();
            let key = (name.clone(), value.node.value.node.to_string());
            found.insert(key, words.join(" "));
        }
    }
    found
}

/// A table of an enum: each value, what it has, and what it means.
fn table<T: EnumType + OutputType>(
    page: &mut String,
    descriptions: &HashMap<(String, String), String>,
    has: &str,
    of: impl Fn(T) -> Vec<String>,
) {
    let head = if has.is_empty() {
        "| code | meaning |\n| --- | --- |".to_owned()
    } else {
        format!("| code | {has} | meaning |\n| --- | --- | --- |")
    };
    writeln!(page, "\n{head}").unwrap();
    for item in T::items() {
        let key = (T::type_name().into_owned(), item.name.to_owned());
        let names: Vec<_> = of(item.value)
            .iter()
            .map(|name| format!("`{name}`"))
            .collect();
        let names = if has.is_empty() {
            String::new()
        } else {
            format!("{} | ", names.join(", "))
        };
        writeln!(page, "| `{}` | {names}{} |", item.name, descriptions[&key]).unwrap();
    }
}

fn page() -> String {
    let descriptions = descriptions();
    let mut page = HEAD.to_owned();
    page.push_str("\n## Codes\n\n`extensions.code`, of the enum `ErrorCode`.\n");
    table(&mut page, &descriptions, "reasons", |code: ErrorCode| {
        let reasons = ErrorReason::items().iter();
        let reasons = reasons.filter(|reason| reason.value.code() == code);
        reasons.map(|reason| reason.name.to_owned()).collect()
    });
    page.push_str(
        "\n## Reasons\n\n`extensions.reason`, of the enum `ErrorReason`: finer than the code.\n",
    );
    table(&mut page, &descriptions, "with", |reason: ErrorReason| {
        vec![reason.code().as_str().to_owned()]
    });
    page.push_str(
        "\n## Fields\n\n`extensions.fields[].code`, of the enum `FieldErrorCode`. `params` has the numbers of the rule, so \
         that a client\ncan say it in its own language; it is empty for a rule without numbers.\n",
    );
    table(
        &mut page,
        &descriptions,
        "params",
        |code: FieldErrorCode| code.params().iter().map(ToString::to_string).collect(),
    );
    page.push_str(
        "\n## Failures of answers\n\n`Reading.failure.code`, of the enum `ReadingFailureCode`. An answer that fails is not an \
         error of the request: the\nquestion is kept, with the text so far, and `regenerateReading` asks again.\n",
    );
    table(&mut page, &descriptions, "", |_: ReadingFailureCode| {
        Vec::new()
    });
    page
}

#[test]
fn the_page_lists_every_code() {
    let page = page();
    if std::env::var_os("PRINT_ERRORS").is_some() {
        std::fs::write("docs/errors.md", &page).unwrap();
    }
    let printed = std::fs::read_to_string("docs/errors.md").unwrap();
    assert_eq!(printed, page, "print it anew with: make errors");
}

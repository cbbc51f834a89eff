//! Of what a document comes to: fragments, aliases, directives, operations, pages, variables.

use serde_json::{Value, json};

use super::{Attack, BAD_INPUT, INVALID, TOO_COMPLEX, attack, chain, doubling, many, with};

#[expect(clippy::too_many_lines, reason = "a list")]
pub(super) fn all() -> Vec<Attack> {
    let login = |n: usize| {
        let input = format!("{{ email: \"ada@example.com\", password: \"guess {n}\" }}");
        format!("a{n}: login(input: {input}) {{ accessToken }}")
    };
    let page = "readings(first: 100) { edges { node { sources { title excerpt url } } } }";
    let reading_id = "reading_01h455vb4pex5vsknk084sn02q";
    vec![
        // Fragments.
        attack("a leaf, doubled", TOO_COMPLEX, doubling("__typename")),
        attack("nothing, doubled", TOO_COMPLEX, doubling("...missing")),
        attack("a circle, doubled", INVALID, doubling("...f30")),
        attack(
            "inline fragments, doubled",
            TOO_COMPLEX,
            doubling("... { ... { __typename } }"),
        ),
        attack("a chain of fragments", TOO_COMPLEX, chain(45)),
        attack("a long chain of fragments", TOO_COMPLEX, chain(200)),
        attack(
            "fragments that nothing spreads",
            TOO_COMPLEX,
            format!(
                "{{ a }} {}",
                many(100, |n| format!("fragment f{n} on Query {{ a }}"))
            ),
        ),
        attack(
            "a circle",
            INVALID,
            "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }",
        ),
        attack(
            "a circle of its own",
            INVALID,
            "{ __typename } fragment a on Query { ...a }",
        ),
        attack(
            "a circle through fields",
            INVALID,
            "{ profile { ...a } } fragment a on User { readings { nodes { ...b } } } fragment b on Reading { ...b }",
        ),
        // Aliases and fields.
        attack(
            "aliases",
            TOO_COMPLEX,
            format!("{{ {} }}", many(51, |n| format!("a{n}: __typename"))),
        ),
        attack(
            "aliases in a fragment in many places",
            TOO_COMPLEX,
            format!(
                "{{ {} }} fragment f on Query {{ a: __typename b: __typename }}",
                "...f ".repeat(26)
            ),
        ),
        attack(
            "__typename over and over",
            TOO_COMPLEX,
            format!("{{ advisors {{ {} }} }}", "__typename ".repeat(1_100)),
        ),
        attack(
            "fields at the root",
            TOO_COMPLEX,
            format!("{{ {} }}", "__typename ".repeat(21)),
        ),
        attack(
            "fields at the root, by fragments",
            TOO_COMPLEX,
            format!(
                "{{ {} }} fragment f on Query {{ __typename ... {{ __typename }} }}",
                "...f ".repeat(11)
            ),
        ),
        attack(
            "introspection over and over",
            TOO_COMPLEX,
            format!(
                "{{ {} }}",
                many(21, |n| format!("a{n}: __schema {{ types {{ name }} }}"))
            ),
        ),
        attack(
            "conflicting fields",
            INVALID,
            format!(
                "{{ advisors {{ {} }} }}",
                many(40, |n| format!("x: name{n}"))
            ),
        ),
        // Directives.
        attack(
            "directives in one place",
            TOO_COMPLEX,
            format!("{{ __typename {} }}", "@aa".repeat(500)),
        ),
        attack(
            "directives in many places",
            TOO_COMPLEX,
            format!(
                "{{ advisors {{ {} }} }}",
                "name @skip(if: false) ".repeat(51)
            ),
        ),
        attack(
            "directives of an operation",
            TOO_COMPLEX,
            format!("query {} {{ a }}", "@a ".repeat(5)),
        ),
        attack(
            "directives of a variable",
            TOO_COMPLEX,
            format!("query ($v: Int {}) {{ a }}", "@a ".repeat(5)),
        ),
        // Operations.
        attack(
            "many operations",
            TOO_COMPLEX,
            many(21, |n| format!("query q{n} {{ __typename }}")),
        ),
        attack(
            "100 passwords",
            TOO_COMPLEX,
            format!("mutation {{ {} }}", many(15, login)),
        ),
        attack(
            "two passwords",
            TOO_COMPLEX,
            format!("mutation {{ {} {} }}", login(1), login(2)),
        ),
        attack(
            "two passwords, one in a fragment",
            TOO_COMPLEX,
            format!(
                "mutation {{ {} ...f }} fragment f on Mutation {{ ... {{ {} }} }}",
                login(1),
                login(2)
            ),
        ),
        attack(
            "a guess and an account",
            TOO_COMPLEX,
            format!(
                "mutation {{ {} deleteAccount(input: {{ password: \"x\" }}) {{ deletedUserId }} }}",
                login(1)
            ),
        ),
        attack(
            "two passwords, in an operation each",
            TOO_COMPLEX,
            format!(
                "mutation A {{ {} }} mutation B {{ {} }}",
                login(1),
                login(2)
            ),
        ),
        attack(
            "two passwords, in operations that spread the same fragment",
            TOO_COMPLEX,
            format!(
                "mutation A {{ ...f }} mutation B {{ ...f }} fragment f on Mutation {{ {} }}",
                login(1)
            ),
        ),
        attack("two subscriptions", INVALID, {
            let field = format!("readingUpdates(id: \"{reading_id}\") {{ text }}");
            format!("subscription {{ a: {field} b: {field} }}")
        }),
        // Introspection.
        attack(
            "types of types of types",
            TOO_COMPLEX,
            format!(
                "{{ __schema {{ types {} {{ name }} {} }} }}",
                "{ possibleTypes { interfaces ".repeat(8),
                "} }".repeat(8)
            ),
        ),
        attack(
            "types of types, in fragments",
            TOO_COMPLEX,
            "{ __type(name: \"Query\") { ...a } }
             fragment a on __Type { fields { type { ...b } } }
             fragment b on __Type { fields { type { ofType { ...c } } } }
             fragment c on __Type { interfaces { name } }",
        ),
        attack(
            "many names of the types of all fields of all types",
            TOO_COMPLEX,
            format!(
                "{{ __schema {{ types {{ fields {{ type {{ ofType {{ fields {{ {} }} }} }} args {{ type {{ inputFields {{ name description }} }} }} }} }} }} }}",
                "name description isDeprecated ".repeat(300)
            ),
        ),
        // Lists.
        attack(
            "all answers to a question, over and over",
            TOO_COMPLEX,
            format!(
                "{{ nodes(ids: [{}]) {{ ... on Reading {{ {} }} }} }}",
                format!("\"{reading_id}\" ").repeat(100),
                many(49, |n| format!("a{n}: generations {{ response }}"))
            ),
        ),
        attack(
            "counts of the same list",
            TOO_COMPLEX,
            format!(
                "{{ nodes(ids: [{}]) {{ ... on User {{ {} }} }} }}",
                "\"user_01h455vb4pex5vsknk084sn02q\" ".repeat(100),
                many(33, |n| format!("a{n}: readings(first: 1) {{ totalCount }}"))
            ),
        ),
        attack(
            "counts",
            TOO_COMPLEX,
            format!(
                "{{ profile {{ {} }} }}",
                many(9, |n| format!("a{n}: readings(first: 1) {{ totalCount }}"))
            ),
        ),
        attack(
            "sessions",
            TOO_COMPLEX,
            format!(
                "{{ profile {{ {} }} }}",
                many(41, |n| format!("a{n}: sessions {{ id }}"))
            ),
        ),
        attack(
            "usage",
            TOO_COMPLEX,
            format!(
                "{{ profile {{ {} }} }}",
                many(21, |n| format!("a{n}: usage {{ readingsToday }}"))
            ),
        ),
        // Pages.
        attack(
            "pages of pages",
            TOO_COMPLEX,
            format!(
                "{{ nodes(ids: [{}]) {{ ... on User {{ {page} }} }} }}",
                "\"x\" ".repeat(40)
            ),
        ),
        with(
            "pages of pages, in variables",
            TOO_COMPLEX,
            "query ($n: Int, $ids: [ID!]!) { nodes(ids: $ids) { ... on User { readings(first: $n) { nodes { id question } } } } }",
            json!({ "n": 100, "ids": vec!["x"; 100] }),
        ),
        attack(
            "pages of pages, in defaults",
            TOO_COMPLEX,
            format!(
                "query ($n: Int = 100, $ids: [ID!]! = [{}]) {{ nodes(ids: $ids) {{ ...f }} }}
                 fragment f on User {{ readings(last: $n) {{ nodes {{ id question }} }} }}",
                "\"x\" ".repeat(100)
            ),
        ),
        attack(
            "many pages",
            TOO_COMPLEX,
            format!(
                "{{ {} }}",
                many(20, |n| format!(
                    "a{n}: {}",
                    page.replace("sources", "generations { status } sources")
                ))
            ),
        ),
        // Variables.
        with(
            "variables of 64 KiB",
            TOO_COMPLEX,
            "{ __typename }",
            json!({ "x": "x".repeat(65_536) }),
        ),
        with(
            "variables of many numbers",
            TOO_COMPLEX,
            "{ __typename }",
            json!({ "x": vec![1; 60_000] }),
        ),
        with(
            "variables of many lists",
            TOO_COMPLEX,
            "{ __typename }",
            json!({ "x": vec![json!([]); 40_000] }),
        ),
        with(
            "variables of many objects",
            TOO_COMPLEX,
            "{ __typename }",
            json!({ "x": vec![json!({ "a": 1 }); 15_000] }),
        ),
        with("many variables", TOO_COMPLEX, "{ __typename }", {
            let many = (0..8_000).map(|n| (format!("v{n}"), json!(n)));
            Value::Object(many.collect())
        }),
        with(
            "nested variables",
            TOO_COMPLEX,
            "query ($x: ID!) { node(id: $x) { id } }",
            json!({ "x": nested(100) }),
        ),
        with(
            "a list where an id has to be",
            BAD_INPUT,
            "query ($x: ID!) { node(id: $x) { id } }",
            json!({ "x": vec![1; 30_000] }),
        ),
        with(
            "what cannot be compared, over and over",
            BAD_INPUT,
            &format!(
                "query ($x: ID!) {{ {} }}",
                many(20, |n| format!("a{n}: node(id: $x) {{ id }}"))
            ),
            json!({ "x": vec![1; 30_000] }),
        ),
    ]
}

fn nested(levels: usize) -> Value {
    (0..levels).fold(json!(1), |inside, _| json!([inside]))
}

//! Of a document's text: its size, its tokens, its brackets, its values.

use super::{Attack, BAD_INPUT, INVALID, PARSE, TOO_COMPLEX, attack, many};

#[expect(clippy::too_many_lines, reason = "a list")]
pub(super) fn all() -> Vec<Attack> {
    let reading_id = "reading_01h455vb4pex5vsknk084sn02q";
    vec![
        // Size.
        attack(
            "a comment of 64 KiB",
            TOO_COMPLEX,
            format!("{{ a }} #{}", "x".repeat(65_536)),
        ),
        attack(
            "spaces, 64 KiB",
            TOO_COMPLEX,
            format!("{{ a{} }}", " ".repeat(65_536)),
        ),
        attack(
            "a string of 64 KiB",
            TOO_COMPLEX,
            format!("{{ a(x: \"{}\") }}", "x".repeat(65_536)),
        ),
        attack(
            "a name of 64 KiB",
            TOO_COMPLEX,
            format!("{{ {} }}", "x".repeat(65_000)),
        ),
        attack(
            "a name as long as may be",
            INVALID,
            format!("{{ {} }}", "x".repeat(24_000)),
        ),
        attack(
            "names as long as may be, on a type with many",
            INVALID,
            format!(
                "{{ reading(id: \"{reading_id}\") {{ {} }} }}",
                many(900, |n| format!("statussourcesstatuscreat{n}"))
            ),
        ),
        attack(
            "comments",
            TOO_COMPLEX,
            format!("{{ a {} }}", "#\n".repeat(32_000)),
        ),
        attack(
            "comments as many as may be",
            INVALID,
            format!("{{ a {} }}", "#\n".repeat(1_990)),
        ),
        attack(
            "spaces as many as may be",
            INVALID,
            format!("{{ a {} }}", " ".repeat(65_000)),
        ),
        attack(
            "lines as many as may be",
            INVALID,
            format!("{{ a {} }}", "\n".repeat(64_000)),
        ),
        // Tokens.
        attack(
            "2,001 names",
            TOO_COMPLEX,
            format!("{{ {} }}", "a ".repeat(2_000)),
        ),
        attack("64 KiB of braces", TOO_COMPLEX, "{".repeat(65_000)),
        attack(
            "64 KiB of ats",
            TOO_COMPLEX,
            format!("{{ a {} }}", "@".repeat(65_000)),
        ),
        attack(
            "fields over and over",
            TOO_COMPLEX,
            format!("{{ {} }}", "profile { id } ".repeat(600)),
        ),
        attack(
            "a list of many numbers",
            TOO_COMPLEX,
            format!("{{ a(x: [{}]) }}", "1 ".repeat(3_000)),
        ),
        // Nesting.
        attack(
            "brackets",
            TOO_COMPLEX,
            format!("{{ a(x: {}) }}", "[".repeat(2_000)),
        ),
        attack(
            "objects",
            TOO_COMPLEX,
            format!("{{ a(x: {}) }}", "{a:".repeat(2_000)),
        ),
        attack(
            "a type of many lists",
            TOO_COMPLEX,
            format!("query ($x: {}) {{ a }}", "[".repeat(900)),
        ),
        attack(
            "a default of many lists",
            TOO_COMPLEX,
            format!("query ($x: Int = {}) {{ a }}", "[".repeat(900)),
        ),
        attack(
            "selections",
            TOO_COMPLEX,
            "{ a ".repeat(500) + &"}".repeat(500),
        ),
        attack(
            "brackets behind an open block string",
            PARSE,
            format!("{{ a(x: \"\"\" {} }}", "[".repeat(900)),
        ),
        attack("64 levels that break off", PARSE, "{ a ".repeat(64)),
        attack(
            "64 levels of spaces",
            PARSE,
            format!("{{ a{} ", " ".repeat(900)).repeat(64),
        ),
        attack("levels through the schema", TOO_COMPLEX, {
            let levels = 25;
            format!(
                "{{ profile {} id {} }}",
                "{ readings { nodes ".repeat(levels),
                "} }".repeat(levels)
            )
        }),
        attack(
            "levels of inline fragments",
            TOO_COMPLEX,
            "{ ... ".repeat(45) + "{ __typename }" + &"}".repeat(45),
        ),
        // Values.
        attack(
            "a number of 60 KB",
            PARSE,
            format!(
                "{{ readings(first: {}) {{ totalCount }} }}",
                "9".repeat(60_000)
            ),
        ),
        attack(
            "a number past all numbers",
            PARSE,
            "{ readings(first: 1e99999) { totalCount } }",
        ),
        attack(
            "a number of 300 digits",
            BAD_INPUT,
            format!(
                "{{ readings(first: {}) {{ totalCount }} }}",
                "9".repeat(300)
            ),
        ),
        attack("a null byte", PARSE, "{ advisors \u{0} { name } }"),
        attack(
            "half a surrogate",
            PARSE,
            r#"{ reading(id: "\ud800") { id } }"#,
        ),
        attack(
            "quotation marks",
            PARSE,
            format!("{{ a(x: {}) }}", "\"\" \"".repeat(900)),
        ),
        attack("type definitions", PARSE, "type A { a: A }".repeat(100)),
    ]
}

//! The counts against documents of which they are known, and against counts made naively.

use std::fmt::Write;

use async_graphql::parser::parse_query;
use proptest::prelude::*;

use super::{Expansion, LimitError, NESTING, check_document, check_text, expansion::Size, text};

fn size(document: &str) -> Size {
    let document = parse_query(document).unwrap();
    Expansion::new(&document).largest().unwrap()
}

#[test]
fn fragments_are_counted_once_and_at_their_full_size() {
    let mut document =
        "{ ...f30 } fragment f0 on Query { a: __typename @skip(if: true) }".to_owned();
    for n in 1..=30 {
        let before = n - 1;
        write!(
            document,
            " fragment f{n} on Query {{ ...f{before} ...f{before} }}"
        )
        .unwrap();
    }
    let expected = Size {
        depth: 32,
        selections: 3 * (1 << 30) - 1,
        aliases: 1 << 30,
        directives: 1 << 30,
        directives_at_once: 1,
        introspection: 0,
    };
    assert_eq!(size(&document), expected);
}

#[test]
fn what_spreads_itself_is_named() {
    for cycle in [
        "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a x }",
        "{ x } fragment a on Query { ...a }",
    ] {
        let document = parse_query(cycle).unwrap();
        let error = check_document(&document).unwrap_err();
        assert!(matches!(error, LimitError::Cycle(_)), "{cycle}: {error}");
    }
}

#[test]
fn directives_count_wherever_they_stand() {
    for (document, all, at_once) in [
        ("query @a { x }", 1, 1),
        ("query ($v: Int @a @b = 1) { x @c }", 3, 2),
        ("{ x @a @b { y @c } }", 3, 2),
        (
            "{ ... @a { x } ...f @b } fragment f on Query @c { x @d }",
            4,
            1,
        ),
    ] {
        let size = size(document);
        assert_eq!(
            (size.directives, size.directives_at_once),
            (all, at_once),
            "{document}"
        );
    }
}

/// A selection of a made-up document. A fragment is named by a number of which only the remainder
/// counts, so that any number will do.
#[derive(Clone, Debug)]
enum Made {
    Field {
        alias: bool,
        directives: usize,
        inside: Vec<Made>,
    },
    Inline {
        directives: usize,
        inside: Vec<Made>,
    },
    Spread {
        directives: usize,
        fragment: usize,
    },
}

fn made() -> impl Strategy<Value = Made> {
    let field = |alias, directives, inside| Made::Field {
        alias,
        directives,
        inside,
    };
    let leaf = prop_oneof![
        (any::<bool>(), 0..3_usize).prop_map(move |(alias, directives)| field(
            alias,
            directives,
            vec![]
        )),
        (0..3_usize, 0..8_usize).prop_map(|(directives, fragment)| Made::Spread {
            directives,
            fragment
        }),
    ];
    leaf.prop_recursive(4, 12, 3, move |made| {
        let inside = prop::collection::vec(made, 1..4);
        prop_oneof![
            (any::<bool>(), 0..3_usize, inside.clone())
                .prop_map(move |(alias, directives, inside)| field(alias, directives, inside)),
            (0..3_usize, inside)
                .prop_map(|(directives, inside)| Made::Inline { directives, inside }),
        ]
    })
}

/// An operation, and fragments of which each spreads only those before it.
#[derive(Clone, Debug)]
struct Document(Vec<Vec<Made>>);

fn document() -> impl Strategy<Value = Document> {
    let set = || prop::collection::vec(made(), 1..4);
    prop::collection::vec(set(), 1..6).prop_map(Document)
}

impl Document {
    fn tokens(&self) -> Vec<String> {
        let mut tokens = Vec::new();
        let operation = self.0.len() - 1;
        for (n, set) in self.0.iter().enumerate() {
            if n == operation {
                tokens.extend(["query".into(), "Q".into()]);
            } else {
                tokens.extend([
                    "fragment".into(),
                    format!("f{n}"),
                    "on".into(),
                    "Query".into(),
                ]);
            }
            print(set, n, &mut tokens);
        }
        tokens
    }

    /// Every fragment in its place, followed as often as it is spread.
    fn naive(&self, set: &[Made], before: usize) -> Size {
        let mut size = Size::default();
        for made in set {
            let (alias, directives, inside) = match made {
                Made::Field {
                    alias,
                    directives,
                    inside,
                } => (*alias, *directives, self.naive(inside, before)),
                Made::Inline { directives, inside } => {
                    (false, *directives, self.naive(inside, before))
                }
                // The first fragment has none before it; a field stands there instead.
                Made::Spread { directives, .. } if before == 0 => {
                    (false, *directives, Size::default())
                }
                Made::Spread {
                    directives,
                    fragment,
                } => {
                    let fragment = fragment % before;
                    (false, *directives, self.naive(&self.0[fragment], fragment))
                }
            };
            size.depth = size.depth.max(inside.depth + 1);
            size.selections += inside.selections + 1;
            size.aliases += inside.aliases + usize::from(alias);
            size.directives += inside.directives + directives;
            size.directives_at_once = size
                .directives_at_once
                .max(inside.directives_at_once)
                .max(directives);
        }
        size
    }
}

fn print(set: &[Made], before: usize, tokens: &mut Vec<String>) {
    let skip = |directives: &usize| {
        let one = ["@", "skip", "(", "if", ":", "$v", ")"];
        one.repeat(*directives).into_iter().map(String::from)
    };
    tokens.push("{".into());
    for made in set {
        match made {
            Made::Field {
                alias,
                directives,
                inside,
            } => {
                tokens.extend(
                    alias
                        .then(|| ["a".into(), ":".into()])
                        .into_iter()
                        .flatten(),
                );
                tokens.push("x".into());
                tokens.extend(skip(directives));
                if !inside.is_empty() {
                    print(inside, before, tokens);
                }
            }
            Made::Inline { directives, inside } => {
                tokens.push("...".into());
                tokens.extend(skip(directives));
                print(inside, before, tokens);
            }
            Made::Spread { directives, .. } if before == 0 => {
                tokens.push("x".into());
                tokens.extend(skip(directives));
            }
            Made::Spread {
                directives,
                fragment,
            } => {
                tokens.extend(["...".into(), format!("f{}", fragment % before)]);
                tokens.extend(skip(directives));
            }
        }
    }
    tokens.push("}".into());
}

/// Pieces that documents are made of, in any order: more of it parses, or nearly, than of letters.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{", "}", "(", ")", "[", "]", ":", "$", "!", "=", "@", "...", "|", "&", ",", " ", "\n",
        "#", "\"", "\"\"\"", "\\", "\\u12", "query", "fragment", "on", "x", "null", "1", "-1.5e3",
        "1e999", "\u{feff}", "\u{0}", "é",
    ]);
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn counts_are_those_of_a_naive_expansion(document in document()) {
        let text = document.tokens().join(" ");
        let parsed = parse_query(&text).unwrap();

        // The largest of the operation and of each fragment by itself.
        let sizes = document.0.iter().enumerate().map(|(n, set)| document.naive(set, n));
        let expected = sizes.fold(Size::default(), Size::largest);
        prop_assert_eq!(Expansion::new(&parsed).largest().unwrap(), expected, "{}", text);
    }

    #[test]
    fn what_is_within_all_bounds_is_let_through(document in document()) {
        let text = document.tokens().join(" ");
        let parsed = parse_query(&text).unwrap();
        let size = Expansion::new(&parsed).largest().unwrap();
        let operation = parsed.operations.iter().next().unwrap().1;
        let root = super::root_fields(&parsed, &operation.node).len();

        let within = size.depth <= 40
            && size.selections <= 1_000
            && size.aliases <= 50
            && size.directives <= 50
            && size.directives_at_once <= 4
            && root <= 20;
        prop_assert!(check_text(&text).is_ok());
        prop_assert_eq!(check_document(&parsed).is_ok(), within, "{}", text);
    }

    #[test]
    fn tokens_are_counted_whatever_is_between_them(
        document in document(),
        between in prop::collection::vec(prop::sample::select(vec![" ", ",", "\n", "\t\r\n", "\u{feff} "]), 1..9),
    ) {
        let tokens = document.tokens();
        let text: Vec<_> = tokens.iter().zip(between.iter().cycle()).flat_map(|(token, space)| [token, *space]).collect();
        let text = text.concat();
        let (mut depth, mut nesting) = (0_usize, 0);
        for token in &tokens {
            match token.as_str() {
                "{" | "(" => depth += 1,
                "}" | ")" => depth -= 1,
                _ => {}
            }
            nesting = nesting.max(depth);
        }

        let counted = text::scan(&text).unwrap();
        // A variable is two.
        let variables = tokens.iter().filter(|token| token.starts_with('$')).count();
        prop_assert_eq!(counted.tokens, tokens.len() + variables, "{}", text);
        prop_assert_eq!(counted.nesting, nesting, "{}", text);
    }

    #[test]
    fn nothing_panics(text in prop_oneof![any::<String>(), soup()]) {
        if check_text(&text).is_ok() && let Ok(document) = parse_query(&text) {
            let _ = check_document(&document);
        }
    }

    /// However many there are of them, and however they are mixed.
    #[test]
    fn brackets_fill_no_stack(
        open in prop::collection::vec(prop::sample::select(vec!["{x", "[", "(x:", "{", "...{", "@x(x:"]), 1..9),
        times in 1..4_000_usize,
    ) {
        let text = format!("{{ x(x: {}", open.concat().repeat(times));
        if check_text(&text).is_ok() && let Ok(document) = parse_query(&text) {
            let _ = check_document(&document);
        }
        prop_assert!(times <= NESTING.max || check_text(&text).is_err());
    }
}

/// A number as documents have it: `60,000`.
fn number(limit: usize) -> String {
    let digits = limit.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().collect();
    String::from_utf8(groups.join(&b","[..])).unwrap()
}

#[test]
fn the_limits_are_documented() {
    let page = include_str!("../../../docs/limits.md");
    let kib = |limit: super::Limit| format!("{} KiB", limit.max / 1024);
    let of = |limit: super::Limit| number(limit.max);
    for row in [
        format!(
            "| a document | {}, {} tokens, {} of names, {} brackets inside one another, {} operations, {} fragments |",
            kib(super::BYTES),
            of(super::TOKENS),
            kib(super::NAMES),
            of(super::NESTING),
            of(super::OPERATIONS),
            of(super::FRAGMENTS),
        ),
        format!(
            "| an operation | {} levels, {} selections, {} fields at its root, {} aliases, {} directives, {} in one place |",
            of(super::DEPTH),
            of(super::SELECTIONS),
            of(super::ROOT_FIELDS),
            of(super::ALIASES),
            of(super::DIRECTIVES),
            of(super::DIRECTIVES_AT_ONCE),
        ),
        format!("| an operation's values | {}, ", number(super::FIELDS)),
        format!(
            "| an operation's database queries | {}: ",
            of(super::QUERIES)
        ),
        format!(
            "| the schema in introspection | {} levels",
            of(super::INTROSPECTION)
        ),
        format!(
            "| a response | {} MiB ",
            crate::graphql::budget::TEXT / 1024 / 1024
        ),
        format!(
            "| variables | {}, {} levels |",
            kib(super::VARIABLES),
            of(super::VARIABLES_NESTING)
        ),
        format!(
            "more than {} values or {} database queries",
            number(super::EXPENSIVE_FIELDS),
            super::EXPENSIVE_QUERIES
        ),
    ] {
        assert!(page.contains(&row), "docs/limits.md lacks: {row}");
    }
    for name in super::ACCOUNT {
        assert!(
            page.contains(&format!("`{name}`")),
            "docs/limits.md lacks: {name}"
        );
    }
}

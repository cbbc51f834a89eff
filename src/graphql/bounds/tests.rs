//! The counts against documents of which they are known, and against counts made naively.

use std::fmt::Write;

use async_graphql::parser::parse_query;

use super::{Error, Expansion, check_document, expansion::Size};

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
        assert!(matches!(error, Error::Cycle(_)), "{cycle}: {error}");
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

//! The normal form of passwords: the `OpaqueString` profile of PRECIS (RFC 8265, section 4.2), so that
//! a password is the same from every keyboard.

use unicode_normalization::UnicodeNormalization;

/// Spaces (category Zs) become U+0020, and the whole NFC; case and width stay. The profile's
/// exclusions are rules of new passwords only: an old one has to have a normal form, too.
pub fn normal_form(password: &str) -> String {
    password
        .chars()
        .map(|c| if is_other_space(c) { ' ' } else { c })
        .nfc()
        .collect()
}

/// The category Zs without U+0020: the same in all versions of Unicode since 6.3.
fn is_other_space(c: char) -> bool {
    matches!(
        c,
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
    )
}

#[cfg(test)]
mod tests {
    use super::normal_form;

    /// RFC 8265, section 4.3, and what keyboards make of one accent.
    #[test]
    fn passwords_that_are_one() {
        for (sent, normal) in [
            (
                "correct horse battery staple",
                "correct horse battery staple",
            ),
            (
                "Correct Horse Battery Staple",
                "Correct Horse Battery Staple",
            ),
            ("\u{3c0}\u{df}\u{e5}", "\u{3c0}\u{df}\u{e5}"),
            ("Jack of \u{2666}s", "Jack of \u{2666}s"),
            ("foo\u{1680}bar", "foo bar"),
            ("\u{3000}\u{a0}\u{2003}", "   "),
            ("cre\u{300}me", "cr\u{e8}me"),
            // Neither width nor compatibility is folded.
            ("\u{ff41}\u{fb01}", "\u{ff41}\u{fb01}"),
        ] {
            assert_eq!(normal_form(sent), normal);
            assert_eq!(normal_form(normal), normal);
        }
    }
}

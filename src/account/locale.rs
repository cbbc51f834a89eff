//! Languages of users, as BCP 47 tags in canonical form: `en`, `pt-BR`, `zh-Hant`.

use icu_locale_core::LanguageIdentifier;

use crate::validation::{FieldErrorCode, Violation};

/// The language of an account that has not said another.
pub const DEFAULT: &str = "en";

/// Bytes of a tag, at most (RFC 5646, section 4.4.1).
const MAX: usize = 35;

/// Entries of an `Accept-Language` header that are read.
const ACCEPTED: usize = 16;

/// # Errors
///
/// If the text is no language tag: a language, perhaps with a script, a region and variants.
pub fn locale(text: &str) -> Result<String, Violation> {
    let text = text.trim();
    let tag = (text.len() <= MAX)
        .then(|| LanguageIdentifier::try_from_str(text).ok())
        .flatten();
    match tag {
        Some(tag) if !tag.language.is_unknown() => Ok(tag.to_string()),
        _ => Err(Violation::new(
            FieldErrorCode::InvalidValue,
            "A locale is a BCP 47 language tag such as en, pt-BR or ht.",
        )),
    }
}

/// The language of an account that a client with this `Accept-Language` header makes.
pub(super) fn of_header(header: Option<&str>) -> String {
    let preferred = header.and_then(preferred);
    preferred.unwrap_or_else(|| DEFAULT.to_owned())
}

/// The language that an `Accept-Language` header (RFC 9110, section 12.5.4) prefers.
fn preferred(header: &str) -> Option<String> {
    let mut best: Option<(f32, String)> = None;
    for entry in header.split(',').take(ACCEPTED) {
        let (tag, parameters) = entry.split_once(';').unwrap_or((entry, ""));
        let quality = match parameters.trim().strip_prefix("q=") {
            None => 1.0,
            Some(quality) => quality.trim().parse().unwrap_or(0.0),
        };
        let is_better = best.as_ref().is_none_or(|(best, _)| quality > *best);
        if quality > 0.0
            && is_better
            && let Ok(tag) = locale(tag)
        {
            best = Some((quality, tag));
        }
    }
    best.map(|(_, tag)| tag)
}

#[cfg(test)]
mod tests {
    use super::{locale, preferred};

    #[test]
    fn tags_are_made_canonical_or_refused() {
        for (given, kept) in [
            ("en", "en"),
            ("PT-br", "pt-BR"),
            (" ht ", "ht"),
            ("zh-hant-tw", "zh-Hant-TW"),
            ("sl-rozaj-biske-1994", "sl-1994-biske-rozaj"),
        ] {
            assert_eq!(locale(given).as_deref(), Ok(kept), "{given}");
        }
        let long = format!("en-{}", "abcde-".repeat(40));
        for bad in [
            "",
            "*",
            "und",
            "e",
            "english language",
            "en\0",
            "../en",
            "../../etc/passwd",
            &long,
        ] {
            assert!(locale(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_first_of_the_best_is_preferred() {
        for (header, tag) in [
            ("fr", Some("fr")),
            ("ht, fr;q=0.8, en;q=0.5", Some("ht")),
            ("en;q=0.5,es-MX;q=0.9, *;q=0.1", Some("es-MX")),
            ("en;q=0, *", None),
            ("*", None),
            ("", None),
            ("en;q=x, de;q=0.1", Some("de")),
        ] {
            assert_eq!(preferred(header).as_deref(), tag, "{header}");
        }
    }
}

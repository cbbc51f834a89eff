//! Email addresses and usernames: their rules, and the form uniqueness is decided on.
//!
//! A name is kept as it was written, in NFKC (UAX #15) and trimmed; two names are the same
//! when their keys are: the case-folded form of that.

use std::ops::RangeInclusive;

use unicase::UniCase;
use unicode_normalization::UnicodeNormalization;
use unicode_security::{GeneralSecurityProfile, MixedScript};

use crate::validation::{
    FieldErrorCode::{InvalidCharacters, InvalidEmail, MixedScripts, TooLong, TooShort},
    Violation,
};

/// Characters, of an email address.
const EMAIL: RangeInclusive<usize> = 3..=255;

/// Characters, of a username.
const USERNAME: RangeInclusive<usize> = 3..=100;

/// A name that keeps its rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    pub text: String,
    pub key: String,
}

/// A name as it is kept. Trimmed last: NFKC makes some marks (¨, ῍) a space with a mark on it.
fn kept(text: &str) -> String {
    let text: String = text.nfkc().collect();
    text.trim().to_owned()
}

/// The form in which two spellings of one name are equal: full case folding between compatibility
/// decompositions (Unicode, section 3.13.5, D147), recomposed. Final and other sigma are one, and so
/// are ß and ss.
fn fold(text: &str) -> String {
    let folded = |text: String| UniCase::unicode(text).to_folded_case();
    let once = folded(text.nfkd().collect());
    folded(once.nfkd().collect()).nfkc().collect()
}

/// The key under which an address is stored; for looking one up, hence no rule applied.
#[must_use]
pub fn email_key(text: &str) -> String {
    fold(&kept(text))
}

/// The keys under which an address may be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailKeys {
    pub today: String,
    /// In lower case, as before full case folding.
    pub earlier: String,
}

impl EmailKeys {
    #[must_use]
    pub fn of(text: &str) -> Self {
        let text = kept(text);
        let lower = text.nfkc().collect::<String>().to_lowercase();
        Self {
            today: fold(&text),
            earlier: lower.nfkc().collect(),
        }
    }

    /// One, for all addresses that can be registered.
    pub fn distinct(&self) -> impl Iterator<Item = &str> {
        let earlier = (self.earlier != self.today).then_some(&*self.earlier);
        earlier.into_iter().chain([&*self.today])
    }
}

/// A name as a database had it. No rule is applied: it kept those of its time.
#[must_use]
pub fn stored(text: &str) -> Name {
    let text = kept(text);
    let key = fold(&text);
    Name { text, key }
}

/// The domain of guests' addresses, which no mail reaches (RFC 2606, section 2).
pub(super) const GUESTS: &str = "guest.invalid";

/// Whether an address is a guest's, by its key.
pub(super) fn is_guests(email_key: &str) -> bool {
    let domain = email_key.rsplit_once('@').map(|(_, domain)| domain);
    domain == Some(GUESTS)
}

/// # Errors
///
/// The rule it fails: HTML's for `<input type=email>`
/// (<https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address>), 255 characters, and no
/// guest's.
pub fn email(text: &str) -> Result<Name, Violation> {
    let text = kept(text);
    if text.chars().count() > *EMAIL.end() {
        return Err(Violation::within(
            TooLong,
            EMAIL,
            format!("An email address has at most {} characters.", EMAIL.end()),
        ));
    }
    let valid = text
        .split_once('@')
        .is_some_and(|(local, domain)| is_local_part(local) && domain.split('.').all(is_label));
    if !valid {
        return Err(Violation::new(
            InvalidEmail,
            "Write an email address such as ada@example.com.",
        ));
    }
    let key = fold(&text);
    if is_guests(&key) {
        return Err(Violation::new(
            InvalidEmail,
            "No mail reaches this address: its domain is for guests.",
        ));
    }
    Ok(Name { text, key })
}

fn is_local_part(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&b))
}

fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// # Errors
///
/// The rule it fails: 3 to 100 letters, digits, `_`, `.` or `-`, of one script (UTS #39,
/// section 5), none of them for show only (UTS #39, section 3.1: identifier status "Allowed").
pub fn username(text: &str) -> Result<Name, Violation> {
    let text = kept(text);
    let length = text.chars().count();
    if length < *USERNAME.start() {
        return Err(Violation::within(
            TooShort,
            USERNAME,
            format!("A username has at least {} characters.", USERNAME.start()),
        ));
    }
    if length > *USERNAME.end() {
        return Err(Violation::within(
            TooLong,
            USERNAME,
            format!("A username has at most {} characters.", USERNAME.end()),
        ));
    }
    let allowed =
        |c: char| matches!(c, '_' | '.' | '-') || (c.is_alphanumeric() && c.identifier_allowed());
    // A letter may carry marks (many scripts cannot be written without), but not start with one.
    let mark =
        |c: char| unicode_normalization::char::is_combining_mark(c) && c.identifier_allowed();
    let starts_well = text.chars().next().is_some_and(allowed);
    if !starts_well || !text.chars().all(|c| allowed(c) || mark(c)) {
        return Err(Violation::new(
            InvalidCharacters,
            "A username is made of letters, digits, underscore, point and hyphen.",
        ));
    }
    if !text.is_single_script() {
        return Err(Violation::new(
            MixedScripts,
            "A username keeps to letters of one script.",
        ));
    }
    let key = fold(&text);
    Ok(Name { text, key })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization;

    use super::{
        EmailKeys, InvalidCharacters, InvalidEmail, MixedScripts, TooLong, TooShort, email,
        email_key, stored, username,
    };

    #[test]
    fn one_name_for_all_its_spellings() {
        for (a, b) in [
            ("Ada", "aDA"),
            (" ada ", "ada"),
            ("ａｄａ", "ada"),
            ("ÉLAN", "e\u{301}lan"),
            ("ΟΔΟΣ", "οδοσ"),
            ("ΟΔΟΣ", "οδος"),
            ("STRASSE", "straße"),
        ] {
            assert_eq!(
                username(a).unwrap().key,
                username(b).unwrap().key,
                "{a:?} {b:?}"
            );
        }
        assert_eq!(
            email_key(" ADA@Example.COM "),
            email("ada@example.com").unwrap().key
        );
        // NFKC puts a space before a mark like this one.
        assert_eq!(email_key("\u{1fcd}"), email_key(&email_key("\u{1fcd}")));
    }

    #[test]
    fn usernames_in_many_scripts_and_none_that_look_alike() {
        for good in [
            "ada.lovelace_1-2",
            "Ọ̀ṣun",
            "ада_лавлейс",
            "山田太郎",
            "सरस्वती",
            "ÁÉÍ",
        ] {
            assert!(username(good).is_ok(), "{good:?} {:?}", username(good));
        }
        for (bad, code) in [
            ("ab", TooShort),
            ("  a  ", TooShort),
            ("a b c", InvalidCharacters),
            ("ada\u{200b}x", InvalidCharacters),
            ("ada\u{202e}x", InvalidCharacters),
            ("ada\u{7}x", InvalidCharacters),
            ("a@b.c", InvalidCharacters),
            ("😀😀😀", InvalidCharacters),
            ("\u{301}ada", InvalidCharacters),
            ("pаypal", MixedScripts),
            ("αdmin", MixedScripts),
        ] {
            assert_eq!(username(bad).unwrap_err().code, code, "{bad:?}");
        }
        assert!(username(&"a".repeat(100)).is_ok());
        assert_eq!(username(&"a".repeat(101)).unwrap_err().code, TooLong);
    }

    #[test]
    fn email_addresses_as_html_checks_them() {
        for good in [
            "a@b",
            "a.b+c@d-e.example",
            "!#$%&'*+/=?^_`{|}~-@x",
            "a..b@c.d",
        ] {
            assert!(email(good).is_ok(), "{good:?}");
        }
        for bad in [
            "",
            "a",
            "@b",
            "a@",
            "a@b@c",
            "a b@c",
            "a@-b",
            "a@b-",
            "a@b..c",
            "a@b_c",
            "á@b.c",
            "a@é.c",
            "a\n@b.c",
            "\"a\"@b.c",
            "a@guest.invalid",
            "a@GUEST.ｉnvalid",
            &format!("a@{}", "b".repeat(64)),
        ] {
            assert_eq!(email(bad).unwrap_err().code, InvalidEmail, "{bad:?}");
        }
        let of_length = |n: usize| format!("{}@b.c", "a".repeat(n - 4));
        assert!(email(&of_length(255)).is_ok());
        assert_eq!(email(&of_length(256)).unwrap_err().code, TooLong);
    }

    #[test]
    fn every_letter_has_one_key() {
        // Letters that have a case are below.
        for letter in ('\0'..'\u{20000}').map(String::from) {
            let key = email_key(&letter);
            assert_eq!(email_key(&key), key, "{letter:?}");
            assert_eq!(
                email_key(&EmailKeys::of(&letter).earlier),
                key,
                "{letter:?}"
            );
        }
    }

    /// Texts that are often names, and texts of anything.
    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-zA-Z0-9_.-]{1,12}",
            "[a-zA-Z0-9.]{1,8}@[a-zA-Z0-9-]{1,8}(\\.[a-z]{2,3})?",
            // Latin with marks, full width, ligatures, Greek, Cyrillic, the Kelvin sign, a dotted I.
            "[a-zß-ÿĀ-žı\u{301}\u{323}Ａ-ｚﬁﬀK]{1,10}",
            "[α-ωΑ-Ως]{1,10}",
            "[а-яА-Я]{1,10}",
            "\\PC{0,12}",
            any::<String>(),
        ]
    }

    proptest! {
        #[test]
        fn what_is_accepted_stays_accepted_and_the_same(text in text()) {
            for rule in [username, email] {
                if let Ok(name) = rule(&text) {
                    // As it is kept, with space around it, and decomposed: the very same name.
                    let decomposed: String = name.text.nfd().collect();
                    for again in [&name.text, &format!(" {}\t", name.text), &decomposed] {
                        let again = rule(again);
                        prop_assert_eq!(again.as_ref(), Ok(&name));
                    }
                    prop_assert_eq!(&stored(&name.text), &name);
                }
            }
        }

        /// Keys are looked up and compared: the key of a key is that key, whatever it is made of.
        #[test]
        fn a_key_is_its_own_key(text in text()) {
            let key = email_key(&text);
            prop_assert_eq!(&email_key(&key), &key);
            prop_assert_eq!(&stored(&text).key, &key);
            prop_assert_eq!(&stored(&key).key, &key);
        }

        #[test]
        fn variants_collide(text in text()) {
            let key = email_key(&text);
            let variants: [String; 5] = [
                text.to_lowercase(),
                text.nfc().collect(),
                text.nfd().collect(),
                text.nfkc().collect(),
                text.nfkd().collect(),
            ];
            for variant in variants {
                prop_assert_eq!(email_key(&variant), key.as_str(), "{:?}", variant);
            }
            // Outside Turkish, I is the upper case of i alone. Decomposed first, as Unicode asks (section
            // 3.13.5): the upper case of an iota subscript is a letter, which no mark may follow.
            if !text.contains('ı') {
                let decomposed: String = text.nfd().collect();
                prop_assert_eq!(email_key(&decomposed.to_uppercase()), key.as_str());
            }
            // The migration makes today's key of the earlier one.
            prop_assert_eq!(email_key(&EmailKeys::of(&text).earlier), key.as_str());
        }
    }
}

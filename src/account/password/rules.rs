//! The rules of new passwords, in their normal form.

use crate::validation::{
    FieldErrorCode::{InvalidCharacters, TooCommon, TooLong, TooShort},
    Violation,
};

/// Characters.
const MIN: usize = 8;

/// Bytes: bcrypt reads no more, and cutting would make two passwords one.
pub(super) const MAX: usize = 72;

/// Characters a password is judged by, from its beginning: the estimate's work grows faster than
/// their number, to 0.1 s at 32 and 0.9 s at 72 for what is written to make it slow.
const JUDGED: usize = 32;

/// Guesses that a password has to withstand, to the power of ten: zxcvbn's score of 2. At the
/// hundred an hour that can be tried at an account, a million take more than a year.
const GUESSES_LOG10: f64 = 6.0;

/// # Errors
///
/// The rule it fails: at least 8 characters, at most 72 bytes, and no control characters, as RFC
/// 8264 has it for free text (section 4.3). C's bcrypt stops at NUL.
pub(super) fn bounds(password: &str) -> Result<(), Violation> {
    if password.chars().count() < MIN {
        Err(Violation::within(
            TooShort,
            MIN..=MAX,
            format!("A password has at least {MIN} characters."),
        ))
    } else if password.len() > MAX {
        Err(Violation::within(
            TooLong,
            MIN..=MAX,
            format!("A password has at most {MAX} bytes in UTF-8."),
        ))
    } else if password.contains(char::is_control) {
        Err(Violation::new(
            InvalidCharacters,
            "A password has no control characters, such as tabs and line breaks.",
        ))
    } else {
        Ok(())
    }
}

/// # Errors
///
/// If it would be guessed soon by who knows these names: for being common, for being the name
/// itself, or for hardly going beyond either.
pub(super) fn strength(password: &str, names: &[String]) -> Result<(), Violation> {
    let judged: String = password.chars().take(JUDGED).collect();
    let parts = |name| {
        let words = str::split(name, |c: char| !c.is_alphanumeric());
        words.chain(name.split('@')).chain([name])
    };
    let known: Vec<_> = names
        .iter()
        .flat_map(|name| parts(name))
        .chain(["mula"])
        .filter(|word| !word.is_empty())
        .collect();
    if zxcvbn::zxcvbn(&judged, &known).guesses_log10() < GUESSES_LOG10 {
        return Err(Violation::new(
            TooCommon,
            "This password is among the first that would be guessed. Take several words that do \
             not belong together, without your name or email address.",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{InvalidCharacters, TooCommon, TooLong, TooShort, bounds, strength};

    #[test]
    fn passwords_have_bounds() {
        assert!(bounds("12345678").is_ok());
        assert!(bounds(&"é".repeat(8)).is_ok());
        assert_eq!(bounds("1234567").unwrap_err().code, TooShort);
        assert!(bounds(&"x".repeat(72)).is_ok());
        assert_eq!(bounds(&"x".repeat(73)).unwrap_err().code, TooLong);
        assert_eq!(bounds(&"é".repeat(37)).unwrap_err().code, TooLong);
        for control in ['\0', '\t', '\n', '\u{7f}', '\u{85}'] {
            let password = format!("1234{control}5678");
            assert_eq!(bounds(&password).unwrap_err().code, InvalidCharacters);
        }
    }

    #[test]
    fn what_would_be_guessed_first_is_too_common() {
        let names = [
            "ngozi.okafor@example.com".to_owned(),
            "riverbird".to_owned(),
        ];
        for (password, good) in [
            ("password", false),
            ("password123", false),
            ("Password123!", false),
            ("P@ssw0rd!", false),
            ("12345678", false),
            ("qwertyuiop", false),
            ("iloveyou", false),
            ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
            ("ngozi.okafor@example.com", false),
            ("Ngozi1985", false),
            ("riverbird1", false),
            ("RIVERBIRD!", false),
            ("MulaMula", false),
            ("correct horse", true),
            ("river and thunder", true),
            ("kX9#mQ2p", true),
            ("una larga caminata", true),
            ("水は方円の器に随う", true),
        ] {
            let judged = strength(password, &names);
            assert_eq!(judged.is_ok(), good, "{password}");
            assert!(judged.is_ok() || judged.unwrap_err().code == TooCommon);
        }
        // Another's name says nothing.
        assert!(strength("riverbird1", &[]).is_ok());
    }

    #[test]
    fn a_password_is_judged_by_its_beginning() {
        let tail = "kX9#mQ2p over the old bridge";
        let repeated = |times| format!("{}{tail}", "a".repeat(times));
        assert!(strength(&repeated(16), &[]).is_ok());
        // The rest would make the estimate slow, and is not looked at.
        assert!(strength(&repeated(32), &[]).is_err());
    }
}

//! Characters that a text must not have: control characters (PostgreSQL refuses NUL), terminal
//! sequences, bidirectional overrides and zero-width characters.

/// Drops them from a text that comes in pieces.
#[derive(Default)]
pub(super) struct Plain {
    last: Option<char>,
    escape: Escape,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Escape {
    #[default]
    None,
    /// After ESC,
    Begun,
    /// and `[`.
    Parameters,
}

impl Plain {
    pub(super) fn push(&mut self, piece: &str) -> String {
        piece.chars().filter_map(|c| self.keep(c)).collect()
    }

    fn keep(&mut self, c: char) -> Option<char> {
        match self.escape {
            Escape::Begun if c == '[' => {
                self.escape = Escape::Parameters;
                return None;
            }
            Escape::Parameters if c.is_ascii_digit() || matches!(c, ';' | '?') => return None,
            Escape::Parameters if c.is_ascii_alphabetic() => {
                self.escape = Escape::None;
                return None;
            }
            _ => self.escape = Escape::None,
        }
        let kept = match c {
            '\n' | '\t' => Some(c),
            '\u{2028}' | '\u{2029}' => Some('\n'),
            '\u{1b}' => {
                self.escape = Escape::Begun;
                None
            }
            // Joiners shape letters of some scripts, and emoji; within Latin they only hide.
            '\u{200c}' | '\u{200d}' => self.last.filter(|last| *last >= '\u{590}').map(|_| c),
            _ if c.is_control() || is_invisible(c) => None,
            _ => Some(c),
        };
        self.last = kept.or(self.last);
        kept
    }
}

fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{fffe}'
            | '\u{ffff}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::Plain;

    #[test]
    fn only_what_can_be_seen_is_kept() {
        for (given, expected) in [
            ("A\0 \u{7}door\r\n", "A door\n"),
            ("\u{1b}[1;31mred\u{1b}[0m", "red"),
            ("a\u{202e}b\u{2066}c\u{200b}d\u{feff}", "abcd"),
            ("p\u{200d}q", "pq"),
            (
                "👩\u{200d}👧 می\u{200c}خواهم",
                "👩\u{200d}👧 می\u{200c}خواهم",
            ),
            ("Ọ̀ṣun\tè", "Ọ̀ṣun\tè"),
        ] {
            let mut plain = Plain::default();
            let pieces: String = given.chars().map(|c| plain.push(&c.to_string())).collect();
            assert_eq!(
                (pieces.as_str(), Plain::default().push(given).as_str()),
                (expected, expected)
            );
        }
    }
}

//! How an answer begins: preambles such as "Sure! Here is my answer:" are cut, an answer that repeats
//! its instructions is none, and one that is nothing but a refusal may be given by the built-in
//! advisor instead.

/// Bytes that are held to tell, at most.
const LONGEST: usize = 300;

const PREAMBLES: [&str; 9] = [
    "sure",
    "certainly",
    "of course",
    "absolutely",
    "okay",
    "here is",
    "here's",
    "here’s",
    "below is",
];

/// Words that make a first line that ends with a colon a preamble.
const ANNOUNCES: [&str; 5] = ["here is", "here's", "here’s", "here are", "below is"];

/// The beginning of the instructions.
const INSTRUCTIONS: &str = "# safety, before everything else";

const REFUSALS: [&str; 14] = [
    "i'm sorry, but i can",
    "i’m sorry, but i can",
    "i am sorry, but i can",
    "sorry, but i can",
    "i'm sorry, i can",
    "i’m sorry, i can",
    "i cannot assist",
    "i can't assist",
    "i can’t assist",
    "i'm unable to",
    "i’m unable to",
    "i cannot help with",
    "i can't help with",
    "as an ai language model",
];

pub(super) struct Opening {
    /// None once it is clear how the answer begins.
    held: Option<String>,
    /// Whether another may answer in place of a refusal.
    has_fallback: bool,
    is_muted: bool,
    has_declined: bool,
}

enum Decision {
    Wait,
    /// So many bytes are cut.
    Pass(usize),
    Mute,
}

impl Opening {
    pub(super) fn new(has_fallback: bool, is_begun: bool) -> Self {
        Self {
            held: (!is_begun).then(String::new),
            has_fallback,
            is_muted: false,
            has_declined: false,
        }
    }

    pub(super) fn push(&mut self, piece: &str) -> String {
        if self.is_muted {
            return String::new();
        }
        let Some(held) = &mut self.held else {
            return piece.to_owned();
        };
        held.push_str(piece);
        match decide(held, self.has_fallback) {
            Decision::Wait => String::new(),
            Decision::Pass(cut) => {
                let text = held[cut..].to_owned();
                self.held = None;
                text
            }
            Decision::Mute => {
                tracing::warn!("the model repeats its instructions");
                self.is_muted = true;
                self.held = None;
                String::new()
            }
        }
    }

    /// No more comes. `is_whole`: the model ended by itself.
    pub(super) fn flush(&mut self, is_whole: bool) -> String {
        let held = self.held.take().unwrap_or_default();
        let lower = held.trim_start().to_lowercase();
        if is_whole && self.has_fallback && starts_with_any(&lower, &REFUSALS) {
            self.has_declined = true;
            return String::new();
        }
        held
    }

    /// Whether something is held back.
    pub(super) fn is_open(&self) -> bool {
        self.held
            .as_ref()
            .is_some_and(|held| !held.trim().is_empty())
    }

    /// Whether the whole answer was a refusal.
    pub(super) fn has_declined(&self) -> bool {
        self.has_declined
    }
}

fn starts_with_any(text: &str, phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| text.starts_with(phrase))
}

fn decide(held: &str, has_fallback: bool) -> Decision {
    let start = held.len() - held.trim_start().len();
    let lower = held[start..].to_lowercase();
    if lower.is_empty() {
        return Decision::Wait;
    }
    let begins_any = |phrases: &[&str]| phrases.iter().any(|phrase| phrase.starts_with(&lower));
    if begins_any(&[INSTRUCTIONS])
        || begins_any(&PREAMBLES)
        || (has_fallback && begins_any(&REFUSALS))
    {
        return Decision::Wait;
    }
    if lower.starts_with(INSTRUCTIONS) {
        return Decision::Mute;
    }
    if has_fallback && starts_with_any(&lower, &REFUSALS) && held.len() <= LONGEST {
        return Decision::Wait;
    }
    let Some(word) = PREAMBLES.iter().find(|word| lower.starts_with(**word)) else {
        return Decision::Pass(0);
    };
    if let Some(end) = held[start..].find('\n') {
        let line = held[start..start + end].trim_end().to_lowercase();
        let announces = ANNOUNCES.iter().any(|words| line.contains(words));
        let is_preamble = line.ends_with(':') && announces;
        return Decision::Pass(if is_preamble { start + end } else { 0 });
    }
    let rest = lower[word.len()..].trim_start_matches(['!', ',', '.', ' ', '–', '—']);
    let is_announcing = starts_with_any(word, &ANNOUNCES)
        || ANNOUNCES
            .iter()
            .any(|words| words.starts_with(rest) || rest.starts_with(words));
    if is_announcing && held.len() <= LONGEST {
        Decision::Wait
    } else {
        Decision::Pass(0)
    }
}

#[cfg(test)]
mod tests {
    use super::Opening;

    fn opened(has_fallback: bool, text: &str) -> (String, bool) {
        let mut opening = Opening::new(has_fallback, false);
        let mut shown = String::new();
        for c in text.chars() {
            shown += &opening.push(&c.to_string());
        }
        shown += &opening.flush(true);
        (shown.trim().to_owned(), opening.has_declined())
    }

    #[test]
    fn only_certain_preambles_are_cut() {
        for (given, expected) in [
            ("Sure! Here is my answer:\n\nStand still.", "Stand still."),
            ("Here's what Legba says:\nGo.", "Go."),
            (
                "Sure is the step of the old.",
                "Sure is the step of the old.",
            ),
            ("Here is a door: go.", "Here is a door: go."),
            (
                "Surely: a door\nHere is more",
                "Surely: a door\nHere is more",
            ),
            (
                "# Safety, before everything else in these instructions\n- If",
                "",
            ),
            ("Stand.", "Stand."),
        ] {
            assert_eq!(opened(false, given).0, expected);
        }
    }

    #[test]
    fn a_refusal_alone_is_declined_where_another_may_answer() {
        let refusal = "I'm sorry, but I can't assist with that.";
        assert_eq!(opened(true, refusal), (String::new(), true));
        assert_eq!(opened(false, refusal), (refusal.to_owned(), false));
        let long = format!("{refusal} {}", "But the road is open. ".repeat(20));
        assert_eq!(opened(true, &long), (long.trim().to_owned(), false));
    }
}

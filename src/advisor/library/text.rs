//! From text to words that can be compared: which count, in which form, and how they are spelt.

use std::{collections::HashSet, sync::LazyLock};

/// Words that say how one asks, not what about; without their apostrophes.
const STOP: &str = "a about after again all also always am an and any anybody anyone anything are arent as ask at \
    be because been before being best between bit both but by can cannot cant could couldnt did didnt do does \
    doesnt doing dont down during each else even ever everybody everyone few for from get gets getting give given \
    go goes going good got had hadnt has hasnt have havent having he her here hers hes him his how i id if im in \
    into is isnt it its ive just keep keeps know let lets like ll lot made make many may me might mine more most \
    much must my need never no not now of off on once one ones only or other our out over own people please \
    rather re really right s same say says she shes should shouldnt so some somebody someone something still such \
    t take tell than that thats the their them then there theres these they theyre thing things think this those \
    through time to too under until up upon us ve very want wants was wasnt way we well were werent what whats \
    when where which while who whom why will with without wont would wouldnt yet you your youre";

/// A word as it stands, and as it is compared.
#[derive(Debug, Clone)]
pub(super) struct Word {
    /// In lower case, without apostrophes.
    pub form: String,
    /// Without its commonest English endings.
    pub stem: String,
}

/// The words of a text that say what it is about.
pub(super) fn words(text: &str) -> impl Iterator<Item = Word> {
    let forms = forms(text).into_iter();
    forms
        .filter(|form| form.chars().count() > 1 && !is_common(form))
        .map(|form| Word {
            stem: stem(&form),
            form,
        })
}

/// Whether a word in lower case is one of those that say little in English.
pub(in crate::advisor) fn is_common(word: &str) -> bool {
    static STOPPED: LazyLock<HashSet<&str>> = LazyLock::new(|| STOP.split_whitespace().collect());
    STOPPED.contains(word)
}

/// The stems of all words of a text.
pub(super) fn stems(text: &str) -> Vec<String> {
    forms(text).iter().map(|form| stem(form)).collect()
}

/// Whether a phrase stands in a text, both as [`stems`].
pub(super) fn is_phrase_in(phrase: &[String], text: &[String]) -> bool {
    !phrase.is_empty() && text.windows(phrase.len()).any(|words| words == phrase)
}

/// In lower case, without apostrophes.
fn forms(text: &str) -> Vec<String> {
    let text = text.to_lowercase().replace(['\'', '’'], "");
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|form| !form.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Enough that `choosing` finds `choose`.
fn stem(word: &str) -> String {
    let cut = |ending: &str, put: &str| {
        word.strip_suffix(ending)
            .filter(|stem| stem.chars().count() >= 3)
            .map(|stem| format!("{stem}{put}"))
    };
    cut("ies", "y")
        .or_else(|| cut("sses", "ss"))
        .or_else(|| cut("ing", ""))
        .or_else(|| cut("ed", ""))
        .or_else(|| cut("es", ""))
        .or_else(|| {
            if word.ends_with("ss") {
                None
            } else {
                cut("s", "")
            }
        })
        .or_else(|| cut("e", ""))
        .unwrap_or_else(|| word.to_owned())
}

/// Whether a slip of the pen lies between two words: a letter too many, too few, another one, or
/// two that changed places (an optimal string alignment distance of one). But not in the first
/// letter, which people get right.
pub(super) fn is_slip(written: &str, meant: &str) -> bool {
    let (written, meant): (Vec<_>, Vec<_>) = (written.chars().collect(), meant.chars().collect());
    let same = written
        .iter()
        .zip(&meant)
        .take_while(|(a, b)| a == b)
        .count();
    let (written, meant) = (&written[same..], &meant[same..]);
    if same == 0 || (written.is_empty() && meant.is_empty()) {
        return false;
    }
    let [written_rest, meant_rest] =
        [written, meant].map(|letters| letters.get(1..).unwrap_or_default());
    written_rest == meant_rest
        || written_rest == meant
        || meant_rest == written
        || matches!((written, meant), ([a, b, written @ ..], [c, d, meant @ ..])
            if (a, b) == (d, c) && written == meant)
}

#[cfg(test)]
mod tests {
    use super::{is_phrase_in, is_slip, stems as all_stems, words};

    fn stems(text: &str) -> Vec<String> {
        words(text).map(|word| word.stem).collect()
    }

    #[test]
    fn what_one_asks_about_is_left() {
        assert_eq!(
            stems("How DON’T I get jealous of my wife's friends?"),
            ["jealou", "wif", "friend"]
        );
        assert_eq!(stems("choosing, chooses; choose"), ["choos"; 3]);
        assert!(stems("What is it? I do not know ... !").is_empty());
    }

    #[test]
    fn a_phrase_is_found_in_other_forms() {
        let text = all_stems("There was NO heartbeat, she's told me so twice.");
        for phrase in ["no heartbeats", "told", "so twice", "shes telling me"] {
            let is_in = is_phrase_in(&all_stems(phrase), &text);
            assert_eq!(is_in, phrase != "shes telling me", "{phrase}");
        }
        assert!(!is_phrase_in(&[], &text));
        assert!(!is_phrase_in(&text, &all_stems("no")));
    }

    #[test]
    fn slips_of_the_pen_are_seen() {
        for slip in ["freind", "frend", "friends", "fiiend", "frieend"] {
            assert!(is_slip(slip, "friend") && is_slip("friend", slip), "{slip}");
        }
        for other in ["friend", "fred", "fiernd", "fiend s", "riend", "trends", ""] {
            assert!(!is_slip(other, "friend"), "{other}");
        }
    }
}

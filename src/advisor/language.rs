//! The language a question is asked in, where it is not English: the library speaks nothing else.
//!
//! `whatlang` tells languages apart by their scripts and trigrams, which say little of a short
//! question. So frequent words decide first (`knowledge/languages.toml`): two where the detector
//! agrees or does not know the language, three where it disagrees; and else the detector where it is
//! sure. A question of which half the words are English is English.

use std::{collections::HashSet, str::FromStr};

use serde::Deserialize;
use whatlang::{Detector, Info, Lang, Script};

use super::{
    knowledge::{Document, Errors, document},
    library::is_common,
};

/// A language that the library does not speak.
#[derive(Debug)]
pub struct Language {
    /// ISO 639-1, or 639-3 where that has none.
    pub code: String,
    /// In this language, that answers are in English.
    pub note: String,
    detector: Option<Lang>,
    words: HashSet<String>,
}

#[derive(Debug)]
pub(super) struct Languages {
    all: Vec<Language>,
    detector: Detector,
}

impl Languages {
    /// # Errors
    ///
    /// The first error of each language.
    pub(super) fn parse(file: (&str, &str)) -> Result<Self, Errors> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Entry {
            #[serde(deserialize_with = "document::text")]
            note: String,
            #[serde(default, deserialize_with = "detector")]
            detector: Option<Lang>,
            #[serde(default, deserialize_with = "document::texts")]
            words: Vec<String>,
        }
        let mut errors = Errors::default();
        let entries: Vec<(String, Entry)> = Document::parse(file)?.entries(&mut errors);
        errors.none()?;
        let all: Vec<_> = entries
            .into_iter()
            .map(|(code, entry)| Language {
                code,
                note: entry.note,
                detector: entry.detector,
                words: entry.words.into_iter().collect(),
            })
            .collect();
        let known = all.iter().filter_map(|language| language.detector);
        Ok(Self {
            detector: Detector::with_allowlist(known.chain([Lang::Eng]).collect()),
            all,
        })
    }

    /// None for English, and where it is uncertain.
    pub(super) fn of(&self, question: &str) -> Option<&Language> {
        let text = question.to_lowercase();
        let words: HashSet<_> = text
            .split(|c: char| !c.is_alphanumeric() && !is_mark(c))
            .filter(|word| !word.is_empty())
            .collect();
        let known = |language: &Language| {
            let known = words.iter().filter(|word| language.words.contains(**word));
            known.count()
        };
        let english = words.iter().filter(|word| is_common(word)).count();
        let is_english = english * 2 >= words.len();
        let guess = self.detector.detect(question);
        let guessed = guess.as_ref().map(Info::lang);
        let told = self
            .all
            .iter()
            .map(|language| {
                let is_guessed = guessed.is_some() && language.detector == guessed;
                (known(language), is_guessed, language)
            })
            .filter(|(known, is_guessed, language)| {
                // Pidgin and English share most of their words: a few of its own are enough.
                let is_known_by_words = language.detector.is_none();
                *known
                    >= if is_known_by_words || *is_guessed {
                        2
                    } else {
                        3
                    }
                    && (is_known_by_words || !is_english)
            })
            .max_by_key(|(known, is_guessed, _)| (*known, *is_guessed));
        if let Some((_, _, language)) = told {
            return Some(language);
        }
        let sure = guess.filter(|guess| guess.is_reliable() || guess.script() != Script::Latin)?;
        let mut all = self.all.iter();
        all.find(|language| language.detector == Some(sure.lang()) && !is_english)
    }
}

/// An accent that has no letter of its own to stand on, as in Yoruba.
fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

fn detector<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Lang>, D::Error> {
    let code = document::text(deserializer)?;
    Lang::from_str(&code).map(Some).map_err(|_| {
        let what =
            format!("unknown language {code:?}: expected an ISO 639-3 code that whatlang knows");
        serde::de::Error::custom(what)
    })
}

#[cfg(test)]
mod tests {
    use super::Languages;
    use crate::advisor::Advisors;

    fn built_in() -> Languages {
        let text = include_str!("../../knowledge/languages.toml");
        Languages::parse(("languages.toml", text)).unwrap()
    }

    #[test]
    fn questions_are_known_by_their_language() {
        let languages = built_in();
        let mut wrong = Vec::new();
        for (code, question) in [
            ("es", "¿Por qué me dejó mi novio?"),
            ("es", "mi madre murió y no sé cómo seguir"),
            ("es", "¿Debo dejar mi trabajo?"),
            ("es", "quiero volver con mi ex pero tengo miedo"),
            ("pt", "O que devo fazer com meu marido?"),
            ("pt", "minha mãe não fala comigo há um ano"),
            ("pt", "estou cansada de cuidar de todo mundo"),
            ("fr", "Pourquoi m'a-t-il quitté ?"),
            ("fr", "je ne sais pas comment parler à ma mère"),
            ("fr", "est-ce que je dois changer de travail"),
            ("de", "Soll ich meine Stelle kündigen?"),
            ("de", "ich weiß nicht, ob er mich noch liebt"),
            ("it", "devo lasciare il mio lavoro?"),
            ("it", "mia madre non mi parla più"),
            ("nl", "ik weet niet wat ik moet doen"),
            ("ht", "mwen pa konnen sa pou m fè ankò"),
            ("ht", "poukisa mari mwen kite m"),
            ("yo", "Bawo ni mo ṣe lè rí iṣẹ́ tuntun?"),
            ("yo", "ọkọ mi kò bá mi sọ̀rọ̀ mọ́, kí ni mo lè ṣe"),
            ("pcm", "my oga no dey pay me, wetin I go do"),
            ("pcm", "abeg how I go tell am say I don tire"),
            ("sw", "mume wangu ameniacha, nifanye nini"),
            ("ru", "Что мне делать с мужем?"),
            ("ar", "كيف أتصالح مع أمي؟"),
            ("hi", "मैं अपनी माँ से कैसे बात करूँ?"),
            ("zh", "我应该辞职吗？"),
            ("ja", "仕事を辞めるべきですか？"),
            ("ko", "남편과 어떻게 화해하나요?"),
        ] {
            let language = languages
                .of(question)
                .map(|language| language.code.as_str());
            if language != Some(code) {
                wrong.push((code, language, question));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    /// Pidgin differs from English by few words, so it alone may be found among the passages' own
    /// example questions.
    #[test]
    fn english_is_never_called_foreign() {
        let languages = built_in();
        let advisors = Advisors::load(None, None).unwrap();
        let mut wrong = Vec::new();
        let development = include_str!("../../tests/library/questions.txt");
        let development = development.lines().filter_map(|line| line.split_once(": "));
        let asks = advisors.known.all.iter().flat_map(|(knowledge, _)| {
            let asks = knowledge.passages.iter().flat_map(|passage| &passage.asks);
            asks.map(String::as_str)
        });
        let short = [
            "why", "help me", "no", "me?", "hi", "a son", "so sad", "Mama", "i am", "?",
        ];
        for question in development
            .map(|(_, question)| question)
            .chain(asks)
            .chain(short)
        {
            match languages.of(question) {
                Some(language) if language.code != "pcm" => {
                    wrong.push((language.code.clone(), question.to_owned()));
                }
                _ => {}
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn languages_are_checked() {
        let fault = |text: &str| Languages::parse(("x.toml", text)).unwrap_err().to_string();
        assert!(fault("[xx]\n").starts_with("x.toml:1: missing field `note`"));
        assert!(
            fault("[xx]\nnote = 'n'\ndetector = 'xx'\n")
                .starts_with("x.toml:3: unknown language \"xx\"")
        );
    }
}

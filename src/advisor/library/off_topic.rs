//! Subjects that the library holds nothing on (`knowledge/off-topic.toml`).

use super::{
    super::{embedding::Embedding, knowledge::Subject},
    nearest_few,
};

#[derive(Debug, Default)]
pub(in crate::advisor) struct OffTopic {
    subjects: Vec<Embedded>,
}

#[derive(Debug)]
struct Embedded {
    name: String,
    words: Vec<Embedding>,
    asks: Vec<Embedding>,
}

/// How near a question is to what the library holds nothing on.
#[derive(Debug, Clone, Default)]
pub struct Nearest {
    /// The subject with the nearest question or words; None if there are no subjects.
    pub subject: Option<String>,
    /// To the nearest words of a subject, a cosine.
    pub words: f32,
    /// To the nearest question, a cosine.
    pub ask: f32,
}

impl OffTopic {
    pub(in crate::advisor) fn new(subjects: &[Subject]) -> Self {
        let embed = |texts: &[String]| texts.iter().map(|text| Embedding::of(text)).collect();
        let subjects = subjects.iter().map(|subject| Embedded {
            name: subject.name.clone(),
            words: embed(&subject.words),
            asks: embed(&subject.asks),
        });
        Self {
            subjects: subjects.collect(),
        }
    }

    pub(super) fn nearest(&self, question: &Embedding) -> Nearest {
        let mut found = Nearest::default();
        let mut most = f32::MIN;
        for Embedded { name, words, asks } in &self.subjects {
            let words = nearest_few(question, words);
            let asks = asks.iter().map(|ask| question.cosine(ask));
            let ask = asks.fold(0.0, f32::max);
            found.words = found.words.max(words);
            found.ask = found.ask.max(ask);
            if words.max(ask) > most {
                most = words.max(ask);
                found.subject = Some(name.clone());
            }
        }
        found
    }
}

//! How similar a question is to some terms, by the meaning of each word.

use std::collections::BTreeMap;

use super::{
    super::{knowledge::Subject, vectors::Vector},
    text::{Word, words},
};

/// A word that is asked about.
pub(super) struct Asked {
    pub word: Word,
    pub vector: Option<Vector>,
    /// How rare it is.
    pub weight: f32,
}

/// Words, each once.
#[derive(Debug, Default)]
pub(super) struct Terms {
    /// In alphabetical order.
    pub index: BTreeMap<String, usize>,
    pub all: Vec<Term>,
}

#[derive(Debug)]
pub(super) struct Term {
    pub stem: String,
    pub vector: Option<Vector>,
}

/// The subjects that the library is not about.
#[derive(Debug, Default)]
pub(in crate::advisor) struct Elsewhere {
    terms: Terms,
    subjects: Vec<(String, Vec<(usize, f32)>)>,
}

impl Terms {
    pub(super) fn insert(&mut self, word: &Word) -> usize {
        if let Some(index) = self.index.get(&word.form) {
            return *index;
        }
        self.index.insert(word.form.clone(), self.all.len());
        self.all.push(Term {
            stem: word.stem.clone(),
            vector: Vector::of(&word.form),
        });
        self.all.len() - 1
    }

    /// How similar each word is to each that is asked about: 0 to 1. Squared, so that one close
    /// word counts for more than many that are a little akin.
    pub(super) fn alike(&self, asked: &[Asked]) -> Vec<Vec<f32>> {
        let similar = |asked: &Asked, term: &Term| {
            if asked.word.stem == term.stem {
                return 1.0;
            }
            match (&asked.vector, &term.vector) {
                (Some(a), Some(b)) => a.cosine(b).max(0.0).powi(2),
                _ => 0.0,
            }
        };
        asked
            .iter()
            .map(|asked| self.all.iter().map(|term| similar(asked, term)).collect())
            .collect()
    }
}

impl Elsewhere {
    pub(in crate::advisor) fn new(subjects: &[Subject]) -> Self {
        let mut terms = Terms::default();
        let subjects = subjects
            .iter()
            .map(|subject| {
                let words = subject.words.iter().flat_map(|text| words(text));
                let words = words.map(|word| (terms.insert(&word), 1.0));
                (subject.name.clone(), words.collect())
            })
            .collect();
        Self { terms, subjects }
    }

    pub(super) fn nearest(&self, asked: &[Asked]) -> Option<(String, f32)> {
        let alike = self.terms.alike(asked);
        let likeness = |terms: &Vec<(usize, f32)>| likeness(asked, &alike, terms);
        self.subjects
            .iter()
            .map(|(name, terms)| (name.clone(), likeness(terms)))
            .max_by(|(_, a), (_, b)| a.total_cmp(b))
    }
}

/// How much of what is asked has something similar among some terms: 0 to 1.
pub(super) fn likeness(asked: &[Asked], alike: &[Vec<f32>], terms: &[(usize, f32)]) -> f32 {
    let mut sum = 0.0;
    let mut all = 0.0;
    for (asked, alike) in asked.iter().zip(alike) {
        let best = terms
            .iter()
            .map(|(term, worth)| alike[*term] * worth)
            .fold(0.0, f32::max);
        sum += asked.weight * best;
        all += asked.weight;
    }
    if all > 0.0 { sum / all } else { 0.0 }
}

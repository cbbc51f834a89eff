//! The floor: which passages are near enough to a question to be shown. Some passage is always
//! ranked first.
//!
//! Two logistic regressions. Their weights are learnt by `cargo bench --bench library -- --learn`, which
//! writes `floor/weights.rs`, from the passages' and the off-topic subjects' example questions, each
//! kept back from the index that is asked it. Learn them again after a change of signals or of the
//! embedding table, and after many new passages.

mod weights;

use super::{DIMENSIONS, Nearest, Ranked, Signals};
use weights::{ON_TOPIC, SPEAKS};

/// The log-odds from which the first passage is shown: in cross-validation, 1 in 100 questions about
/// something else passes, and 14 in 100 of the others do not.
const FIRST: f64 = 1.6;
/// The log-odds from which any other is: four in five of those shown for the development set speak to
/// the question. Negative, as an example question was written for one passage, and others may answer it.
const NEXT: f64 = -1.0;

/// The weight of each signal in the log-odds, and their intercept.
struct Regression<const N: usize> {
    intercept: f64,
    weights: [f64; N],
}

impl<const N: usize> Regression<N> {
    fn log_odds(&self, signals: &[f64; N]) -> f64 {
        let weighted = signals.iter().zip(&self.weights);
        weighted.fold(self.intercept, |sum, (signal, weight)| {
            sum + signal * weight
        })
    }
}

/// Features of a question, for whether the library holds anything on it: the signals of the first
/// passage, how near the off-topic subjects are, and the direction of the question itself.
pub(super) fn of_question(
    first: &Signals,
    off_topic: &Nearest,
    question: &[f64; DIMENSIONS],
) -> [f64; 5 + DIMENSIONS] {
    let mut all = [0.0; 5 + DIMENSIONS];
    all[..5].copy_from_slice(&[
        first.words.ln_1p(),
        first.subject,
        first.nearest,
        off_topic.words.into(),
        off_topic.ask.into(),
    ]);
    all[5..].copy_from_slice(question);
    all
}

/// Features of a passage, for whether it speaks to a question.
pub(super) fn of_passage(signals: &Signals, score: f64) -> [f64; 4] {
    [
        signals.words.ln_1p(),
        signals.subject,
        signals.nearest,
        score,
    ]
}

/// The log-odds that a passage is the one that a question was written for.
pub(super) fn speaks(signals: &Signals, score: f64) -> f64 {
    SPEAKS.log_odds(&of_passage(signals, score))
}

/// How many passages, the best first, are shown.
pub(super) fn shown<'a>(
    mut best: impl Iterator<Item = &'a Ranked>,
    off_topic: &Nearest,
    question: &[f64; DIMENSIONS],
) -> usize {
    let is_on_topic = best.next().is_some_and(|first| {
        ON_TOPIC.log_odds(&of_question(&first.signals, off_topic, question)) >= FIRST
    });
    if is_on_topic {
        1 + best.take_while(|next| next.log_odds >= NEXT).count()
    } else {
        0
    }
}

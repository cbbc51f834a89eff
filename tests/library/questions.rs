//! Questions with the passages that answer them, and how many of them the library gets right. For
//! the test that holds it to that, and the bench that prints it.

use std::{fmt, fs, path::Path};

use mula::{
    advisor::{Advisors, Ranking},
    entity::reading::Advisor,
};

pub const ADVISORS: [(&str, Advisor); 4] = [
    ("legba", Advisor::Legba),
    ("oshun", Advisor::Oshun),
    ("shango", Advisor::Shango),
    ("yemaya", Advisor::Yemaya),
];

/// Those that the search was chosen on.
pub const DEVELOPMENT: &str = include_str!("questions.txt");
/// Those that it was not.
const HELD_OUT: [&str; 2] = ["held-out.txt", "held-out-2.txt"];

pub struct Question {
    pub advisor: Advisor,
    pub text: &'static str,
    /// The passages that answer it; none if it is about something else.
    pub answers: Vec<&'static str>,
}

/// The sets that the search was not chosen on, by name: those there are.
pub fn held_out() -> Vec<(&'static str, Vec<Question>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/library");
    let sets = HELD_OUT.into_iter().filter_map(|name| {
        let text = fs::read_to_string(folder.join(name)).ok()?;
        Some((name, read(text.leak())))
    });
    sets.collect()
}

pub fn read(text: &'static str) -> Vec<Question> {
    let mut questions = Vec::new();
    let mut lines = text
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    while let Some(line) = lines.next() {
        let (name, text) = line
            .split_once(": ")
            .unwrap_or_else(|| panic!("{line:?} is not advisor: question"));
        let (_, advisor) = ADVISORS
            .into_iter()
            .find(|(known, _)| *known == name)
            .unwrap_or_else(|| panic!("{name:?} is no advisor"));
        let answers = lines
            .next()
            .and_then(|line| line.strip_prefix(' '))
            .unwrap_or_else(|| panic!("{text:?} has no line under it"));
        questions.push(Question {
            advisor,
            text,
            answers: answers
                .split_whitespace()
                .filter(|slug| *slug != "-")
                .collect(),
        });
    }
    questions
}

impl Question {
    /// The first of the passages found that answers it, from 1.
    pub fn hit(&self, advisors: &Advisors, ranking: &Ranking) -> Option<usize> {
        let mut found = self.found(advisors, ranking);
        found.position(|is_right| is_right).map(|at| at + 1)
    }

    /// Whether one of the first three of the ranking answers it, found or not.
    fn is_ranked(&self, advisors: &Advisors, ranking: &Ranking) -> bool {
        let passages = advisors.passages(self.advisor);
        let mut three = ranking.ranked.iter().take(3);
        three.any(|ranked| self.answers.contains(&passages[ranked.passage].id.as_str()))
    }

    /// How many of the passages found answer it.
    pub fn right(&self, advisors: &Advisors, ranking: &Ranking) -> usize {
        let found = self.found(advisors, ranking);
        found.filter(|is_right| *is_right).count()
    }

    /// For each of the passages found, whether it answers the question.
    fn found(&self, advisors: &Advisors, ranking: &Ranking) -> impl Iterator<Item = bool> {
        let passages = advisors.passages(self.advisor);
        let found = ranking.ranked[..ranking.found].iter();
        found.map(|ranked| {
            let id = passages[ranked.passage].id.as_str();
            self.answers.contains(&id)
        })
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Figures {
    pub questions: usize,
    /// The first passage found answers the question.
    pub first: usize,
    /// One of those found does, of which there are three at most.
    pub three: usize,
    /// Something was found, and one of the first three of the ranking does.
    pub ranked: usize,
    pub about_something_else: usize,
    /// Something was found for what is about something else.
    pub false_hits: usize,
    /// Passages found for the questions that have an answer, and those of them that are one.
    pub shown: usize,
    pub right: usize,
}

impl Figures {
    pub fn measure(advisors: &Advisors, questions: &[Question]) -> Self {
        let mut figures = Self::default();
        for question in questions {
            let ranking = advisors.rank(question.advisor, question.text);
            if question.answers.is_empty() {
                figures.about_something_else += 1;
                figures.false_hits += usize::from(ranking.found > 0);
            } else {
                let hit = question.hit(advisors, &ranking);
                figures.questions += 1;
                figures.shown += ranking.found;
                figures.right += question.right(advisors, &ranking);
                figures.first += usize::from(hit == Some(1));
                figures.three += usize::from(hit.is_some());
                let is_ranked = ranking.found > 0 && question.is_ranked(advisors, &ranking);
                figures.ranked += usize::from(is_ranked);
            }
        }
        figures
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            questions,
            first,
            three,
            ranked,
            about_something_else,
            false_hits,
            shown,
            right,
        } = self;
        #[expect(clippy::cast_precision_loss, reason = "some hundreds of questions")]
        let share = |part: &usize, of: &usize| *part as f64 / *of as f64;
        write!(
            f,
            "hit@1 {:.3} ({first}/{questions}), hit@3 of the ranking {:.3} ({ranked}/{questions}), \
             of those found {:.3} ({three}/{questions}), \
             false hits {:.3} ({false_hits}/{about_something_else}), right of those shown {:.3} ({right}/{shown})",
            share(first, questions),
            share(ranked, questions),
            share(three, questions),
            share(false_hits, about_something_else),
            share(right, shown),
        )
    }
}

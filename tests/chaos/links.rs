//! The links to a reading as the oracle knows them: what opens for a stranger, and what no longer does.

use std::time::Duration;

use super::{
    person::{LATE, STALE},
    transport::Outcome,
};

/// The links that a reading has had, and all that was done about them.
#[derive(Default)]
pub struct Links {
    tokens: Vec<Token>,
    changes: Vec<Change>,
}

struct Token {
    text: String,
    /// When it was first acknowledged.
    known: Duration,
}

/// An operation that makes a link, moves its end, or ends it.
struct Change {
    event: usize,
    began: Duration,
    /// Whether it ends the link.
    ends: bool,
    /// When the link ends by itself.
    expires: Option<Duration>,
    /// The token that was acknowledged.
    token: Option<usize>,
    acknowledged: Option<Duration>,
    /// Since when it is done, or can be no more.
    over: Option<Duration>,
    /// New answers that had been asked for when it was done, none if one may have been on its way.
    answers: Option<u32>,
}

/// A look at a link, from its beginning to its end.
pub struct Glance {
    pub began: Duration,
    pub ended: Duration,
    /// New answers that had been asked for all the time, none if one may have been on its way.
    pub answers: Option<u32>,
    /// How far a clock that judges the link's end may be from the true one.
    pub skew: Duration,
}

impl Links {
    pub fn begin_share(
        &mut self,
        (event, began): (usize, Duration),
        expires: Option<Duration>,
        answers: Option<u32>,
    ) {
        self.changes.push(Change {
            event,
            began,
            ends: false,
            expires,
            token: None,
            acknowledged: None,
            over: None,
            answers,
        });
    }

    pub fn begin_end(&mut self, event: usize, began: Duration) {
        self.begin_share((event, began), None, None);
        if let Some(change) = self.changes.last_mut() {
            change.ends = true;
        }
    }

    /// Notes how an operation ended, with the token that it acknowledged.
    pub fn end(
        &mut self,
        event: usize,
        now: Duration,
        (outcome, token): (&Outcome, Option<&str>),
        answers: Option<u32>,
    ) {
        let token = token.map(|text| self.number_of(text, now));
        let Some(at) = self.changes.iter().position(|it| it.event == event) else {
            return;
        };
        let change = &mut self.changes[at];
        if matches!(outcome, Outcome::Data(_)) {
            change.acknowledged = Some(now);
            change.over = Some(now);
            change.token = token;
        } else if outcome.is_uncertain() {
            change.over = Some(now + LATE);
        } else {
            self.changes.remove(at);
            return;
        }
        if change.answers != answers {
            change.answers = None;
        }
    }

    fn number_of(&mut self, text: &str, now: Duration) -> usize {
        let known = self.tokens.iter().position(|token| token.text == text);
        known.unwrap_or_else(|| {
            self.tokens.push(Token {
                text: text.to_owned(),
                known: now,
            });
            self.tokens.len() - 1
        })
    }

    pub fn count(&self) -> usize {
        self.tokens.len()
    }

    pub fn token(&self, number: usize) -> String {
        self.tokens[number].text.clone()
    }

    /// Whether a token must have shown the reading, as long as that is kept: its share was
    /// acknowledged, and nothing has ended the link or written another answer.
    pub fn must_show(&self, token: usize, glance: &Glance) -> bool {
        let may_end = |change: &Change| {
            let expires = change.expires;
            change.ends || expires.is_some_and(|at| at < glance.ended + glance.skew)
        };
        self.changes.iter().any(|share| {
            share.token == Some(token)
                && share.acknowledged.is_some_and(|at| at <= glance.began)
                && share.answers.is_some()
                && share.answers == glance.answers
                && !may_end(share)
                && !self.others(share).any(may_end)
        })
    }

    /// Whether a token can have shown nothing any more: its link was ended, or has expired, and no
    /// token is given twice.
    pub fn must_not_show(&self, token: usize, glance: &Glance) -> bool {
        let known = self.tokens[token].known;
        let has_passed = |time: Duration| time + STALE < glance.began;
        self.changes.iter().any(|change| {
            let Some(acknowledged) = change.acknowledged else {
                return false;
            };
            if change.ends {
                return known < change.began && has_passed(acknowledged);
            }
            // Another share may have moved the end.
            let is_last = self
                .others(change)
                .all(|other| other.ends || other.token.is_some() && other.token != change.token);
            let expires = change.expires.map(|at| at + glance.skew);
            change.token == Some(token) && is_last && expires.is_some_and(has_passed)
        })
    }

    /// The operations that did not certainly come before one.
    fn others(&self, one: &Change) -> impl Iterator<Item = &Change> {
        let (event, began) = (one.event, one.began);
        self.changes.iter().filter(move |other| {
            other.event != event && other.over.is_none_or(|over| over >= began)
        })
    }
}

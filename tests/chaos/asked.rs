//! A question as the oracle knows it: its attempts, its reading, and what was seen of the answer.

use std::time::Duration;

use serde_json::Value;

use super::{kept::Changes, links::Links};

/// A question that was asked, perhaps several times with one key.
pub struct Asked {
    /// Names the question, in its own words.
    pub mark: String,
    pub key: Option<String>,
    /// The reading that it goes on with.
    pub in_reply_to: Option<String>,
    pub attempts: u32,
    /// The reading, once acknowledged.
    pub id: Option<String>,
    /// New answers that were asked for, or may have been.
    pub regenerations: u32,
    /// Operations that delete it, unless they failed.
    pub deleters: Vec<usize>,
    pub deleted: Option<Duration>,
    /// Attempts to cancel an answer.
    pub cancels: u32,
    /// Of the new answers, the ones that may still come.
    pub regenerating: u32,
    pub ended: Option<Ended>,
    pub followed: Vec<Followed>,
    pub kept: Changes,
    pub links: Links,
}

/// How an answer ended.
pub struct Ended {
    status: String,
    text: Value,
    /// New answers that had been asked for by then.
    answers: u32,
    seen: Duration,
}

/// When a look at a reading began, and how many new answers had been asked for; none while one may
/// be on its way.
pub struct Look {
    began: Duration,
    answers: Option<u32>,
}

/// An error says what is wrong.
pub type Check = Result<(), String>;

/// The text that a follower has assembled.
#[derive(Clone, Debug, Default)]
pub struct Followed {
    pub text: String,
    pub last: i64,
    /// The answer it is, once there was an update.
    pub generation: Option<String>,
    /// How it ended, once it has.
    pub status: Option<String>,
    /// New answers that had been asked for when it began.
    pub regenerations: u32,
    /// Whether a new answer was asked for meanwhile: then a resumption is of that one.
    pub is_over: bool,
}

impl Asked {
    pub fn new(mark: String, key: Option<String>) -> Self {
        Self {
            mark,
            key,
            in_reply_to: None,
            attempts: 0,
            id: None,
            regenerations: 0,
            cancels: 0,
            regenerating: 0,
            deleters: Vec::new(),
            deleted: None,
            ended: None,
            followed: Vec::new(),
            kept: Changes::default(),
            links: Links::default(),
        }
    }

    /// New answers that have been asked for, none while one may be on its way.
    pub fn answers(&self) -> Option<u32> {
        (self.regenerating == 0).then_some(self.regenerations)
    }

    /// Whether it must be there.
    pub fn is_kept(&self) -> bool {
        self.id.is_some() && self.deleters.is_empty()
    }

    /// The expectations for a look at the reading, taken before it.
    pub fn look(&self, began: Duration) -> Look {
        Look {
            began,
            answers: self.answers(),
        }
    }

    /// Checks the reading of an acknowledged attempt.
    ///
    /// # Errors
    ///
    /// What is wrong about it.
    pub fn acknowledged(&mut self, reading: &Value, look: &Look, now: Duration) -> Check {
        let id = reading["id"].as_str().unwrap_or_default();
        match &self.id {
            Some(known) if known != id && self.deleters.is_empty() => {
                return Err(format!("it names {id}, and named {known} before"));
            }
            // A late attempt may come after the deletion, and ask anew: what had ended was another's.
            Some(known) if known != id => return self.asks_this(reading),
            Some(_) => {}
            None => self.id = Some(id.to_owned()),
        }
        self.seen(reading, look, now)
    }

    fn asks_this(&self, reading: &Value) -> Check {
        let question = super::provider::question(&self.mark);
        if reading["question"] != Value::String(question) {
            return Err(format!("another question: {}", reading["question"]));
        }
        Ok(())
    }

    /// Checks a look at the reading.
    ///
    /// # Errors
    ///
    /// What is wrong about it.
    pub fn seen(&mut self, reading: &Value, look: &Look, now: Duration) -> Check {
        self.asks_this(reading)?;
        // Only while no new answer may be on its way.
        let answers = self.answers();
        if answers.is_none() || answers != look.answers {
            return Ok(());
        }
        let status = reading["status"].as_str().unwrap_or_default();
        let response = &reading["response"];
        let is_final = !matches!(status, "PENDING" | "WRITING");
        match &self.ended {
            Some(ended) if Some(ended.answers) == answers => {
                let is_same = ended.status == status && ended.text == *response;
                if look.began > ended.seen && !is_same {
                    let (before, text) = (&ended.status, &ended.text);
                    return Err(format!(
                        "{status} {response} after it had ended {before} {text}"
                    ));
                }
            }
            _ if is_final => {
                self.ended = Some(Ended {
                    status: status.to_owned(),
                    text: response.clone(),
                    answers: self.regenerations,
                    seen: now,
                });
            }
            _ => {}
        }
        Ok(())
    }
}

impl Followed {
    /// Takes an update: of one answer every number once, in order, each where the text so far ends; the
    /// end last and without text.
    pub fn take(&mut self, update: &Value) -> Check {
        let sequence = update["sequence"].as_i64();
        if sequence != Some(self.last + 1) {
            return Err(format!(
                "update {sequence:?} after {}: {update:.200}",
                self.last
            ));
        }
        if let Some(status) = &self.status {
            return Err(format!("an update after the end, {status}: {update:.200}"));
        }
        let generation = update["generation"].as_str();
        let known = self
            .generation
            .get_or_insert_with(|| generation.unwrap_or_default().to_owned());
        if generation != Some(known) {
            return Err(format!(
                "an update of another answer than {known}: {update:.200}"
            ));
        }
        let characters = self.text.chars().count();
        if update["offset"] != characters {
            return Err(format!("not {characters} characters before {update:.200}"));
        }
        self.last += 1;
        let text = update["text"].as_str().unwrap_or_default();
        self.text += text;
        if update["status"] != "WRITING" {
            if !text.is_empty() {
                return Err(format!("an end with text: {update:.200}"));
            }
            self.status = update["status"].as_str().map(str::to_owned);
        }
        Ok(())
    }

    /// Whether it is the beginning, or if it ended all, of this text.
    pub fn agrees_with(&self, text: &str) -> bool {
        if self.status.is_some() {
            text == self.text
        } else {
            text.starts_with(&self.text)
        }
    }
}

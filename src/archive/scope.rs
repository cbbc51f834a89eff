//! Scope of a file of one user's data, which that user may have edited: it restores readings of an
//! existing account, and creates and changes nothing else.

use uuid::Uuid;

use super::{
    BrokenRule,
    line::{Line, Scope},
};

/// A file's scope, while it is read.
pub(super) enum Scoped {
    All,
    /// Of the user whose line has been read, once it has.
    User(Option<Uuid>),
}

impl Scoped {
    pub(super) fn new(scope: Scope) -> Self {
        match scope {
            Scope::All => Self::All,
            Scope::User => Self::User(None),
        }
    }

    /// Whether the file is of one user.
    pub(super) fn is_of_user(&self) -> bool {
        matches!(self, Self::User(_))
    }

    /// # Errors
    ///
    /// The rule that the line fails.
    pub(super) fn check(&mut self, line: &Line) -> Result<(), BrokenRule> {
        let Self::User(owner) = self else {
            return match line {
                Line::Session(_) => Err(BrokenRule::new(
                    "SCOPE",
                    "an export of all data holds no sessions",
                )),
                _ => Ok(()),
            };
        };
        match line {
            Line::User(user) if user.hashed_password.is_some() => Err(BrokenRule::new(
                "SCOPE",
                "one user's export holds no password hash",
            )),
            Line::User(user) => match owner.replace(user.id) {
                None => Ok(()),
                Some(first) => {
                    *owner = Some(first);
                    Err(BrokenRule::new("SCOPE", "one user's export holds one user"))
                }
            },
            Line::Reading(reading) if reading.idempotency_keys.is_some() => Err(BrokenRule::new(
                "SCOPE",
                "one user's export holds no idempotency keys",
            )),
            Line::Reading(reading) => is_owners(*owner, reading.user_id),
            Line::UsageDay(day) => is_owners(*owner, day.user_id),
            Line::UsageMonth(month) => is_owners(*owner, month.user_id),
            Line::Session(session) => is_owners(*owner, session.user_id),
            Line::AccountEvent(event) => is_owners(*owner, event.user_id),
            Line::ServiceMonth(_) => Err(BrokenRule::new(
                "SCOPE",
                "one user's export holds nothing of the service's",
            )),
            Line::Header(_) | Line::End(_) => Ok(()),
        }
    }
}

fn is_owners(owner: Option<Uuid>, id: Uuid) -> Result<(), BrokenRule> {
    if owner == Some(id) {
        return Ok(());
    }
    Err(BrokenRule::new(
        "SCOPE",
        "one user's export holds only what is that user's, after the user's line",
    ))
}

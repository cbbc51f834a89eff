//! Scope of a file of one user's data, which that user may have edited: it restores readings of an
//! existing account, and creates and changes nothing else.

use uuid::Uuid;

use super::{
    Rule,
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

    /// # Errors
    ///
    /// The rule that the line fails.
    pub(super) fn check(&mut self, line: &Line) -> Result<(), Rule> {
        let Self::User(owner) = self else {
            return Ok(());
        };
        match line {
            Line::User(user) if user.hashed_password.is_some() => Err(Rule::new(
                "SCOPE",
                "one user's export holds no password hash",
            )),
            Line::User(user) => match owner.replace(user.id) {
                None => Ok(()),
                Some(first) => {
                    *owner = Some(first);
                    Err(Rule::new("SCOPE", "one user's export holds one user"))
                }
            },
            Line::Reading(reading) if reading.idempotency_keys.is_some() => Err(Rule::new(
                "SCOPE",
                "one user's export holds no idempotency keys",
            )),
            Line::Reading(reading) => is_owners(*owner, reading.user_id),
            Line::UsageDay(day) => is_owners(*owner, day.user_id),
            Line::UsageMonth(month) => is_owners(*owner, month.user_id),
            Line::ServiceMonth(_) => Err(Rule::new(
                "SCOPE",
                "one user's export holds nothing of the service's",
            )),
            Line::Header(_) | Line::End(_) => Ok(()),
        }
    }
}

fn is_owners(owner: Option<Uuid>, id: Uuid) -> Result<(), Rule> {
    if owner == Some(id) {
        return Ok(());
    }
    Err(Rule::new(
        "SCOPE",
        "one user's export holds only what is that user's, after the user's line",
    ))
}

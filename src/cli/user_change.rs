//! `mula user set-email` and `sessions`: an account's address and sessions.

use serde_json::json;

use super::{
    Error, Opened, count, print,
    user_show::{find, id, session_json, session_text, typed},
};
use crate::{account::operator, clock::Clock};

/// # Errors
///
/// If there is no such account, or the address fails its rules or is taken.
pub(super) async fn set_email(
    opened: &Opened,
    account: &str,
    new: &str,
    as_json: bool,
) -> Result<(), Error> {
    let before = find(opened, account).await?;
    let changed = operator::set_email(&opened.database, before.id, new, &Clock::default()).await;
    let user = opened.changed(account, changed)?;
    let json = json!({
        "id": typed(user.id, "user"),
        "uuid": user.id,
        "email": user.email,
        "earlier_email": before.email,
    });
    let (before, now) = (before.email, user.email);
    let text = format_args!("{before} has the address {now}, which is not confirmed");
    print(as_json, &json, text)
}

/// The sessions to end.
#[derive(Clone, Debug)]
pub(super) enum Revoke {
    None,
    All,
    One(String),
}

/// # Errors
///
/// If there is no such account, or no such live session of its own.
pub(super) async fn sessions(
    opened: &Opened,
    account: &str,
    revoke: Revoke,
    as_json: bool,
) -> Result<(), Error> {
    let user = find(opened, account).await?;
    let (db, clock) = (&opened.database, Clock::default());
    let only = match revoke {
        Revoke::None => return list(opened, &user.email, user.id, &clock, as_json).await,
        Revoke::All => None,
        Revoke::One(session) => {
            Some(id(&session).ok_or_else(|| Error::NoSuchSession(session.clone()))?)
        }
    };
    let ended = operator::revoke_sessions(db, user.id, only, &clock).await;
    let ended = opened.named(ended)?;
    if let (Some(only), 0) = (only, ended) {
        return Err(Error::NoSuchSession(typed(only, "session")));
    }
    let json = json!({ "email": user.email, "ended_sessions": ended });
    let text = format_args!("{}: {} ended", user.email, count(ended, "session"));
    print(as_json, &json, text)
}

async fn list(
    opened: &Opened,
    email: &str,
    user_id: uuid::Uuid,
    clock: &Clock,
    as_json: bool,
) -> Result<(), Error> {
    let sessions = operator::sessions(&opened.database, user_id, clock.now()).await;
    let sessions = opened.named(sessions)?;
    let json = sessions.iter().map(session_json).collect();
    let total = format!("{email}: {}", count(sessions.len(), "session"));
    let lines: Vec<_> = sessions.iter().map(session_text).chain([total]).collect();
    print(as_json, &json, lines.join("\n"))
}

//! `mula user show`: an account, found by any id that logs, the API or the tables give.

use std::io::{self, Write};

use serde_json::json;
use type_safe_id::{DynamicType, TypeSafeId};
use uuid::Uuid;

use super::{Error, Opened};
use crate::{
    account::operator::{self, Shown},
    clock::Clock,
    config::AccountSettings,
};

/// The id in a text: a UUID, or one with its type before it (`user_01h455vb4pex5vsknk084sn02q`).
fn id(text: &str) -> Option<Uuid> {
    let typed = || {
        let id: TypeSafeId<DynamicType> = text.parse().ok()?;
        Some(id.uuid())
    };
    text.parse().ok().or_else(typed)
}

pub(super) fn typed(uuid: Uuid, kind: &str) -> String {
    let kind = DynamicType::new(kind).expect("the kinds here are lower-case letters");
    TypeSafeId::from_type_and_uuid(kind, uuid).to_string()
}

pub(super) async fn run(
    opened: &Opened,
    account: &str,
    settings: &AccountSettings,
    as_json: bool,
) -> Result<(), Error> {
    let found = operator::find(&opened.database, account, id(account)).await;
    let user = opened.named(found)?;
    let user = user.ok_or_else(|| Error::NoSuchUser(account.to_owned()))?;
    let shown = operator::show(&opened.database, user, Clock::default().now()).await;
    let shown = opened.named(shown)?;
    let mut out = io::stdout().lock();
    if as_json {
        writeln!(out, "{:#}", json(&shown, settings))?;
    } else {
        text(&mut out, &shown, settings)?;
    }
    Ok(())
}

fn json(shown: &Shown, settings: &AccountSettings) -> serde_json::Value {
    let user = &shown.user;
    let sessions = shown.sessions.iter().map(|session| {
        json!({
            "id": typed(session.id, "session"),
            "uuid": session.id,
            "created_at": session.created_at,
            "expires_at": session.expires_at,
            "user_agent": session.user_agent,
        })
    });
    json!({
        "id": typed(user.id, "user"),
        "uuid": user.id,
        "email": user.email,
        "username": user.username,
        "is_active": user.is_active,
        "created_at": user.created_at,
        "updated_at": user.updated_at,
        "last_sign_in_at": shown.last_sign_in,
        "sessions": sessions.collect::<Vec<_>>(),
        "readings": shown.readings,
        "last_reading_at": shown.last_reading,
        "readings_today": shown.readings_today,
        "readings_per_day": settings.readings_per_day,
        "tokens_this_month": shown.tokens,
        "cost_this_month": dollars(shown.cost),
        "cost_per_month": settings.cost_per_month.map(dollars),
        "limits_reached": reached(shown, settings),
    })
}

/// The limits that the account cannot go past today or this month.
fn reached(shown: &Shown, settings: &AccountSettings) -> Vec<&'static str> {
    let day = settings
        .readings_per_day
        .is_some_and(|limit| i64::from(shown.readings_today) >= i64::from(limit));
    let month = settings
        .cost_per_month
        .is_some_and(|limit| shown.cost >= limit);
    [("READINGS_PER_DAY", day), ("COST_PER_MONTH", month)]
        .into_iter()
        .filter_map(|(name, is_reached)| is_reached.then_some(name))
        .collect()
}

pub(super) fn dollars(nano: i64) -> String {
    rust_decimal::Decimal::new(nano, 9).normalize().to_string()
}

fn text(out: &mut impl Write, shown: &Shown, settings: &AccountSettings) -> io::Result<()> {
    let user = &shown.user;
    let time = |time: chrono::DateTime<chrono::Utc>| time.format("%Y-%m-%d %H:%M UTC").to_string();
    let of = |limit: Option<String>| limit.map_or(String::new(), |limit| format!(" of {limit}"));
    let or_never = |at: Option<_>| at.map_or_else(|| "never".to_owned(), time);
    let per_day = settings.readings_per_day.map(|limit| limit.to_string());
    let per_month = settings.cost_per_month.map(dollars);
    let reached = match &reached(shown, settings)[..] {
        [] => "none".to_owned(),
        names => names.join(", "),
    };
    for (name, value) in [
        ("email", user.email.clone()),
        ("username", user.username.clone()),
        ("id", typed(user.id, "user")),
        ("uuid", user.id.to_string()),
        (
            "active",
            if user.is_active { "yes" } else { "no" }.to_owned(),
        ),
        ("created", time(user.created_at)),
        ("changed", time(user.updated_at)),
        ("last sign-in", or_never(shown.last_sign_in)),
        ("readings", shown.readings.to_string()),
        ("last reading", or_never(shown.last_reading)),
        (
            "today",
            format!("{}{} readings", shown.readings_today, of(per_day)),
        ),
        (
            "this month",
            format!(
                "${}{}, {} tokens",
                dollars(shown.cost),
                of(per_month),
                shown.tokens
            ),
        ),
        ("limits reached", reached),
        ("sessions", shown.sessions.len().to_string()),
    ] {
        writeln!(out, "{name:<15} {value}")?;
    }
    for session in &shown.sessions {
        writeln!(
            out,
            "  {}  since {}, until {}  {}",
            typed(session.id, "session"),
            time(session.created_at),
            time(session.expires_at),
            session.user_agent.as_deref().unwrap_or("no user agent")
        )?;
    }
    Ok(())
}

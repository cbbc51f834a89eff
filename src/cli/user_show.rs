//! `mula user show`: an account, found by any id that logs, the API or the tables give.

use std::io::{self, Write};

use chrono::{DateTime, Utc};
use sea_orm::ActiveEnum;
use serde_json::json;
use type_safe_id::{DynamicType, TypeSafeId};
use uuid::Uuid;

use super::{
    Error, Opened,
    user_quota::{own_json, own_text},
};
use crate::{
    account::operator::{self, Shown},
    clock::Clock,
    config::AccountSettings,
    entity::{session, user},
    generation::Quota,
};

/// The id in a text: a UUID, or one with its type before it (`user_01h455vb4pex5vsknk084sn02q`).
pub(super) fn id(text: &str) -> Option<Uuid> {
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

/// The account with an email, an id, or a session or reading of this id.
pub(super) async fn find(opened: &Opened, account: &str) -> Result<user::Model, Error> {
    let found = operator::find(&opened.database, account, id(account)).await;
    let user = opened.named(found)?;
    user.ok_or_else(|| Error::NoSuchUser(account.to_owned()))
}

pub(super) async fn run(
    opened: &Opened,
    account: &str,
    settings: &AccountSettings,
    as_json: bool,
) -> Result<(), Error> {
    let user = find(opened, account).await?;
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

pub(super) fn session_json(session: &session::Model) -> serde_json::Value {
    json!({
        "id": typed(session.id, "session"),
        "uuid": session.id,
        "created_at": session.created_at,
        "expires_at": session.expires_at,
        "last_used_at": session.last_used_at,
        "user_agent": session.user_agent,
    })
}

pub(super) fn session_text(session: &session::Model) -> String {
    format!(
        "{}  since {}, until {}  {}",
        typed(session.id, "session"),
        time(session.created_at),
        time(session.expires_at),
        session.user_agent.as_deref().unwrap_or("no user agent")
    )
}

fn time(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M UTC").to_string()
}

fn json(shown: &Shown, settings: &AccountSettings) -> serde_json::Value {
    let user = &shown.user;
    let quota = Quota::of(user, &settings.quotas);
    let sessions = shown.sessions.iter().map(session_json);
    let events = shown.events.iter().map(|event| {
        json!({
            "id": typed(event.id, "event"),
            "kind": event.kind,
            "created_at": event.created_at,
            "session": event.session_id.map(|id| typed(id, "session")),
            "user_agent": event.user_agent,
        })
    });
    json!({
        "id": typed(user.id, "user"),
        "uuid": user.id,
        "email": user.email,
        "username": user.username,
        "is_active": user.is_active,
        "is_guest": user.is_guest,
        "created_at": user.created_at,
        "updated_at": user.updated_at,
        "last_sign_in_at": shown.last_sign_in,
        "sessions": sessions.collect::<Vec<_>>(),
        "events": events.collect::<Vec<_>>(),
        "readings": shown.readings,
        "last_reading_at": shown.last_reading,
        "readings_today": shown.readings_today,
        "readings_per_day": quota.readings_per_day,
        "tokens_this_month": shown.tokens,
        "cost_this_month": dollars(shown.cost),
        "cost_per_month": quota.cost_per_month.map(dollars),
        "own_limits": own_json(user),
        "limits_reached": reached(shown, quota),
    })
}

/// The limits that the account cannot go past today or this month.
fn reached(shown: &Shown, quota: Quota) -> Vec<&'static str> {
    let day = quota
        .readings_per_day
        .is_some_and(|limit| i64::from(shown.readings_today) >= i64::from(limit));
    let month = quota
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
    let of = |limit: Option<String>| limit.map_or(String::new(), |limit| format!(" of {limit}"));
    let or_never = |at: Option<_>| at.map_or_else(|| "never".to_owned(), time);
    let quota = Quota::of(user, &settings.quotas);
    let per_day = quota.readings_per_day.map(|limit| limit.to_string());
    let per_month = quota.cost_per_month.map(dollars);
    let reached = match &reached(shown, quota)[..] {
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
        ("guest", if user.is_guest { "yes" } else { "no" }.to_owned()),
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
        ("own limits", own_text(user)),
        ("limits reached", reached),
        ("sessions", shown.sessions.len().to_string()),
    ] {
        writeln!(out, "{name:<15} {value}")?;
    }
    for session in &shown.sessions {
        writeln!(out, "  {}", session_text(session))?;
    }
    if !shown.events.is_empty() {
        writeln!(out, "newest events")?;
    }
    for event in &shown.events {
        writeln!(
            out,
            "  {}  {:<16}  {}",
            time(event.created_at),
            event.kind.to_value(),
            event.user_agent.as_deref().unwrap_or("no user agent")
        )?;
    }
    Ok(())
}

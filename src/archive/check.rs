//! Rules for a line of an archive, whatever the database holds.

use crate::{
    account::name,
    config::{COST_MAX, READINGS_MAX},
    entity::{reading::Status, user},
    reading::{NOTE_MAX, REASON_MAX, is_token},
};

use super::{
    BrokenRule,
    line::{Generation, Line, Outcome, Reading, User},
};

/// Characters, of the columns.
const EMAIL: usize = 255;
const USERNAME: usize = 100;
const USERNAME_KEY: usize = 400;
const HASH: usize = 255;
const LOCALE: usize = 35;
const USER_AGENT: usize = 255;
const FAILURE_CODE: usize = 64;
const KEY: usize = 255;
const PROMPT_VERSION: usize = 64;
/// Hexadecimal digits of SHA-256.
const DIGEST: usize = 64;

/// The line in the form in which it is stored.
///
/// # Errors
///
/// The first rule it fails.
pub(super) fn check(line: Line) -> Result<Line, BrokenRule> {
    match line {
        Line::User(user) => checked_user(user).map(Line::User),
        Line::UsageDay(day) => not_negative(day.readings).map(|()| Line::UsageDay(day)),
        Line::UsageMonth(month) => not_negative(month.tokens)
            .and(not_negative(month.cost_nano_usd))
            .map(|()| Line::UsageMonth(month)),
        Line::ServiceMonth(month) => not_negative(month.tokens)
            .and(not_negative(month.cost_nano_usd))
            .map(|()| Line::ServiceMonth(month)),
        Line::Reading(reading) => check_reading(&reading).map(|()| Line::Reading(reading)),
        Line::AccountEvent(event) => {
            let agent = event.user_agent.as_deref().unwrap_or_default();
            short("user_agent", agent, USER_AGENT)?;
            no_nul([agent])?;
            Ok(Line::AccountEvent(event))
        }
        other @ (Line::Header(_) | Line::Session(_) | Line::End(_)) => Ok(other),
    }
}

/// With its names as they are stored.
pub(super) fn checked_user(user: User) -> Result<User, BrokenRule> {
    let (email, username) = (name::stored(&user.email), name::stored(&user.username));
    if email.key.is_empty() || username.key.is_empty() {
        return Err(BrokenRule::new(
            "EMPTY",
            "an account has an email and a username",
        ));
    }
    short("email", &email.text, EMAIL)?;
    short("email, case-folded,", &email.key, EMAIL)?;
    short("username", &username.text, USERNAME)?;
    short("username, case-folded,", &username.key, USERNAME_KEY)?;
    let hash = user.hashed_password.as_deref().unwrap_or_default();
    short("hashed_password", hash, HASH)?;
    short("locale", &user.locale, LOCALE)?;
    no_nul([email.text.as_str(), &username.text, hash, &user.locale])?;
    own_limits(&user)?;
    Ok(User {
        email: email.text,
        username: username.text,
        ..user
    })
}

fn own_limits(user: &User) -> Result<(), BrokenRule> {
    let none = i64::from(user::NO_LIMIT);
    let readings = user.readings_per_day.map(i64::from);
    let cost = user.cost_per_month_nano_usd;
    if readings.is_some_and(|own| own != none && !(1..=i64::from(READINGS_MAX)).contains(&own))
        || cost.is_some_and(|own| own != none && !(0..=COST_MAX).contains(&own))
    {
        return Err(BrokenRule::new(
            "INVALID_LIMIT",
            format!(
                "readings_per_day is from 1 to {READINGS_MAX}, cost_per_month_nano_usd from 0 to {COST_MAX}, \
                 or either is {none} for no limit"
            ),
        ));
    }
    Ok(())
}

fn check_reading(reading: &Reading) -> Result<(), BrokenRule> {
    no_nul([reading.question.as_str(), &reading.cache_key])?;
    no_nul(reading.response.as_deref())?;
    no_nul(reading.note.as_deref())?;
    let note = reading.note.as_deref().unwrap_or_default();
    short("note", note, NOTE_MAX)?;
    if reading
        .share
        .as_ref()
        .is_some_and(|share| !is_token(&share.token))
    {
        return Err(BrokenRule::new(
            "INVALID_TOKEN",
            "a share's token has 43 characters of base64url",
        ));
    }
    check_outcome(&reading.outcome)?;
    exactly("cache_key", &reading.cache_key, DIGEST)?;
    if !reading
        .generations
        .iter()
        .any(|generation| generation.id == reading.generation_id)
    {
        return Err(BrokenRule::new(
            "NO_GENERATION",
            "generation_id names none of the reading's generations",
        ));
    }
    for generation in &reading.generations {
        check_generation(reading, generation)?;
    }
    for key in reading.idempotency_keys.iter().flatten() {
        no_nul([key.key.as_str(), &key.request])?;
        short("an idempotency key", &key.key, KEY)?;
        exactly("request", &key.request, DIGEST)?;
    }
    Ok(())
}

fn check_generation(of: &Reading, generation: &Generation) -> Result<(), BrokenRule> {
    let more = [&generation.response, &generation.rating_reason];
    no_nul(more.into_iter().flatten().map(String::as_str))?;
    no_nul(generation.prompt_version.as_deref())?;
    for (what, text, longest) in [
        ("rating_reason", &generation.rating_reason, REASON_MAX),
        ("prompt_version", &generation.prompt_version, PROMPT_VERSION),
    ] {
        short(what, text.as_deref().unwrap_or_default(), longest)?;
    }
    if generation.rating.is_none() && generation.rating_reason.is_some() {
        return Err(BrokenRule::new(
            "NO_RATING",
            "a rating_reason belongs to a rating",
        ));
    }
    check_outcome(&generation.outcome)?;
    if !(-1..=4).contains(&generation.cast_open) {
        return Err(BrokenRule::new(
            "INVALID_CAST",
            "cast_open is the number of open lobes, 0 to 4, or -1",
        ));
    }
    let text = if generation.id == of.generation_id {
        &of.response
    } else {
        &generation.response
    };
    let text = text.as_deref().unwrap_or_default();
    not_negative(generation.cached_tokens)?;
    not_negative(generation.reasoning_tokens)?;
    let ends = &generation.piece_ends;
    let good = ends.is_sorted_by(|a, b| a < b)
        && ends.iter().all(|&end| text.is_char_boundary(end))
        && ends.last().copied().unwrap_or_default() == text.len();
    if !good {
        return Err(BrokenRule::new(
            "INVALID_PIECES",
            "piece_ends ascend, fall between characters, and the last is the text's length",
        ));
    }
    Ok(())
}

fn check_outcome(outcome: &Outcome) -> Result<(), BrokenRule> {
    if matches!(outcome.status, Status::Pending | Status::Writing) {
        return Err(BrokenRule::new(
            "UNFINISHED",
            "status is COMPLETED, CANCELLED or FAILED: nobody would write the rest",
        ));
    }
    not_negative(outcome.tokens_used)?;
    not_negative(outcome.cost_nano_usd)?;
    let texts = [
        &outcome.model,
        &outcome.failure_code,
        &outcome.failure_message,
    ];
    no_nul(texts.into_iter().flatten().map(String::as_str))?;
    for source in &outcome.sources {
        let more = [&source.excerpt, &source.url];
        no_nul(
            std::iter::once(source.title.as_str())
                .chain(more.into_iter().flatten().map(String::as_str)),
        )?;
    }
    let code = outcome.failure_code.as_deref().unwrap_or_default();
    short("failure_code", code, FAILURE_CODE)
}

fn not_negative(number: impl Into<i64>) -> Result<(), BrokenRule> {
    if number.into() < 0 {
        return Err(BrokenRule::new(
            "NEGATIVE",
            "tokens, costs and counts are not negative",
        ));
    }
    Ok(())
}

fn short(what: &str, text: &str, longest: usize) -> Result<(), BrokenRule> {
    if text.chars().count() > longest {
        return Err(BrokenRule::new(
            "TOO_LONG",
            format!("{what} has more than {longest} characters"),
        ));
    }
    Ok(())
}

fn exactly(what: &str, text: &str, digits: usize) -> Result<(), BrokenRule> {
    if text.len() != digits || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(BrokenRule::new(
            "INVALID_DIGEST",
            format!("{what} is made of {digits} hexadecimal digits"),
        ));
    }
    Ok(())
}

/// PostgreSQL's text holds none.
fn no_nul<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<(), BrokenRule> {
    if texts.into_iter().any(|text| text.contains('\0')) {
        return Err(BrokenRule::new("NUL", "a text cannot hold a NUL character"));
    }
    Ok(())
}

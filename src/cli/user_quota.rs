//! `mula user quota`: an account's own limits, in place of the settings'.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{
    Error, Opened,
    user_show::{dollars, find, typed},
};
use crate::{
    account::operator::{self, Own},
    clock::Clock,
    config::{AccountSettings, DOLLARS, Quotas, READINGS_MAX, nano_dollars},
    entity::user::{self, NO_LIMIT},
    generation::Quota,
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The account's email or id
    #[arg(value_name = "EMAIL|ID")]
    account: String,
    /// Readings that it may ask for in a day (UTC): a number, unlimited, or default for the setting's
    #[arg(long, value_name = "NUMBER|unlimited|default", value_parser = readings, allow_hyphen_values = true)]
    readings: Option<Own<i32>>,
    /// US dollars that its answers may cost in a month (UTC): an amount, unlimited, or default for the setting's
    #[arg(long, value_name = "DOLLARS|unlimited|default", value_parser = cost, allow_hyphen_values = true)]
    cost: Option<Own<i64>>,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

fn readings(text: &str) -> Result<Own<i32>, String> {
    own(text, |text| {
        let limit = text.parse().ok()?;
        (1..=READINGS_MAX.cast_signed())
            .contains(&limit)
            .then_some(limit)
    })
    .ok_or_else(|| format!("expected a number from 1 to {READINGS_MAX}, unlimited or default"))
}

fn cost(text: &str) -> Result<Own<i64>, String> {
    own(text, nano_dollars).ok_or_else(|| format!("expected {DOLLARS}, unlimited or default"))
}

fn own<T: From<i8>>(text: &str, amount: impl Fn(&str) -> Option<T>) -> Option<Own<T>> {
    match text.trim() {
        "default" => Some(Own(None)),
        "unlimited" => Some(Own(Some(NO_LIMIT.into()))),
        text => amount(text).map(|amount| Own(Some(amount))),
    }
}

/// # Errors
///
/// If there is no such account, or the cost of answers is unknown; then nothing has changed.
pub(super) async fn run(
    opened: &Opened,
    arguments: Arguments,
    settings: &AccountSettings,
) -> Result<(), Error> {
    let Arguments {
        account,
        readings,
        cost,
        json,
    } = arguments;
    if settings.lacks_prices && matches!(cost, Some(Own(Some(limit))) if limit >= 0) {
        return Err(Error::NoPrices);
    }
    let mut user = find(opened, &account).await?;
    if readings.is_some() || cost.is_some() {
        let now = Clock::default().now();
        let changed = operator::set_quota(&opened.database, user.id, readings, cost, now).await;
        user = opened.changed(&account, changed)?;
    }
    let mut out = io::stdout().lock();
    if json {
        writeln!(out, "{:#}", limits_json(&user, &settings.quotas))?;
    } else {
        limits_text(&mut out, &user, &settings.quotas)?;
    }
    Ok(())
}

/// The limits that hold for an account, and those of its own.
pub(super) fn limits_json(user: &user::Model, settings: &Quotas) -> Value {
    let quota = Quota::of(user, settings);
    json!({
        "id": typed(user.id, "user"),
        "uuid": user.id,
        "email": user.email,
        "readings_per_day": quota.readings_per_day,
        "cost_per_month": quota.cost_per_month.map(dollars),
        "own_limits": own_json(user),
    })
}

pub(super) fn limits_text(
    out: &mut impl Write,
    user: &user::Model,
    settings: &Quotas,
) -> io::Result<()> {
    let quota = Quota::of(user, settings);
    let or_none = |limit: Option<String>| limit.unwrap_or_else(|| "unlimited".to_owned());
    let from = |is_own: bool, setting| if is_own { "its own limit" } else { setting };
    let of_day = if user.is_guest {
        "GUEST_READINGS_PER_DAY"
    } else {
        "READINGS_PER_DAY"
    };
    let readings = or_none(quota.readings_per_day.map(|limit| limit.to_string()));
    let cost = or_none(
        quota
            .cost_per_month
            .map(|limit| format!("${}", dollars(limit))),
    );
    writeln!(out, "{}", user.email)?;
    for (name, limit, from) in [
        (
            "readings a day",
            readings,
            from(user.readings_per_day.is_some(), of_day),
        ),
        (
            "cost a month",
            cost,
            from(user.cost_per_month.is_some(), "COST_PER_MONTH"),
        ),
    ] {
        writeln!(out, "  {name:<15} {limit}, {from}")?;
    }
    Ok(())
}

/// An account's own limits, null where the settings' hold.
pub(super) fn own_json(user: &user::Model) -> Value {
    fn limit<T: Into<Value>>(own: Option<T>, is_none: bool) -> Value {
        if is_none {
            return "unlimited".into();
        }
        own.map_or(Value::Null, Into::into)
    }
    let (readings, cost) = (user.readings_per_day, user.cost_per_month);
    json!({
        "readings_per_day": limit(readings, readings.is_some_and(|own| own < 0)),
        "cost_per_month": limit(cost.map(dollars), cost.is_some_and(|own| own < 0)),
    })
}

pub(super) fn own_text(user: &user::Model) -> String {
    let readings = user.readings_per_day.map(|own| match own {
        ..0 => "unlimited readings a day".to_owned(),
        own => format!("{own} readings a day"),
    });
    let cost = user.cost_per_month.map(|own| match own {
        ..0 => "unlimited cost a month".to_owned(),
        own => format!("${} a month", dollars(own)),
    });
    let own: Vec<_> = readings.into_iter().chain(cost).collect();
    if own.is_empty() {
        "none".to_owned()
    } else {
        own.join(", ")
    }
}

//! `mula usage`: answers, their cost and their ratings, by what wrote them.

use std::io::{self, Write};

use sea_orm::ActiveEnum;
use serde_json::{Value, json};

use super::{
    Error, Opened,
    table::table,
    user_quota::{limits_json, limits_text},
    user_show::{dollars, find},
};
use crate::{
    config::{AccountSettings, DatabaseSettings},
    reading::{Worth, worth},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Only the answers of the account with this email or id, and its limits
    #[arg(long, value_name = "EMAIL|ID")]
    user: Option<String>,
    /// Print a JSON array; with --user an object with them as its answers
    #[arg(long)]
    json: bool,
}

const HEAD: [&str; 9] = [
    "advisor",
    "engine",
    "model",
    "prompt",
    "answers",
    "helpful",
    "not helpful",
    "tokens",
    "cost",
];

pub async fn run(
    arguments: &Arguments,
    database: &DatabaseSettings,
    settings: &AccountSettings,
) -> Result<(), Error> {
    let opened = Opened::migrated(database).await?;
    let user = match &arguments.user {
        Some(account) => Some(find(&opened, account).await?),
        None => None,
    };
    let of = user.as_ref().map(|user| user.id);
    let rows = opened.named(worth(opened.database.reads(), of).await)?;
    opened.database.close().await;
    let mut out = io::stdout().lock();
    if arguments.json {
        let rows: Vec<_> = rows.iter().map(as_json).collect();
        let mut all = Value::from(rows);
        if let Some(user) = user {
            let answers = all;
            all = limits_json(&user, &settings.quotas);
            all["answers"] = answers;
        }
        writeln!(out, "{all:#}")?;
        return Ok(());
    }
    let rows: Vec<_> = rows.iter().map(cells).collect();
    table(&mut out, HEAD, &rows)?;
    if let Some(user) = user {
        writeln!(out)?;
        limits_text(&mut out, &user, &settings.quotas)?;
    }
    Ok(())
}

fn cells(row: &Worth) -> [String; 9] {
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    [
        row.advisor.to_value(),
        row.engine.to_value(),
        or_none(&row.model),
        or_none(&row.prompt_version),
        row.answers.to_string(),
        row.helpful.to_string(),
        row.not_helpful.to_string(),
        row.tokens.to_string(),
        format!("${}", dollars(row.cost)),
    ]
}

fn as_json(row: &Worth) -> Value {
    json!({
        "advisor": row.advisor,
        "engine": row.engine,
        "model": row.model,
        "prompt_version": row.prompt_version,
        "answers": row.answers,
        "helpful": row.helpful,
        "not_helpful": row.not_helpful,
        "tokens": row.tokens,
        "cost": dollars(row.cost),
    })
}

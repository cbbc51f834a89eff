//! `mula usage`: answers, their cost and their ratings, by what wrote them.

use std::io::{self, Write};

use sea_orm::ActiveEnum;
use serde_json::{Value, json};

use super::{Error, Opened, user_show::dollars};
use crate::{
    config::DatabaseSettings,
    reading::{Worth, worth},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Print a JSON array
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

pub async fn run(arguments: &Arguments, settings: &DatabaseSettings) -> Result<(), Error> {
    let opened = Opened::migrated(settings).await?;
    let rows = opened.named(worth(opened.database.reads()).await)?;
    opened.database.close().await;
    let mut out = io::stdout().lock();
    if arguments.json {
        let rows: Vec<_> = rows.iter().map(as_json).collect();
        writeln!(out, "{:#}", Value::from(rows))?;
        return Ok(());
    }
    let rows: Vec<_> = rows.iter().map(cells).collect();
    let widths: Vec<_> = HEAD
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let cells = rows.iter().map(|row| row[at].chars().count());
            cells.chain([name.len()]).max().unwrap_or_default()
        })
        .collect();
    for row in [HEAD.map(ToOwned::to_owned)].iter().chain(&rows) {
        let cells = row.iter().zip(&widths);
        let line: Vec<_> = cells
            .map(|(cell, &width)| format!("{cell:<width$}"))
            .collect();
        writeln!(out, "{}", line.join("  ").trim_end())?;
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

//! `mula migrate`: the database's tables, step by step.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Error, Opened, count, opened::failed};
use crate::{
    config::DatabaseSettings,
    db::{self, Lost},
};

#[derive(Clone, Copy, Debug, clap::Subcommand)]
pub enum Command {
    /// Apply all steps that are missing; `mula serve` does so by itself
    Up,
    /// Take back the last steps, and delete what was stored in their tables
    Down {
        /// Do so; without it, only print what would be deleted
        #[arg(long)]
        yes: bool,
        /// How many
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
        steps: u32,
    },
    /// List the steps, and which of them are applied
    Status {
        /// Print a JSON array
        #[arg(long)]
        json: bool,
    },
}

pub async fn run(command: Command, settings: &DatabaseSettings) -> Result<(), Error> {
    let takes_back = matches!(command, Command::Down { .. });
    if takes_back && let Some(path) = settings.sqlite_path() {
        match path.exists().then(|| db::is_in_use(path)) {
            None => return Err(Error::NoSuchDatabase(path.to_owned())),
            Some(looked) => match looked.await {
                Ok(false) => {}
                Ok(true) => return Err(Error::InUse(settings.name())),
                Err(error) => return Err(failed(settings, &error)),
            },
        }
    }
    let opened = match command {
        Command::Up => Opened::new(settings).await?,
        _ => Opened::existing(settings).await?,
    };
    if takes_back
        && opened.database.is_postgres()
        && opened.named(opened.database.is_connected_to().await)?
    {
        return Err(Error::InUse(opened.name));
    }
    let before = opened.named(opened.database.migration_status().await)?;
    match command {
        Command::Up => opened.named(opened.database.migrate_up().await)?,
        Command::Down { steps, yes: false } => {
            let lost = opened.database.lost_by_migrating_down(steps).await;
            return Err(Error::NotTakenBack(cost(steps, &opened.named(lost)?)));
        }
        Command::Down { steps, yes: true } => {
            opened.named(opened.database.migrate_down(steps).await)?;
        }
        Command::Status { .. } => {}
    }
    let after = opened.named(opened.database.migration_status().await)?;

    let unknown = opened.named(opened.database.look_at_steps().await)?.unknown;
    opened.database.close().await;
    let mut out = io::stdout().lock();
    if matches!(command, Command::Status { json: true }) {
        writeln!(out, "{:#}", as_json(&after, &unknown))?;
    } else {
        writeln!(out, "{}\n", opened.name)?;
        table(&mut out, &before, &after, &unknown)?;
    }
    Ok(())
}

/// Steps, each with whether it is applied.
type Steps = [(String, bool)];

fn as_json(steps: &Steps, unknown: &[String]) -> Value {
    let known = steps
        .iter()
        .map(|(name, applied)| json!({ "name": name, "applied": applied, "known": true }));
    let newer = unknown
        .iter()
        .map(|name| json!({ "name": name, "applied": true, "known": false }));
    known.chain(newer).collect()
}

fn table(
    out: &mut impl Write,
    before: &Steps,
    after: &Steps,
    unknown: &[String],
) -> io::Result<()> {
    for ((name, was), (_, is)) in before.iter().zip(after) {
        let state = match (was, is) {
            (false, true) => "applied now",
            (true, false) => "taken back",
            (true, true) => "applied",
            (false, false) => "not applied",
        };
        writeln!(out, "  {state:<11}  {name}")?;
    }
    for name in unknown {
        writeln!(out, "  {:<11}  {name}", "newer")?;
    }
    let applied = after.iter().filter(|(_, applied)| *applied).count();
    writeln!(out, "\n{applied} of {} applied", count(after.len(), "step"))
}

/// A warning of the data that rolling back these steps deletes.
fn cost(steps: u32, lost: &Lost) -> String {
    use std::fmt::Write;
    let mut text = format!(
        "This would take back {}, and delete for good:",
        count(steps, "step")
    );
    for (table, rows) in &lost.tables {
        let _ = write!(text, "\n  - {table}: {}", count(*rows, "row"));
    }
    for column in &lost.columns {
        let _ = write!(text, "\n  - the column {column}");
    }
    if lost.tables.is_empty() && lost.columns.is_empty() {
        text.push_str(" no table and no column.");
    }
    text.push_str("\nTo do so, make a backup (docs/backup.md) and add --yes");
    text
}

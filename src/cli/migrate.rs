//! `mula migrate`: the database's tables, step by step.

use std::io::{self, Write};

use super::{Error, Opened, count};
use crate::config::DatabaseSettings;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Apply all steps that are missing; `mula serve` does so by itself
    Up,
    /// Take back the last steps, and lose what was stored in their tables
    Down {
        /// How many
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
        steps: u32,
    },
    /// List the steps, and which of them are applied
    Status,
}

pub async fn run(command: Command, settings: &DatabaseSettings) -> Result<(), Error> {
    let opened = Opened::new(settings).await?;
    let before = opened.named(opened.database.migration_status().await)?;
    match command {
        Command::Up => opened.named(opened.database.migrate_up().await)?,
        Command::Down { steps } => opened.named(opened.database.migrate_down(steps).await)?,
        Command::Status => {}
    }
    let after = opened.named(opened.database.migration_status().await)?;

    let mut out = io::stdout().lock();
    writeln!(out, "{}\n", opened.name)?;
    for ((name, was), (_, is)) in before.iter().zip(&after) {
        let state = match (was, is) {
            (false, true) => "applied now",
            (true, false) => "taken back",
            (true, true) => "applied",
            (false, false) => "not applied",
        };
        writeln!(out, "  {state:<11}  {name}")?;
    }
    let applied = after.iter().filter(|(_, applied)| *applied).count();
    writeln!(out, "\n{applied} of {} applied", count(after.len(), "step"))?;
    opened.database.close().await;
    Ok(())
}

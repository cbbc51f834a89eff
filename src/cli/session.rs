//! `mula session`: sign-ins.

use std::io::{self, Write};

use super::{Error, Opened, count};
use crate::{clock::Clock, config::DatabaseSettings, upkeep};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Delete the sessions that have expired; a running server does so by itself
    Prune,
}

pub async fn run(command: Command, settings: &DatabaseSettings) -> Result<(), Error> {
    let Command::Prune = command;
    let opened = Opened::migrated(settings).await?;
    let pruned =
        opened.named(upkeep::delete_sessions(&opened.database, Clock::default().now()).await)?;
    opened.database.close().await;
    writeln!(io::stdout(), "{} deleted", count(pruned, "expired session"))?;
    Ok(())
}

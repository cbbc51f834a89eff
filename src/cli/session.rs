//! `mula session`: sign-ins.

use std::io::{self, Write};

use super::{Error, Opened, count};
use crate::{account, clock::Clock, config::DatabaseSettings};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Delete the sessions that have expired; a running server does so by itself
    Prune,
}

pub async fn run(command: Command, settings: &DatabaseSettings) -> Result<(), Error> {
    let Command::Prune = command;
    let opened = Opened::migrated(settings).await?;
    let pruned = opened.named(account::prune(&opened.database, Clock::default().now()).await)?;
    opened.database.close().await;
    writeln!(io::stdout(), "{} deleted", count(pruned, "expired session"))?;
    Ok(())
}

//! `mula import-original`: what the service before this one kept, taken over.

use std::io::{self, Write};

use super::{Error, Opened, count, export::told, progress::Progress};
use crate::{
    archive::{self, TakeOverError},
    config::{DatabaseSettings, postgres_url},
};

#[derive(Debug, clap::Args)]
#[expect(
    clippy::doc_markdown,
    reason = "these texts are what --help prints, which knows no Markdown"
)]
pub struct Arguments {
    /// The original's database: postgres://user:password@host:5432/name. It is only read
    #[arg(
        long,
        env = "ORIGINAL_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    from: String,
    /// Only say what would be taken over; change nothing
    #[arg(long)]
    dry_run: bool,
}

pub async fn run(arguments: Arguments, settings: &DatabaseSettings) -> Result<(), Error> {
    let Arguments { from, dry_run } = arguments;
    let from = DatabaseSettings {
        url: postgres_url(&from).map_err(Error::NotPostgres)?,
        read_url: None,
        ..settings.clone()
    };
    let opened = Opened::migrated(settings).await?;
    let original = Opened::new(&from).await?;
    let mut progress = Progress::new();
    let taken = archive::take_over(&opened.database, &original.database, dry_run, |rows| {
        progress.show(format_args!("{} read", count(rows, "row")));
    });
    let taken = match taken.await {
        Ok(taken) => taken,
        Err(TakeOverError::NotTheOriginal(why)) => {
            let name = original.name;
            return Err(Error::NotTheOriginal { name, why });
        }
        Err(TakeOverError::Original(error)) => return original.named(Err(error)),
        Err(TakeOverError::Database(error)) => return opened.named(Err(error)),
    };
    drop(progress);
    original.database.close().await;
    opened.database.close().await;

    let did = if dry_run {
        "would be taken over"
    } else {
        "taken over"
    };
    let mut out = io::stdout().lock();
    for remark in &taken.remarks {
        writeln!(out, "  - {remark}")?;
    }
    writeln!(
        out,
        "{} {did}.\nThere already: {}.",
        told(taken.added),
        told(taken.same)
    )?;
    Ok(())
}

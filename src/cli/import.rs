//! `mula import`: data in.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
};

use super::{Error, Opened, count, export::told, progress::Progress};
use crate::{
    archive::{self, ImportError, Imported},
    clock::Clock,
    config::DatabaseSettings,
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// What `mula export` wrote, or - for standard input
    file: PathBuf,
    /// Only check it; change nothing
    #[arg(long)]
    dry_run: bool,
}

pub async fn run(arguments: Arguments, settings: &DatabaseSettings) -> Result<(), Error> {
    let Arguments { file, dry_run } = arguments;
    let opened = Opened::migrated(settings).await?;
    let imported = if file == Path::new("-") {
        import(&opened, &file, io::stdin().lock(), dry_run).await?
    } else {
        let input = File::open(&file).map_err(|error| Error::File {
            path: file.clone(),
            error,
        })?;
        import(&opened, &file, BufReader::new(input), dry_run).await?
    };
    opened.database.close().await;
    let did = if dry_run {
        "would be imported"
    } else {
        "imported"
    };
    writeln!(
        io::stdout(),
        "{} {did}.\nThere already: {}.",
        told(imported.added),
        told(imported.same)
    )?;
    Ok(())
}

async fn import(
    opened: &Opened,
    file: &Path,
    input: impl BufRead,
    dry_run: bool,
) -> Result<Imported, Error> {
    let mut progress = Progress::new();
    let now = Clock::default().now();
    let imported = archive::import(&opened.database, input, dry_run, now, |lines| {
        progress.show(format_args!("{} read", count(lines, "line")));
    });
    match imported.await {
        Ok(imported) => Ok(imported),
        Err(ImportError::Refused(problems)) => Err(Error::Refused(problems)),
        Err(ImportError::Database(error)) => opened.named(Err(error)),
        Err(ImportError::Input(error)) => Err(Error::File {
            path: file.to_owned(),
            error,
        }),
    }
}

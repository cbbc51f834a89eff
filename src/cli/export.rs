//! `mula export`: data out.

use std::{
    io::{self, BufWriter, Write},
    path::PathBuf,
};

use super::{Error, Opened, count, new_file::NewFile, progress::Progress};
use crate::{
    archive::{self, Counts, ExportError},
    clock::Clock,
    config::DatabaseSettings,
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Only this user's data, for that user: without the password's hash
    #[arg(long, value_name = "EMAIL")]
    user: Option<String>,
    /// Where to; by default standard output. Replaces no file
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub async fn run(arguments: Arguments, settings: &DatabaseSettings) -> Result<(), Error> {
    let Arguments { user, output } = arguments;
    let opened = Opened::migrated(settings).await?;
    let user = user.as_deref();
    let counts = match output {
        None => export(&opened, user, &mut BufWriter::new(io::stdout().lock())).await?,
        Some(path) => {
            let mut out = BufWriter::new(NewFile::create(path)?);
            let counts = export(&opened, user, &mut out).await?;
            let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.keep()?;
            counts
        }
    };
    opened.database.close().await;
    writeln!(
        io::stderr(),
        "{} exported.{}",
        told(counts),
        if user.is_some() {
            ""
        } else {
            " Sessions are not: people sign in again."
        }
    )?;
    Ok(())
}

async fn export(
    opened: &Opened,
    user: Option<&str>,
    out: &mut impl io::Write,
) -> Result<Counts, Error> {
    let mut progress = Progress::new();
    let now = Clock::default().now();
    let exported = archive::export(&opened.database, user, now, out, |counts| {
        progress.show(told(counts));
    });
    match exported.await {
        Ok(counts) => Ok(counts),
        Err(ExportError::NoSuchUser(email)) => Err(Error::NoSuchUser(email)),
        Err(ExportError::Database(error)) => opened.named(Err(error)),
        Err(ExportError::Output(error)) => Err(error.into()),
    }
}

/// "1 user, 2 readings, 3 rows of usage, 4 sessions, 5 events"; without the last two where there are
/// none.
pub(super) fn told(counts: Counts) -> String {
    let users = count(counts.users, "user");
    let readings = count(counts.readings, "reading");
    let rows = count(counts.usage, "row");
    let mut told = format!("{users}, {readings}, {rows} of usage");
    for (number, of) in [(counts.sessions, "session"), (counts.events, "event")] {
        if number > 0 {
            told = format!("{told}, {}", count(number, of));
        }
    }
    told
}

//! `mula import`: data in.

use std::{
    cell::Cell,
    fs::File,
    io::{self, BufRead, BufReader, Read, Write},
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
    /// File written by `mula export`, or - for standard input
    file: PathBuf,
    /// Only check it; change nothing
    #[arg(long)]
    dry_run: bool,
}

pub async fn run(arguments: Arguments, settings: &DatabaseSettings) -> Result<(), Error> {
    let Arguments { file, dry_run } = arguments;
    let opened = Opened::migrated(settings).await?;
    let imported = if file == Path::new("-") {
        import(&opened, &file, io::stdin().lock(), 0, dry_run).await?
    } else {
        let opening = File::open(&file).and_then(|input| Ok((input.metadata()?.len(), input)));
        let (size, input) = opening.map_err(|error| Error::File {
            path: file.clone(),
            error,
        })?;
        import(&opened, &file, BufReader::new(input), size, dry_run).await?
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

/// Of a size in bytes, or 0 where that is unknown.
async fn import(
    opened: &Opened,
    file: &Path,
    input: impl BufRead,
    size: u64,
    dry_run: bool,
) -> Result<Imported, Error> {
    let mut progress = Progress::new();
    let now = Clock::default().now();
    let read = Cell::new(0);
    let input = Counted { input, read: &read };
    let imported = archive::import(&opened.database, input, dry_run, now, |lines| {
        let lines = count(lines, "line");
        progress.show_part(format_args!("{lines} read"), read.get(), size);
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

/// Counts the bytes that are read.
struct Counted<'a, R> {
    input: R,
    read: &'a Cell<u64>,
}

impl<R: BufRead> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.read.set(self.read.get() + read as u64);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Counted<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.input.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.read.set(self.read.get() + amount as u64);
        self.input.consume(amount);
    }
}

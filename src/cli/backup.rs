//! `mula backup`: a copy of a SQLite database, whole and checked.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use sea_orm::{ConnectOptions, ConnectionTrait, DbErr};

use super::{Error, Opened, new_file::NewFile};
use crate::config::DatabaseSettings;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Where to; replaces no file
    file: PathBuf,
}

pub async fn run(arguments: Arguments, settings: &DatabaseSettings) -> Result<(), Error> {
    let path = settings.sqlite_path().ok_or(Error::NotSqlite)?;
    if !path.exists() {
        return Err(Error::NoSuchDatabase(path.to_owned()));
    }
    // Whatever steps it lacks: a backup is what one makes before them.
    let opened = Opened::existing(settings).await?;
    let copy = NewFile::create(arguments.file)?;
    let draft = copy.draft().to_str().ok_or_else(|| Error::File {
        path: copy.draft().to_owned(),
        error: io::Error::from(io::ErrorKind::InvalidFilename),
    })?;
    opened.named(opened.database.copy_into(draft).await)?;
    match damage(copy.draft()).await {
        Ok(None) => {}
        Ok(Some(damage)) => return Err(Error::Damaged(damage)),
        Err(error) => return Err(Error::Damaged(error.to_string())),
    }
    opened.database.close().await;
    let file = copy.keep()?;
    writeln!(io::stdout(), "{} is a whole copy, checked", file.display())?;
    Ok(())
}

/// The first thing that is wrong with a SQLite file.
async fn damage(file: &Path) -> Result<Option<String>, DbErr> {
    let mut options = ConnectOptions::new("sqlite:");
    let file = file.to_owned();
    options
        .max_connections(1)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |sqlite| sqlite.filename(&file).read_only(true));
    let copy = sea_orm::Database::connect(options).await?;
    let found = copy
        .query_one_raw(sqlite("PRAGMA integrity_check(1)"))
        .await?;
    let found: Option<String> = found.map(|row| row.try_get_by_index(0)).transpose()?;
    copy.close().await?;
    Ok(found.filter(|found| found != "ok"))
}

fn sqlite(sql: &str) -> sea_orm::Statement {
    sea_orm::Statement::from_string(sea_orm::DatabaseBackend::Sqlite, sql)
}

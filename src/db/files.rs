//! A SQLite database's files: their permissions, copies, and traces of what was deleted.

use std::{io, path::Path, time::Duration};

use sea_orm::{
    ConnectionTrait, DatabaseBackend, DbErr, RuntimeErr, Statement,
    sqlx::{
        self, Connection,
        sqlite::{SqliteConnectOptions, SqliteConnection},
    },
};

use super::Database;
use crate::private;

/// Makes a SQLite database's folder and file, where they are missing, and tightens its files: SQLite
/// gives those that it makes beside it the same permissions.
pub(super) fn make_private(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if folder != Path::new("") => private::create_folder(folder)?,
        _ => {}
    }
    match private::create_file(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists && !path.exists() => Err(error),
        _ => {
            private::tighten(private::sqlite_files(path));
            Ok(())
        }
    }
}

/// Whether any other process has a SQLite database open; to be called before this one opens it. WAL
/// mode can be left by the only connection alone.
///
/// # Errors
///
/// If the file cannot be opened.
pub async fn is_in_use(path: &Path) -> Result<bool, DbErr> {
    let failed = |error: sqlx::Error| DbErr::Conn(RuntimeErr::SqlxError(error.into()));
    let options = SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(Duration::ZERO);
    let mut connection = SqliteConnection::connect_with(&options)
        .await
        .map_err(failed)?;
    let left: Result<String, _> = sqlx::query_scalar("PRAGMA journal_mode = DELETE")
        .fetch_one(&mut connection)
        .await;
    let is_in_use = match left {
        Ok(mode) => mode != "delete",
        // SQLITE_BUSY and SQLITE_LOCKED.
        Err(sqlx::Error::Database(error)) if matches!(error.code().as_deref(), Some("5" | "6")) => {
            true
        }
        Err(error) => return Err(failed(error)),
    };
    connection.close().await.map_err(failed)?;
    Ok(is_in_use)
}

impl Database {
    /// Copies a SQLite database as it is at one moment, while others write to it, into a file that
    /// is empty or not there.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or the file not be written.
    pub async fn copy_into(&self, file: &str) -> Result<(), DbErr> {
        // No transaction: it is one, and reads only.
        let copy =
            Statement::from_sql_and_values(DatabaseBackend::Sqlite, "VACUUM INTO ?", [file.into()]);
        self.writes.execute_raw(copy).await.map(|_| ())
    }

    /// Has SQLite move its log into the database, and empty it: what was deleted stands in neither
    /// then. Where others are reading it is left to the next time.
    ///
    /// # Errors
    ///
    /// If the files cannot be written.
    pub async fn empty_log(&self) -> Result<(), DbErr> {
        if self.is_postgres() {
            return Ok(());
        }
        let empty = "PRAGMA wal_checkpoint(TRUNCATE)";
        let empty = Statement::from_string(DatabaseBackend::Sqlite, empty);
        self.writes.query_one_raw(empty).await.map(|_| ())
    }
}

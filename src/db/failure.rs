//! Classification of database errors: whether the same statements can succeed when they are sent
//! again.

use sea_orm::{
    DbErr, RuntimeErr,
    sqlx::{self, error::DatabaseError, postgres::PgDatabaseError},
};

/// Classes of SQLSTATE that do not pass with time (PostgreSQL's manual, appendix A): feature not
/// supported, data exceptions, violated constraints, syntax and access rules, raised exceptions.
const LASTING_CLASSES: [&str; 5] = ["0A", "22", "23", "42", "P0"];

/// Result codes of SQLite that do not pass with time: too big, constraint, mismatch, range.
/// <https://www.sqlite.org/rescode.html>
const LASTING_CODES: [i32; 4] = [18, 19, 20, 25];

/// Whether the transaction lost against another one, and would succeed if it were run again:
/// a serialization failure or a deadlock.
#[must_use]
pub fn is_conflict(error: &DbErr) -> bool {
    database_error(error)
        .and_then(DatabaseError::code)
        .is_some_and(|code| code == "40001" || code == "40P01")
}

/// Whether the same statements fail again at any time: the data is at fault, not the connection,
/// the load or the disk.
#[must_use]
pub fn is_lasting(error: &DbErr) -> bool {
    if let Some(error) = database_error(error) {
        let Some(code) = error.code() else {
            return false;
        };
        return if error.try_downcast_ref::<PgDatabaseError>().is_some() {
            LASTING_CLASSES.iter().any(|class| code.starts_with(class))
        } else {
            // The low byte of an extended code is its primary code.
            code.parse::<i32>()
                .is_ok_and(|code| LASTING_CODES.contains(&(code & 0xff)))
        };
    }
    match error {
        DbErr::ConnectionAcquire(_)
        | DbErr::Conn(RuntimeErr::Internal(_))
        | DbErr::Exec(RuntimeErr::Internal(_))
        | DbErr::Query(RuntimeErr::Internal(_)) => false,
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => matches!(
            **error,
            sqlx::Error::ColumnDecode { .. }
                | sqlx::Error::ColumnIndexOutOfBounds { .. }
                | sqlx::Error::ColumnNotFound(_)
                | sqlx::Error::Decode(_)
                | sqlx::Error::Encode(_)
                | sqlx::Error::RowNotFound
                | sqlx::Error::TypeNotFound { .. }
        ),
        _ => true,
    }
}

fn database_error(error: &DbErr) -> Option<&dyn DatabaseError> {
    let (DbErr::Conn(RuntimeErr::SqlxError(error))
    | DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))) = error
    else {
        return None;
    };
    error.as_database_error()
}

#[cfg(test)]
mod tests {
    use sea_orm::{ConnectionTrait, DbErr};

    use super::is_lasting;

    #[tokio::test]
    async fn a_violated_constraint_lasts_and_a_missing_connection_does_not() -> Result<(), DbErr> {
        let sqlite = sea_orm::Database::connect("sqlite::memory:").await?;
        sqlite
            .execute_unprepared("CREATE TABLE t (n INTEGER NOT NULL CHECK (n < 3))")
            .await?;
        for sql in ["INSERT INTO t VALUES (NULL)", "INSERT INTO t VALUES (3)"] {
            let refused = sqlite.execute_unprepared(sql).await.unwrap_err();
            assert!(is_lasting(&refused), "{refused:?}");
        }
        sqlite.close_by_ref().await?;
        let closed = sqlite.execute_unprepared("SELECT 1").await.unwrap_err();
        assert!(!is_lasting(&closed), "{closed:?}");
        Ok(())
    }
}

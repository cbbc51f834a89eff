//! Import from the original's own PostgreSQL database.
//!
//! Its tables: `users(id, email, username, hashed_password, is_active, created_at, updated_at)` and
//! `readings(id, user_id, advisor, question, response, tokens_used, cost, created_at)`, with
//! integer ids, times in UTC with or without a zone, and costs in dollars. Its sessions hold
//! tokens that are signed with another secret, and are left.
//!
//! Our ids follow from its ids and times: taking over again adds only what is new there.

mod readings;
mod users;

use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, DatabaseBackend, DatabaseTransaction, DbErr, FromQueryResult, Statement,
};
use uuid::Uuid;

use super::Counts;
use crate::{db::Database, digest};

/// Rows of a page.
const PAGE: i64 = 500;

#[derive(Debug, thiserror::Error)]
pub enum TakeOverError {
    #[error("it is not the original's: {0}")]
    NotTheOriginal(String),
    #[error(transparent)]
    Original(DbErr),
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// The result of an import from the original.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TakenOver {
    pub added: Counts,
    /// There already, and left as they are.
    pub same: Counts,
    /// Rows that were left out or changed, one sentence each.
    pub remarks: Vec<String>,
}

/// Takes over what is not here yet, in one transaction, or only says what would be. `progress`
/// receives the number of rows read.
///
/// # Errors
///
/// If either database fails, or the other is not the original's; then nothing is taken over.
pub async fn take_over(
    db: &Database,
    original: &Database,
    dry_run: bool,
    mut progress: impl FnMut(u64),
) -> Result<TakenOver, TakeOverError> {
    let from = original.snapshot().await.map_err(TakeOverError::Original)?;
    original
        .let_idle(&from)
        .await
        .map_err(TakeOverError::Original)?;
    check_tables(&from).await?;
    // So that a time without a zone is taken for what it is, one in UTC.
    from.execute_unprepared("SET LOCAL TIME ZONE 'UTC'")
        .await
        .map_err(TakeOverError::Original)?;
    let tx = db.begin().await?;
    db.for_bulk(&tx).await?;
    let mut taken = TakenOver::default();
    let left_out = users::take_over(&from, &tx, &mut taken, &mut progress).await?;
    readings::take_over(&from, &tx, &left_out, &mut taken, &mut progress).await?;
    if dry_run {
        tx.rollback().await?;
    } else {
        db.analyze(&tx).await?;
        tx.commit().await?;
    }
    Ok(taken)
}

async fn check_tables(from: &DatabaseTransaction) -> Result<(), TakeOverError> {
    let sql = "SELECT table_name::text, column_name::text, data_type::text
        FROM information_schema.columns WHERE table_schema = ANY (current_schemas(false))";
    let columns: Vec<(String, String, String)> = from
        .query_all_raw(Statement::from_string(DatabaseBackend::Postgres, sql))
        .await
        .and_then(|rows| {
            rows.iter()
                .map(sea_orm::QueryResult::try_get_many_by_index)
                .collect()
        })
        .map_err(TakeOverError::Original)?;
    for (table, names) in [
        (
            "users",
            "id email username hashed_password is_active created_at updated_at",
        ),
        (
            "readings",
            "id user_id advisor question response tokens_used cost created_at",
        ),
    ] {
        for name in names.split(' ') {
            let column = columns.iter().find(|(t, c, _)| t == table && c == name);
            let Some((_, _, data_type)) = column else {
                let why = format!("it has no column {table}.{name}");
                return Err(TakeOverError::NotTheOriginal(why));
            };
            if name.ends_with("id") && !data_type.ends_with("int") && data_type != "integer" {
                let why = format!("{table}.{name} is not an integer but a {data_type}");
                return Err(TakeOverError::NotTheOriginal(why));
            }
        }
    }
    Ok(())
}

async fn page<T: FromQueryResult>(
    from: &DatabaseTransaction,
    sql: &str,
    after: i64,
) -> Result<Vec<T>, TakeOverError> {
    let values = [after.into(), PAGE.into()];
    T::find_by_statement(Statement::from_sql_and_values(
        DatabaseBackend::Postgres,
        sql,
        values,
    ))
    .all(from)
    .await
    .map_err(TakeOverError::Original)
}

/// A `UUIDv7` that sorts by time to the microsecond (RFC 9562, section 6.2, method 3), the same
/// each time, and telling nothing of the old number.
fn new_id(created_at: DateTime<Utc>, table: &str, old: i64) -> Uuid {
    let micros = created_at.timestamp_micros().max(0).unsigned_abs();
    let (millis, rest) = (micros / 1_000, micros % 1_000);
    let digest = digest::hash_parts(["original", table, &old.to_string(), &micros.to_string()]);
    let hashed = u64::from_str_radix(&digest[..16], 16).expect("the digest is hexadecimal");
    let mut random = [0; 10];
    // Twelve bits of it, as the version takes the first four.
    random[..2].copy_from_slice(&u16::try_from(rest * 4096 / 1000).unwrap_or(0).to_be_bytes());
    random[2..].copy_from_slice(&hashed.to_be_bytes());
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::new_id;

    #[test]
    fn ids_sort_by_time_and_follow_from_the_old_ones() {
        let at = |micros| DateTime::from_timestamp_micros(1_700_000_000_000_000 + micros).unwrap();
        let ids: Vec<_> = (0..3_000)
            .step_by(7)
            .map(|micros| new_id(at(micros), "readings", 5_000 - micros))
            .collect();
        assert!(ids.is_sorted_by(|a, b| a < b));
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
        assert_eq!(new_id(at(1), "users", 7), new_id(at(1), "users", 7));
        assert_ne!(new_id(at(1), "users", 7), new_id(at(1), "users", 8));
        assert_ne!(new_id(at(1), "users", 7), new_id(at(1), "readings", 7));
    }
}

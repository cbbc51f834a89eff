//! What the original kept in its own PostgreSQL database, taken over from there.
//!
//! Its tables: `users(id, email, username, hashed_password, is_active, created_at, updated_at)` and
//! `readings(id, user_id, advisor, question, response, tokens_used, cost, created_at)`, with
//! integer ids, times in UTC with or without a zone, and costs in dollars. Its sessions hold
//! tokens that are signed with another secret, and are left.
//!
//! Our ids follow from its ids and times: taking over again adds only what is new there.

use std::collections::HashSet;

use chrono::{DateTime, SubsecRound, Utc};
use rust_decimal::{Decimal, prelude::ToPrimitive};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseBackend, DatabaseTransaction, DbErr,
    EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter, QuerySelect, Statement,
};
use uuid::Uuid;

use super::{Counts, batch::insert, check::checked_user, line::User};
use crate::{
    account::name,
    advisor::engine::Failure,
    db::Database,
    digest,
    entity::{
        PieceEnds, Sources, generation,
        reading::{self, Advisor, Engine, Status},
        user,
    },
};

/// Rows of a page.
const PAGE: i64 = 500;

/// Nano-dollars in a dollar.
const NANO: i64 = 1_000_000_000;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("it is not the original's: {0}")]
    NotTheOriginal(String),
    #[error(transparent)]
    Original(DbErr),
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// What was taken over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TakenOver {
    pub added: Counts,
    /// There already, and left as they are.
    pub same: Counts,
    /// What is left out, or had to change, a sentence each.
    pub remarks: Vec<String>,
}

/// Takes over what is not here yet, in one transaction, or only says what would be. `progress`
/// hears how many rows were read.
///
/// # Errors
///
/// If either database fails, or the other is not the original's; then nothing is taken over.
pub async fn take_over(
    db: &Database,
    original: &Database,
    dry_run: bool,
    mut progress: impl FnMut(u64),
) -> Result<TakenOver, Error> {
    let from = original.snapshot().await.map_err(Error::Original)?;
    check_tables(&from).await?;
    // So that a time without a zone is taken for what it is, one in UTC.
    from.execute_unprepared("SET LOCAL TIME ZONE 'UTC'")
        .await
        .map_err(Error::Original)?;
    let tx = db.begin().await?;
    let mut taken = TakenOver::default();
    let left_out = users(&from, &tx, &mut taken, &mut progress).await?;
    readings(&from, &tx, &left_out, &mut taken, &mut progress).await?;
    if dry_run {
        tx.rollback().await?;
    } else {
        tx.commit().await?;
    }
    Ok(taken)
}

async fn check_tables(from: &DatabaseTransaction) -> Result<(), Error> {
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
        .map_err(Error::Original)?;
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
                return Err(Error::NotTheOriginal(why));
            };
            if name.ends_with("id") && !data_type.ends_with("int") && data_type != "integer" {
                let why = format!("{table}.{name} is not an integer but a {data_type}");
                return Err(Error::NotTheOriginal(why));
            }
        }
    }
    Ok(())
}

#[derive(FromQueryResult)]
struct OldUser {
    id: i64,
    email: String,
    username: String,
    hashed_password: String,
    is_active: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

const USERS: &str = "
    SELECT id::bigint AS id, coalesce(email, '')::text AS email,
        coalesce(username, '')::text AS username,
        coalesce(hashed_password, '')::text AS hashed_password,
        coalesce(is_active, true) AS is_active,
        coalesce(created_at, updated_at, 'epoch')::timestamptz AS created_at,
        coalesce(updated_at, created_at, 'epoch')::timestamptz AS updated_at
    FROM users WHERE users.id > $1 ORDER BY users.id LIMIT $2";

/// Returns the old ids of those who are left out.
async fn users(
    from: &DatabaseTransaction,
    tx: &DatabaseTransaction,
    taken: &mut TakenOver,
    progress: &mut impl FnMut(u64),
) -> Result<HashSet<i64>, Error> {
    let mut left_out = HashSet::new();
    let mut after = i64::MIN;
    loop {
        let page: Vec<OldUser> = page(from, USERS, after).await?;
        let Some(last) = page.last() else {
            return Ok(left_out);
        };
        after = last.id;
        // One by one, the oldest first: each may have a name in common with any before it.
        for old in page {
            let id = new_id(old.created_at, "users", old.id);
            if exists(tx, Condition::all().add(user::Column::Id.eq(id))).await? {
                taken.same.users += 1;
                continue;
            }
            let (old_id, email) = (old.id, old.email.clone());
            match new_user(tx, id, old, &mut taken.remarks).await? {
                Ok(user) => {
                    insert::<user::Entity>(tx, vec![user]).await?;
                    taken.added.users += 1;
                }
                Err(why) => {
                    let remark = format!("user {old_id} ({email}) is left out: {why}");
                    taken.remarks.push(remark);
                    left_out.insert(old_id);
                }
            }
        }
        progress(taken.added.all() + taken.same.all());
    }
}

/// Somebody who can sign in as before: with the same email and password. An email is nobody
/// else's, so whoever has one that is taken stays out; a username gives way.
async fn new_user(
    tx: &DatabaseTransaction,
    id: Uuid,
    old: OldUser,
    remarks: &mut Vec<String>,
) -> Result<Result<user::Model, String>, DbErr> {
    let line = User {
        id,
        email: old.email,
        username: old.username,
        hashed_password: Some(old.hashed_password.clone()),
        is_active: old.is_active,
        created_at: old.created_at.trunc_subsecs(6),
        updated_at: old.updated_at.trunc_subsecs(6),
    };
    let line = match checked_user(line) {
        Ok(line) => line,
        Err(rule) => return Ok(Err(rule.message)),
    };
    let email = name::stored(&line.email);
    let is_email = user::Column::EmailKey.eq(&email.key);
    if exists(tx, Condition::all().add(is_email)).await? {
        return Ok(Err("another account has this email".to_owned()));
    }
    let mut username = name::stored(&line.username);
    let mut number = 0;
    loop {
        let is_username = user::Column::UsernameKey.eq(&username.key);
        if !exists(tx, Condition::all().add(is_username)).await? {
            break;
        }
        let suffix = match number {
            0 => format!("-{}", old.id),
            _ => format!("-{}-{number}", old.id),
        };
        // Ours are at most 100 characters long.
        let start: String = line.username.chars().take(100 - suffix.len()).collect();
        username = name::stored(&format!("{start}{suffix}"));
        number += 1;
    }
    if number > 0 {
        remarks.push(format!(
            "user {} ({}) is called {}: another account has the username {}",
            old.id, email.text, username.text, line.username
        ));
    }
    if old.hashed_password.parse::<bcrypt::HashParts>().is_err() {
        remarks.push(format!(
            "user {} ({}) cannot sign in: the password's hash is not one of bcrypt",
            old.id, email.text
        ));
    }
    Ok(Ok(user::Model {
        id,
        email: email.text,
        email_key: email.key,
        username: username.text,
        username_key: username.key,
        hashed_password: old.hashed_password,
        is_active: line.is_active,
        created_at: line.created_at,
        updated_at: line.updated_at,
    }))
}

async fn exists(tx: &DatabaseTransaction, condition: Condition) -> Result<bool, DbErr> {
    Ok(user::Entity::find().filter(condition).count(tx).await? > 0)
}

#[derive(FromQueryResult)]
struct OldReading {
    id: i64,
    user_id: i64,
    /// None: there is no such user.
    user_created_at: Option<DateTime<Utc>>,
    advisor: String,
    question: String,
    response: Option<String>,
    tokens_used: i64,
    /// Decimal dollars.
    cost: String,
    created_at: DateTime<Utc>,
}

const READINGS: &str = "
    SELECT readings.id::bigint AS id, coalesce(user_id, 0)::bigint AS user_id,
        CASE WHEN users.id IS NOT NULL
            THEN coalesce(users.created_at, users.updated_at, 'epoch')::timestamptz
        END AS user_created_at,
        coalesce(advisor::text, '') AS advisor, coalesce(question, '')::text AS question,
        response::text AS response, coalesce(tokens_used, 0)::bigint AS tokens_used,
        coalesce(cost, 0)::numeric::text AS cost,
        coalesce(readings.created_at, 'epoch')::timestamptz AS created_at
    FROM readings LEFT JOIN users ON users.id = readings.user_id
    WHERE readings.id > $1 ORDER BY readings.id LIMIT $2";

async fn readings(
    from: &DatabaseTransaction,
    tx: &DatabaseTransaction,
    left_out: &HashSet<i64>,
    taken: &mut TakenOver,
    progress: &mut impl FnMut(u64),
) -> Result<(), Error> {
    let mut without_user = 0_u64;
    let mut after = i64::MIN;
    loop {
        let page: Vec<OldReading> = page(from, READINGS, after).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        let ids = page
            .iter()
            .map(|old| new_id(old.created_at, "readings", old.id));
        let here: HashSet<Uuid> = reading::Entity::find()
            .select_only()
            .column(reading::Column::Id)
            .filter(reading::Column::Id.is_in(ids))
            .into_tuple::<Uuid>()
            .all(tx)
            .await?
            .into_iter()
            .collect();
        let (mut rows, mut generations) = (Vec::new(), Vec::new());
        for old in page {
            let id = new_id(old.created_at, "readings", old.id);
            if here.contains(&id) {
                taken.same.readings += 1;
                continue;
            }
            let Some(owner) = old
                .user_created_at
                .filter(|_| !left_out.contains(&old.user_id))
            else {
                without_user += 1;
                continue;
            };
            let Some(advisor) = advisor(&old.advisor) else {
                taken.remarks.push(format!(
                    "reading {} is left out: there is no advisor {:?} here",
                    old.id, old.advisor
                ));
                continue;
            };
            let reading = new_reading(id, new_id(owner, "users", old.user_id), advisor, old);
            generations.push(only_generation(&reading));
            rows.push(reading);
        }
        taken.added.readings += rows.len() as u64;
        insert::<reading::Entity>(tx, rows).await?;
        insert::<generation::Entity>(tx, generations).await?;
        progress(taken.added.all() + taken.same.all());
    }
    if without_user > 0 {
        taken.remarks.push(format!(
            "readings left out, as their users are or are gone: {without_user}"
        ));
    }
    Ok(())
}

fn new_reading(id: Uuid, user_id: Uuid, advisor: Advisor, old: OldReading) -> reading::Model {
    let cost = nano_dollars(&old.cost);
    let created_at = old.created_at.trunc_subsecs(6);
    // What never got an answer got none because something broke.
    let failure = old.response.is_none().then_some(Failure::Interrupted);
    reading::Model {
        id,
        user_id,
        advisor,
        question: old.question,
        // Of no question: what the original wrote is not given again.
        cache_key: digest::hex(["original", &old.id.to_string()]),
        generation_id: new_id(old.created_at, "generations", old.id),
        status: match failure {
            None => Status::Completed,
            Some(_) => Status::Failed,
        },
        response: old.response,
        // The original had nothing else.
        engine: Engine::Model,
        model: None,
        sources: Sources::default(),
        tokens_used: i32::try_from(old.tokens_used.max(0)).unwrap_or(i32::MAX),
        cost: cost.unwrap_or_default(),
        is_estimated: cost.is_none(),
        is_cached: false,
        failure_code: failure.map(|failure| failure.code().to_owned()),
        failure_message: failure.map(|failure| failure.to_string()),
        created_at,
        completed_at: Some(created_at),
    }
}

fn only_generation(reading: &reading::Model) -> generation::Model {
    let ends: Vec<_> = reading
        .response
        .iter()
        .map(String::len)
        .filter(|end| *end > 0)
        .collect();
    generation::Model {
        id: reading.generation_id,
        reading_id: reading.id,
        user_id: reading.user_id,
        status: reading.status,
        // The original cast none.
        cast_open: -1,
        owner: None,
        epoch: 0,
        lease_expires_at: None,
        cancel_requested: false,
        sent_at: None,
        reserved: 0,
        provider_response_id: None,
        provider_sequence: None,
        last_sequence: i32::from(!ends.is_empty()),
        piece_ends: PieceEnds(ends),
        response: None,
        engine: reading.engine,
        model: None,
        sources: Sources::default(),
        tokens_used: reading.tokens_used,
        cost: reading.cost,
        is_estimated: reading.is_estimated,
        failure_code: reading.failure_code.clone(),
        failure_message: reading.failure_message.clone(),
        created_at: reading.created_at,
        completed_at: reading.completed_at,
    }
}

async fn page<T: FromQueryResult>(
    from: &DatabaseTransaction,
    sql: &str,
    after: i64,
) -> Result<Vec<T>, Error> {
    let values = [after.into(), PAGE.into()];
    T::find_by_statement(Statement::from_sql_and_values(
        DatabaseBackend::Postgres,
        sql,
        values,
    ))
    .all(from)
    .await
    .map_err(Error::Original)
}

/// A `UUIDv7` that sorts by time to the microsecond (RFC 9562, section 6.2, method 3), the same
/// each time, and telling nothing of the old number.
fn new_id(created_at: DateTime<Utc>, table: &str, old: i64) -> Uuid {
    let micros = created_at.timestamp_micros().max(0).unsigned_abs();
    let (millis, rest) = (micros / 1_000, micros % 1_000);
    let digest = digest::hex(["original", table, &old.to_string(), &micros.to_string()]);
    let hashed = u64::from_str_radix(&digest[..16], 16).expect("the digest is hexadecimal");
    let mut random = [0; 10];
    // Twelve bits of it, as the version takes the first four.
    random[..2].copy_from_slice(&u16::try_from(rest * 4096 / 1000).unwrap_or(0).to_be_bytes());
    random[2..].copy_from_slice(&hashed.to_be_bytes());
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

/// By its name in any case, also as Python writes an enumeration's member: `Advisor.LEGBA`.
fn advisor(name: &str) -> Option<Advisor> {
    let name = name.trim().rsplit('.').next()?;
    match name.to_ascii_lowercase().as_str() {
        "legba" => Some(Advisor::Legba),
        "oshun" => Some(Advisor::Oshun),
        "shango" => Some(Advisor::Shango),
        "yemaya" => Some(Advisor::Yemaya),
        _ => None,
    }
}

/// To the nearest; none of what is no amount of money.
fn nano_dollars(dollars: &str) -> Option<i64> {
    let dollars: Decimal = dollars.parse().ok()?;
    let nano = dollars.checked_mul(NANO.into())?.round();
    nano.to_i64().filter(|nano| *nano >= 0)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::{Advisor, advisor, nano_dollars, new_id};

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

    #[test]
    fn costs_in_dollars_however_they_were_kept() {
        assert_eq!(nano_dollars("0.0012"), Some(1_200_000));
        assert_eq!(nano_dollars("3"), Some(3_000_000_000));
        assert_eq!(nano_dollars("0.0000000015"), Some(2));
        for bad in ["NaN", "-1", "", "99999999999999999999"] {
            assert_eq!(nano_dollars(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn advisors_in_any_case() {
        for name in ["oshun", "Oshun", " OSHUN", "Advisor.OSHUN"] {
            assert_eq!(advisor(name), Some(Advisor::Oshun), "{name:?}");
        }
        assert_eq!(advisor("merlin"), None);
    }
}

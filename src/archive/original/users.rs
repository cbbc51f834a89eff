//! The original's users.

use std::collections::HashSet;

use chrono::{DateTime, SubsecRound, Utc};
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, DbErr, EntityTrait, FromQueryResult,
    PaginatorTrait, QueryFilter,
};
use uuid::Uuid;

use super::{
    super::{batch::insert, check::checked_user, line::User},
    TakeOverError, TakenOver, new_id, page,
};
use crate::{
    account::{locale, name},
    entity::user,
};

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
pub(super) async fn take_over(
    from: &DatabaseTransaction,
    tx: &DatabaseTransaction,
    taken: &mut TakenOver,
    progress: &mut impl FnMut(u64),
) -> Result<HashSet<i64>, TakeOverError> {
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

/// A user who can sign in with the same email and password as before. A user whose email is taken is left
/// out; a username that is taken gets a suffix.
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
        locale: locale::DEFAULT.to_owned(),
        memory: true,
        email_verified_at: None,
        pending_email: None,
        is_guest: false,
        readings_per_day: None,
        cost_per_month_nano_usd: None,
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
    let username = free_username(tx, &line.username, old.id).await?;
    if username.text != name::stored(&line.username).text {
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
    let line = User {
        username: username.text,
        ..line
    };
    Ok(Ok(line.row(email.key, username.key, old.hashed_password)))
}

/// The username, with a suffix if another account has it.
async fn free_username(
    tx: &DatabaseTransaction,
    wanted: &str,
    old_id: i64,
) -> Result<name::Name, DbErr> {
    let mut username = name::stored(wanted);
    let mut number = 0;
    loop {
        let is_username = user::Column::UsernameKey.eq(&username.key);
        if !exists(tx, Condition::all().add(is_username)).await? {
            return Ok(username);
        }
        let suffix = match number {
            0 => format!("-{old_id}"),
            _ => format!("-{old_id}-{number}"),
        };
        // Ours are at most 100 characters long.
        let start: String = wanted.chars().take(100 - suffix.len()).collect();
        username = name::stored(&format!("{start}{suffix}"));
        number += 1;
    }
}

async fn exists(tx: &DatabaseTransaction, condition: Condition) -> Result<bool, DbErr> {
    Ok(user::Entity::find().filter(condition).count(tx).await? > 0)
}

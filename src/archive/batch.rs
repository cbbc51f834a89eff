//! Rows of one kind, compared with what the database holds, then inserted.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, DatabaseTransaction, DbErr, EntityTrait,
    IntoActiveModel, QueryFilter, QuerySelect,
};
use serde::Serialize;
use uuid::Uuid;

use super::{
    Rule,
    export::whole,
    import::Problem,
    line::{Reading, User},
};
use crate::{
    account::name,
    entity::{generation, idempotency_key, reading, user},
};

/// Rows of a statement: databases bound its parameters, SQLite at 32,766.
const ROWS: usize = 500;

/// The result of a batch.
#[derive(Default)]
pub(super) struct Done {
    pub added: u64,
    pub same: u64,
    pub problems: Vec<Problem>,
    /// Users who have a problem.
    pub refused: Vec<Uuid>,
}

impl Done {
    pub(super) fn problem(&mut self, line: u64, rule: Rule) {
        self.problems.push(Problem { line, rule });
    }
}

/// No two of the users have a name in common.
pub(super) async fn users(
    tx: &DatabaseTransaction,
    lines: Vec<(u64, User)>,
) -> Result<Done, DbErr> {
    let mut done = Done::default();
    if lines.is_empty() {
        return Ok(done);
    }
    let names: Vec<_> = lines
        .iter()
        .map(|(_, user)| (name::stored(&user.email), name::stored(&user.username)))
        .collect();
    let known = user::Entity::find()
        .filter(
            Condition::any()
                .add(user::Column::Id.is_in(lines.iter().map(|(_, user)| user.id)))
                .add(user::Column::EmailKey.is_in(names.iter().map(|(email, _)| &email.key)))
                .add(user::Column::UsernameKey.is_in(names.iter().map(|(_, name)| &name.key))),
        )
        .all(tx)
        .await?;
    let mut new = Vec::new();
    for ((number, user), (email, username)) in lines.into_iter().zip(names) {
        let id = user.id;
        let here = known.iter().find(|known| known.id == id).cloned();
        let rule = match (here, user.hashed_password) {
            // Without a hash, it only says whose what follows is: all that never changes is the same.
            (Some(here), None) => {
                let line = User {
                    is_active: here.is_active,
                    updated_at: here.updated_at,
                    username: here.username.clone(),
                    locale: here.locale.clone(),
                    memory: here.memory,
                    email_verified_at: here.email_verified_at,
                    pending_email: here.pending_email.clone(),
                    hashed_password: None,
                    ..user
                };
                match differing(&User::new(here, false), &line) {
                    None => {
                        done.same += 1;
                        continue;
                    }
                    Some(rule) => rule,
                }
            }
            (None, None) => Rule::new(
                "NO_PASSWORD",
                "there is no such account here, and one user's export holds no password to make \
                 it with",
            ),
            (Some(here), hashed_password) => {
                let line = User {
                    hashed_password,
                    ..user
                };
                match differing(&User::new(here, true), &line) {
                    None => {
                        done.same += 1;
                        continue;
                    }
                    Some(rule) => rule,
                }
            }
            (None, Some(_)) if known.iter().any(|known| known.email_key == email.key) => {
                Rule::new("EMAIL_TAKEN", "another account here has this email")
            }
            (None, Some(_)) if known.iter().any(|known| known.username_key == username.key) => {
                Rule::new("USERNAME_TAKEN", "another account here has this username")
            }
            (None, Some(hashed_password)) => {
                new.push(user::Model {
                    id: user.id,
                    email: user.email,
                    email_key: email.key,
                    username: user.username,
                    username_key: username.key,
                    hashed_password,
                    is_active: user.is_active,
                    created_at: user.created_at,
                    updated_at: user.updated_at,
                    locale: user.locale,
                    memory: user.memory,
                    email_verified_at: user.email_verified_at,
                    pending_email: user.pending_email,
                });
                continue;
            }
        };
        done.problem(number, rule);
        done.refused.push(id);
    }
    done.added = new.len() as u64;
    insert::<user::Entity>(tx, new).await?;
    Ok(done)
}

/// No two of the readings have an id, a generation's id or an idempotency key in common.
pub(super) async fn readings(
    tx: &DatabaseTransaction,
    lines: Vec<(u64, Reading)>,
    refused_users: &HashSet<Uuid>,
    now: DateTime<Utc>,
) -> Result<Done, DbErr> {
    let mut done = Done::default();
    if lines.is_empty() {
        return Ok(done);
    }
    let here = reading::Entity::find()
        .filter(reading::Column::Id.is_in(lines.iter().map(|(_, reading)| reading.id)))
        .all(tx)
        .await?;
    let here: HashMap<_, _> = whole(tx, here, true, now)
        .await?
        .into_iter()
        .map(|reading| (reading.id, reading))
        .collect();
    let owners = existing_users(tx, lines.iter().map(|(_, reading)| reading.user_id)).await?;
    let taken = taken(tx, &lines).await?;

    let (mut rows, mut generations, mut keys) = (Vec::new(), Vec::new(), Vec::new());
    for (number, mut reading) in lines {
        if let Some(here) = here.get(&reading.id) {
            let mut here = here.clone();
            reading.keep_of(&here);
            if reading.idempotency_keys.is_none() {
                here.idempotency_keys = None;
            }
            match differing(&here, &reading) {
                None => done.same += 1,
                Some(rule) => done.problem(number, rule),
            }
            continue;
        }
        if !owners.contains(&reading.user_id) {
            if !refused_users.contains(&reading.user_id) {
                done.problem(number, unknown_user(reading.user_id));
            }
            continue;
        }
        if let Some(rule) = taken.by(&reading) {
            done.problem(number, rule);
            continue;
        }
        rows.push(reading.row());
        generations.extend(reading.generations.iter().map(|one| one.row(&reading)));
        // No key of it was used later.
        let last = reading
            .generations
            .iter()
            .map(|one| one.outcome.created_at)
            .max();
        let used_at = last.unwrap_or(reading.outcome.created_at);
        keys.extend(reading.idempotency_keys.into_iter().flatten().map(|key| {
            idempotency_key::Model {
                user_id: reading.user_id,
                key: key.key,
                request: key.request,
                reading_id: reading.id,
                created_at: used_at,
            }
        }));
    }
    done.added = rows.len() as u64;
    insert::<reading::Entity>(tx, rows).await?;
    insert::<generation::Entity>(tx, generations).await?;
    insert::<idempotency_key::Entity>(tx, keys).await?;
    Ok(done)
}

/// Unique values of new readings that existing rows already have.
struct Taken {
    generations: HashSet<Uuid>,
    keys: HashSet<(Uuid, String)>,
}

async fn taken(tx: &DatabaseTransaction, lines: &[(u64, Reading)]) -> Result<Taken, DbErr> {
    let generations: Vec<_> = lines
        .iter()
        .flat_map(|(_, reading)| reading.generations.iter().map(|one| one.id))
        .collect();
    let keys: Vec<_> = lines
        .iter()
        .flat_map(|(_, reading)| reading.idempotency_keys.iter().flatten())
        .map(|key| key.key.as_str())
        .collect();
    let mut taken = Taken {
        generations: HashSet::new(),
        keys: HashSet::new(),
    };
    for ids in generations.chunks(ROWS) {
        let found = generation::Entity::find()
            .select_only()
            .column(generation::Column::Id)
            .filter(generation::Column::Id.is_in(ids.iter().copied()))
            .into_tuple::<Uuid>()
            .all(tx)
            .await?;
        taken.generations.extend(found);
    }
    for keys in keys.chunks(ROWS) {
        let found = idempotency_key::Entity::find()
            .filter(
                idempotency_key::Column::UserId
                    .is_in(lines.iter().map(|(_, reading)| reading.user_id)),
            )
            .filter(idempotency_key::Column::Key.is_in(keys.iter().copied()))
            .all(tx)
            .await?;
        taken
            .keys
            .extend(found.into_iter().map(|row| (row.user_id, row.key)));
    }
    Ok(taken)
}

impl Taken {
    fn by(&self, reading: &Reading) -> Option<Rule> {
        let keys = reading.idempotency_keys.iter().flatten();
        if reading
            .generations
            .iter()
            .any(|one| self.generations.contains(&one.id))
        {
            Some(Rule::new(
                "GENERATION_TAKEN",
                "another reading here has a generation of the same id",
            ))
        } else if keys
            .into_iter()
            .any(|key| self.keys.contains(&(reading.user_id, key.key.clone())))
        {
            Some(Rule::new(
                "KEY_TAKEN",
                "an idempotency key of it stands for another reading here",
            ))
        } else {
            None
        }
    }
}

/// Those of the users who have an account.
pub(super) async fn existing_users(
    tx: &DatabaseTransaction,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<HashSet<Uuid>, DbErr> {
    let ids: HashSet<_> = ids.into_iter().collect();
    let found = user::Entity::find()
        .select_only()
        .column(user::Column::Id)
        .filter(user::Column::Id.is_in(ids))
        .into_tuple::<Uuid>()
        .all(tx)
        .await?;
    Ok(found.into_iter().collect())
}

pub(super) fn unknown_user(id: Uuid) -> Rule {
    Rule::new(
        "UNKNOWN_USER",
        format!("no account here, nor on a line before, has the id {id}"),
    )
}

/// The rule that what is here has to be the same, if it is not.
fn differing<T: Serialize + PartialEq>(here: &T, line: &T) -> Option<Rule> {
    if here == line {
        return None;
    }
    let fields = |value: &T| serde_json::to_value(value).unwrap_or_default();
    let (here, line) = (fields(here), fields(line));
    let differing: Vec<_> = line
        .as_object()?
        .iter()
        .filter(|(name, value)| here.get(name) != Some(value))
        .map(|(name, _)| name.as_str())
        .collect();
    Some(Rule::new(
        "DIFFERENT",
        format!(
            "one with this id is here already, and differs in: {}",
            differing.join(", ")
        ),
    ))
}

/// Inserts rows, some at a time.
pub(super) async fn insert<E>(tx: &DatabaseTransaction, rows: Vec<E::Model>) -> Result<(), DbErr>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
{
    let mut rows = rows
        .into_iter()
        .map(|row| row.into_active_model().reset_all())
        .peekable();
    while rows.peek().is_some() {
        E::insert_many(rows.by_ref().take(ROWS))
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

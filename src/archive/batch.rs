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
    BrokenRule,
    import::LineError,
    line::{Generation, Reading, User},
    whole::whole,
};
use crate::{
    account::name,
    db::Plans,
    entity::{generation, idempotency_key, reading, user},
};

/// Rows of a statement: databases bound its parameters, SQLite at 32,766.
const ROWS: usize = 500;

/// Pairs that a statement looks for: SQLite bounds the depth of an expression, at 1,000.
const PAIRS: usize = 200;

/// The result of a batch.
#[derive(Default)]
pub(super) struct Done {
    pub added: u64,
    pub same: u64,
    pub problems: Vec<LineError>,
    /// Users who have a problem.
    pub refused: Vec<Uuid>,
}

impl Done {
    pub(super) fn problem(&mut self, line: u64, rule: BrokenRule) {
        self.problems.push(LineError { line, rule });
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
        let rule = match (here, user.hashed_password.clone()) {
            (Some(here), _) => match differing_user(here, user) {
                None => {
                    done.same += 1;
                    continue;
                }
                Some(rule) => rule,
            },
            (None, None) => BrokenRule::new(
                "NO_PASSWORD",
                "there is no such account here, and one user's export holds no password to make \
                 it with",
            ),
            (None, Some(_)) if known.iter().any(|known| known.email_key == email.key) => {
                BrokenRule::new("EMAIL_TAKEN", "another account here has this email")
            }
            (None, Some(_)) if known.iter().any(|known| known.username_key == username.key) => {
                BrokenRule::new("USERNAME_TAKEN", "another account here has this username")
            }
            (None, Some(hashed_password)) => {
                new.push(user.row(email.key, username.key, hashed_password));
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

/// The rule that what is here has to be the same, if it is not.
fn differing_user(here: user::Model, line: User) -> Option<BrokenRule> {
    if line.hashed_password.is_some() {
        return differing(&User::new(here, true), &line);
    }
    // Without a hash, it only says whose what follows is: all that never changes is the same.
    let line = User {
        is_active: here.is_active,
        updated_at: here.updated_at,
        username: here.username.clone(),
        locale: here.locale.clone(),
        memory: here.memory,
        email_verified_at: here.email_verified_at,
        pending_email: here.pending_email.clone(),
        is_guest: here.is_guest,
        readings_per_day: here.readings_per_day,
        cost_per_month_nano_usd: here.cost_per_month,
        ..line
    };
    differing(&User::new(here, false), &line)
}

/// No two of the readings have an id, a generation's id, an idempotency key or a link's token in common.
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
        keys.extend(keys_of(reading));
    }
    done.added = rows.len() as u64;
    insert::<reading::Entity>(tx, rows).await?;
    insert::<generation::Entity>(tx, generations).await?;
    insert::<idempotency_key::Entity>(tx, keys).await?;
    Ok(done)
}

fn keys_of(reading: Reading) -> impl Iterator<Item = idempotency_key::Model> {
    // None of them was used later.
    let created = |one: &Generation| one.outcome.created_at;
    let last = reading.generations.iter().map(created).max();
    let created_at = last.unwrap_or(reading.outcome.created_at);
    let keys = reading.idempotency_keys.into_iter().flatten();
    keys.map(move |key| idempotency_key::Model {
        user_id: reading.user_id,
        key: key.key,
        request: key.request,
        reading_id: reading.id,
        created_at,
    })
}

/// Unique values of new readings that existing rows already have.
struct Taken {
    generations: HashSet<Uuid>,
    keys: HashSet<(Uuid, String)>,
    tokens: HashSet<String>,
}

async fn taken(tx: &DatabaseTransaction, lines: &[(u64, Reading)]) -> Result<Taken, DbErr> {
    let generations: Vec<_> = lines
        .iter()
        .flat_map(|(_, reading)| reading.generations.iter().map(|one| one.id))
        .collect();
    let keys: Vec<_> = lines
        .iter()
        .flat_map(|(_, reading)| {
            let keys = reading.idempotency_keys.iter().flatten();
            keys.map(|key| (reading.user_id, key.key.as_str()))
        })
        .collect();
    let mut taken = Taken {
        generations: HashSet::new(),
        keys: HashSet::new(),
        tokens: HashSet::new(),
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
    for keys in keys.chunks(PAIRS) {
        // Not all keys of all users, of whom there may be many with many keys.
        let any = keys.iter().fold(Condition::any(), |any, (user_id, key)| {
            let both = Condition::all()
                .add(idempotency_key::Column::UserId.eq(*user_id))
                .add(idempotency_key::Column::Key.eq(*key));
            any.add(both)
        });
        let found = idempotency_key::Entity::find().filter(any).all(tx).await?;
        taken
            .keys
            .extend(found.into_iter().map(|row| (row.user_id, row.key)));
    }
    let shares = lines
        .iter()
        .filter_map(|(_, reading)| reading.share.as_ref());
    let tokens: Vec<_> = shares.map(|share| share.token.as_str()).collect();
    for tokens in tokens.chunks(ROWS) {
        let found = reading::Entity::find()
            .select_only()
            .column(reading::Column::ShareToken)
            .filter(reading::Column::ShareToken.is_in(tokens.iter().copied()))
            .into_tuple::<String>()
            .all(tx)
            .await?;
        taken.tokens.extend(found);
    }
    Ok(taken)
}

impl Taken {
    fn by(&self, reading: &Reading) -> Option<BrokenRule> {
        let keys = reading.idempotency_keys.iter().flatten();
        if reading
            .generations
            .iter()
            .any(|one| self.generations.contains(&one.id))
        {
            Some(BrokenRule::new(
                "GENERATION_TAKEN",
                "another reading here has a generation of the same id",
            ))
        } else if keys
            .into_iter()
            .any(|key| self.keys.contains(&(reading.user_id, key.key.clone())))
        {
            Some(BrokenRule::new(
                "KEY_TAKEN",
                "an idempotency key of it stands for another reading here",
            ))
        } else if reading
            .share
            .as_ref()
            .is_some_and(|link| self.tokens.contains(&link.token))
        {
            Some(BrokenRule::new(
                "TOKEN_TAKEN",
                "another reading here has a link of the same token",
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

pub(super) fn unknown_user(id: Uuid) -> BrokenRule {
    BrokenRule::new(
        "UNKNOWN_USER",
        format!("no account here, nor on a line before, has the id {id}"),
    )
}

/// The rule that what is here has to be the same, if it is not.
pub(super) fn differing<T: Serialize + PartialEq>(here: &T, line: &T) -> Option<BrokenRule> {
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
    Some(BrokenRule::new(
        "DIFFERENT",
        format!(
            "one with this id is here already, and differs in: {}",
            differing.join(", ")
        ),
    ))
}

/// Inserts rows, some at a time, in a transaction that was prepared for many.
pub(super) async fn insert<E>(tx: &DatabaseTransaction, rows: Vec<E::Model>) -> Result<(), DbErr>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
{
    let mut rows = rows
        .into_iter()
        .map(|row| row.into_active_model().reset_all())
        .peekable();
    if rows.peek().is_none() {
        return Ok(());
    }
    Plans::Kept.are_used_by(tx).await?;
    while rows.peek().is_some() {
        E::insert_many(rows.by_ref().take(ROWS))
            .exec_without_returning(tx)
            .await?;
    }
    Plans::Anew.are_used_by(tx).await
}

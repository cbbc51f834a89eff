//! Usage by day and month: counts that only ever rise, of which the higher is the later. A lower
//! count here is raised and a higher one stays, so that no limit is lost and importing twice is
//! harmless.

use std::collections::HashSet;

use sea_orm::{
    ActiveModelTrait, DatabaseTransaction, DbErr, EntityTrait, ExprTrait, IntoActiveModel,
    sea_query::{CaseStatement, Expr, OnConflict},
};
use uuid::Uuid;

use super::{
    batch::{Done, existing_users, unknown_user},
    line::{ServiceMonth, UsageDay, UsageMonth},
};
use crate::entity::{service_month, usage_day, usage_month};

pub(super) async fn days(
    tx: &DatabaseTransaction,
    lines: Vec<(u64, UsageDay)>,
    refused_users: &HashSet<Uuid>,
) -> Result<Done, DbErr> {
    let (rows, done) = of_users(tx, lines, refused_users, |day| day.user_id).await?;
    let rows: Vec<usage_day::Model> = rows.into_iter().map(Into::into).collect();
    let key = [usage_day::Column::UserId, usage_day::Column::Day];
    raise::<usage_day::Entity>(tx, rows, &key, &[usage_day::Column::Readings], done).await
}

pub(super) async fn months(
    tx: &DatabaseTransaction,
    lines: Vec<(u64, UsageMonth)>,
    refused_users: &HashSet<Uuid>,
) -> Result<Done, DbErr> {
    let (rows, done) = of_users(tx, lines, refused_users, |month| month.user_id).await?;
    let rows: Vec<usage_month::Model> = rows.into_iter().map(Into::into).collect();
    let key = [usage_month::Column::UserId, usage_month::Column::Month];
    let counts = [usage_month::Column::Tokens, usage_month::Column::Cost];
    raise::<usage_month::Entity>(tx, rows, &key, &counts, done).await
}

pub(super) async fn service_months(
    tx: &DatabaseTransaction,
    lines: Vec<(u64, ServiceMonth)>,
) -> Result<Done, DbErr> {
    let rows: Vec<service_month::Model> = lines.into_iter().map(|(_, row)| row.into()).collect();
    let counts = [service_month::Column::Tokens, service_month::Column::Cost];
    let key = [service_month::Column::Month];
    raise::<service_month::Entity>(tx, rows, &key, &counts, Done::default()).await
}

/// The lines whose users there are, and the others as problems.
pub(super) async fn of_users<T>(
    tx: &DatabaseTransaction,
    lines: Vec<(u64, T)>,
    refused_users: &HashSet<Uuid>,
    user_id: impl Fn(&T) -> Uuid,
) -> Result<(Vec<T>, Done), DbErr> {
    let mut done = Done::default();
    if lines.is_empty() {
        return Ok((Vec::new(), done));
    }
    let users = existing_users(tx, lines.iter().map(|(_, line)| user_id(line))).await?;
    let mut rows = Vec::with_capacity(lines.len());
    for (number, line) in lines {
        let id = user_id(&line);
        if users.contains(&id) {
            rows.push(line);
        } else if !refused_users.contains(&id) {
            done.problem(number, unknown_user(id));
        }
    }
    Ok((rows, done))
}

/// Inserts rows, or raises the counts of those there are.
async fn raise<E>(
    tx: &DatabaseTransaction,
    rows: Vec<E::Model>,
    key: &[E::Column],
    counts: &[E::Column],
    mut done: Done,
) -> Result<Done, DbErr>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
{
    if rows.is_empty() {
        return Ok(done);
    }
    let number = rows.len() as u64;
    let here = |column: E::Column| Expr::col((E::default(), column));
    let told = |column: E::Column| Expr::col(("excluded", column));
    let mut higher = OnConflict::columns(key.iter().copied());
    for &column in counts {
        let highest = CaseStatement::new()
            .case(told(column).gt(here(column)), told(column))
            .finally(here(column));
        higher.value(column, highest);
    }
    let any_higher = counts
        .iter()
        .map(|&column| told(column).gt(here(column)))
        .reduce(ExprTrait::or);
    higher.action_and_where_option(any_higher);
    let rows = rows
        .into_iter()
        .map(|row| row.into_active_model().reset_all());
    done.added = E::insert_many(rows)
        .on_conflict(higher)
        .exec_without_returning(tx)
        .await?;
    done.same = number - done.added;
    Ok(done)
}

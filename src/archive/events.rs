//! Events of accounts. They never change: one that is here is the same.

use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::{
    batch::{self, Done, differing},
    ledger::of_users,
    line::AccountEvent,
};
use crate::entity::account_event;

/// No two of the events have an id in common.
pub(super) async fn insert(
    tx: &DatabaseTransaction,
    lines: Vec<(u64, AccountEvent)>,
    refused_users: &HashSet<Uuid>,
) -> Result<Done, DbErr> {
    let ids = lines.iter().map(|(_, event)| event.id);
    let here: HashMap<_, _> = match lines.len() {
        0 => HashMap::new(),
        _ => account_event::Entity::find()
            .filter(account_event::Column::Id.is_in(ids))
            .all(tx)
            .await?
            .into_iter()
            .map(|row| (row.id, AccountEvent::from(row)))
            .collect(),
    };
    let mut known = Done::default();
    let mut new = Vec::with_capacity(lines.len());
    for (number, event) in lines {
        match here.get(&event.id).map(|here| differing(here, &event)) {
            None => new.push((number, event)),
            Some(None) => known.same += 1,
            Some(Some(rule)) => known.problem(number, rule),
        }
    }
    let (new, mut done) = of_users(tx, new, refused_users, |event| event.user_id).await?;
    done.added = new.len() as u64;
    done.same = known.same;
    done.problems.append(&mut known.problems);
    let rows = new.into_iter().map(Into::into).collect();
    batch::insert::<account_event::Entity>(tx, rows).await?;
    Ok(done)
}

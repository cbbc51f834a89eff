//! Continuous checks: idle transactions, memory, quotas.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseBackend, EntityTrait, QueryFilter, Statement};

use super::{
    deployment::{ANSWER, ANSWERS_PER_MONTH, Deployment, READINGS_PER_DAY},
    settle::whose,
};
use mula::entity::{generation, reading, usage_day, usage_month};

/// How often.
const PAUSE: Duration = Duration::from_millis(300);

/// How long, in seconds, a transaction may last: none takes more than some statements, the faults
/// that hold one up end sooner, and the server itself ends one that idles for 15 s.
const TRANSACTION: f64 = 20.0;

/// Looks at which it was there, at least: a machine that is too busy for a transaction of some statements
/// looks less often too.
const LOOKS: u32 = 50;

/// How long before it is noticed an instance may have been stopped, beside the aftermath of that: in
/// all a lease of 8 s, a heartbeat, and what a busy machine needs.
const SILENCE: Duration = Duration::from_secs(7);

/// The memory limit of an instance, in bytes.
const MEMORY: u64 = 400 << 20;

pub async fn watch(deployment: Arc<Deployment>) {
    let over = deployment.history.over.clone();
    let mut interrupted = HashSet::new();
    let mut open = Open::new();
    while !over.is_cancelled() {
        let check = async {
            memory(&deployment);
            // The database may be away.
            let _ = transactions(&deployment, &mut open).await;
            let _ = quotas(&deployment).await;
            let _ = interruptions(&deployment, &mut interrupted).await;
            tokio::time::sleep(PAUSE).await;
        };
        over.run_until_cancelled(check).await;
    }
}

fn memory(deployment: &Deployment) {
    for instance in &deployment.instances {
        if let Some(held) = instance.memory()
            && held > MEMORY
        {
            let what = format!("{} holds {} MB", instance.name, held >> 20);
            deployment.history.fail("memory is bounded", "", "", what);
        }
    }
}

/// Looks at which a transaction was there, by its process and start.
type Open = HashMap<(i32, String), u32>;

/// No connection of the service's is inside a transaction for long, whatever it does there: one
/// that nobody knows of is used again and again.
async fn transactions(deployment: &Deployment, open: &mut Open) -> Result<(), sea_orm::DbErr> {
    if deployment.postgres.is_none() {
        return Ok(());
    }
    let ask =
        "SELECT pid, state, extract(epoch FROM now() - xact_start)::float8, query, xact_start::text
        FROM pg_stat_activity
        WHERE application_name = 'mula' AND xact_start IS NOT NULL";
    let ask = Statement::from_string(DatabaseBackend::Postgres, ask);
    let rows = deployment.direct.query_all_raw(ask).await?;
    let known = std::mem::take(open);
    for row in rows {
        let (pid, state): (i32, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let transaction = (pid, row.try_get_by_index(4)?);
        let looks = known.get(&transaction).map_or(1, |looks| looks + 1);
        open.insert(transaction, looks);
        let age: f64 = row.try_get_by_index(2)?;
        if state.starts_with("idle in transaction") && age > TRANSACTION && looks >= LOOKS {
            let query: String = row.try_get_by_index(3)?;
            let what = format!("connection {pid} is {state} for {age:.1} s, after {query:.200}");
            deployment
                .history
                .fail("no connection stays in a transaction", "", "", what);
        }
    }
    Ok(())
}

/// An answer is taken over from an instance only when that was interrupted.
async fn interruptions(
    deployment: &Deployment,
    known: &mut HashSet<sea_orm::prelude::Uuid>,
) -> Result<(), sea_orm::DbErr> {
    let interrupted = generation::Entity::find()
        .filter(generation::Column::FailureCode.eq("INTERRUPTED"))
        .find_also_related(reading::Entity)
        .all(&deployment.direct)
        .await?;
    let history = &deployment.history;
    let since = history.now().saturating_sub(SILENCE);
    for (generation, reading) in interrupted {
        if known.insert(generation.id) && !history.is_disturbed(since) {
            let (who, mark) = reading.as_ref().map(whose).unwrap_or_default();
            let what = format!("no instance was stopped: {generation:?}");
            history.fail("an answer ends as it was written", &who, &mark, what);
        }
    }
    Ok(())
}

pub async fn quotas(deployment: &Deployment) -> Result<(), sea_orm::DbErr> {
    let limit = ANSWERS_PER_MONTH * ANSWER + ANSWER / 2;
    let days = usage_day::Entity::find()
        .filter(usage_day::Column::Readings.gt(READINGS_PER_DAY))
        .all(&deployment.direct)
        .await?;
    let months = usage_month::Entity::find()
        .filter(usage_month::Column::Cost.gt(limit))
        .all(&deployment.direct)
        .await?;
    let days = days.iter().map(|day| format!("{day:?}"));
    let months = months.iter().map(|month| format!("{month:?}"));
    for what in days.chain(months) {
        deployment
            .history
            .fail("no quota or budget is passed", "", "", what);
    }
    Ok(())
}

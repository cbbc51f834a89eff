//! Failed sign-ins, recorded as events of their accounts four times a second. The sign-in waits for none of it:
//! a wrong password takes as long for an account that exists as for one that does not.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use parking_lot::Mutex;
use sea_orm::{DbErr, SqlErr};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::events;
use crate::{
    clock::Clock,
    db::Database,
    entity::account_event::{self, EventKind},
};

/// How often they are written.
const PERIOD: Duration = Duration::from_millis(250);

/// How many wait to be written, at most: some 0.5 MB. More are dropped.
const WAITING: usize = 1000;

/// Failed sign-ins that are to be written.
#[derive(Clone)]
pub struct FailedSignIns {
    db: Database,
    clock: Clock,
    waiting: Arc<Mutex<VecDeque<account_event::Model>>>,
}

impl FailedSignIns {
    pub(super) fn new(db: Database, clock: Clock) -> Self {
        Self {
            db,
            clock,
            waiting: Arc::default(),
        }
    }

    pub(super) fn record(&self, user_id: Uuid, user_agent: Option<&str>) {
        let event = events::event(
            &self.clock,
            user_id,
            EventKind::SignInFailed,
            None,
            user_agent,
        );
        let mut waiting = self.waiting.lock();
        if waiting.len() < WAITING {
            waiting.push_back(event);
        }
    }

    /// Writes failed sign-ins, and once more when `stopping` is cancelled.
    pub async fn write_until(self, stopping: CancellationToken) {
        loop {
            let waited = stopping
                .run_until_cancelled(tokio::time::sleep(PERIOD))
                .await;
            if let Err(error) = self.write_waiting().await {
                tracing::warn!(%error, "failed sign-ins not recorded; trying again");
            }
            if waited.is_none() {
                return;
            }
        }
    }

    async fn write_waiting(&self) -> Result<(), DbErr> {
        loop {
            let Some(event) = self.waiting.lock().front().cloned() else {
                return Ok(());
            };
            match events::write(self.db.writes(), event).await {
                Err(error) if !is_of_no_account(&error) => return Err(error),
                _ => self.waiting.lock().pop_front(),
            };
        }
    }
}

/// Whether the account has been deleted meanwhile.
fn is_of_no_account(error: &DbErr) -> bool {
    matches!(
        error.sql_err(),
        Some(SqlErr::ForeignKeyConstraintViolation(_))
    )
}

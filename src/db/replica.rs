//! A read replica: a standby of PostgreSQL's that lists and single readings are read from, and
//! nothing else; whatever decides something asks the primary.
//!
//! A standby is behind, by milliseconds or, when something is wrong, by any time, and a user must
//! not miss what they have just done, on whichever instance. So each change of a user's readings
//! counts up a number of that user's, in its own transaction. It is replicated with the change:
//! where it stands at what it is on the primary, all of the user's changes are there, however far
//! behind the replica is with everybody else's. The primary is asked for the number (one row, by
//! its key), and the replica's query has it as a condition: nothing found means that the replica
//! is behind, or that there is nothing, and the primary tells which. No clock is compared, and no
//! place in a log: that would send everybody to the primary as long as anybody writes, and a
//! memory of who wrote lately would be each instance's own.

use std::time::Duration;

use sea_orm::DbErr;
use tokio_util::sync::CancellationToken;

use super::{Database, Reads};
use crate::config::DatabaseSettings;

/// How long it may take before the primary is asked instead.
const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Clone, Debug)]
pub struct Replica(Box<Database>);

impl Replica {
    /// Opens it, whether it answers or not: without it the primary does.
    pub(super) async fn connect(settings: &DatabaseSettings) -> Result<Option<Self>, DbErr> {
        let Some(url) = &settings.read_url else {
            return Ok(None);
        };
        let settings = DatabaseSettings {
            url: url.clone(),
            read_url: None,
            acquire_timeout: settings.acquire_timeout.min(PATIENCE),
            ..settings.clone()
        };
        let database = Box::pin(Database::open(&settings, true)).await?;
        Ok(Some(Self(Box::new(database))))
    }

    #[must_use]
    pub fn connection(&self) -> &Reads {
        self.0.reads()
    }

    /// The replica's result; None if it fails or takes too long.
    pub async fn tried<T>(&self, work: impl Future<Output = Result<T, DbErr>>) -> Option<T> {
        match tokio::time::timeout(PATIENCE, work).await {
            Ok(Ok(said)) => Some(said),
            Ok(Err(error)) => {
                tracing::debug!(%error, "the replica cannot tell; asking the primary");
                None
            }
            Err(_) => {
                tracing::debug!("the replica takes too long; asking the primary");
                None
            }
        }
    }

    pub(super) async fn monitor_until(self, stopping: CancellationToken) {
        Box::pin(self.0.monitor_until(stopping)).await;
    }

    pub(super) async fn close(self) {
        Box::pin(self.0.close()).await;
    }
}

//! Reading from a replica what a user may be shown from there: [`crate::db`] has the rule.

use sea_orm::{
    DbErr, EntityTrait, ExprTrait, QuerySelect, QueryTrait,
    sea_query::{Condition, SimpleExpr},
};
use uuid::Uuid;

use super::{Error, Readings};
use crate::{
    db::{Reads, Replica},
    entity::reading_change,
};

/// The replica, for one user.
pub(super) struct ForUser<'a> {
    replica: &'a Replica,
    user_id: Uuid,
    /// As many as the primary knows of. None: of none.
    changes: Option<i64>,
}

impl ForUser<'_> {
    pub(super) fn connection(&self) -> &Reads {
        self.replica.connection()
    }

    /// Holds there, in the moment of a query, if it has all that the user has changed.
    pub(super) fn has_all(&self) -> Condition {
        let Some(changes) = self.changes else {
            return Condition::all();
        };
        let there = reading_change::Entity::find_by_id(self.user_id)
            .select_only()
            .column(reading_change::Column::Changes)
            .into_query();
        let there = SimpleExpr::SubQuery(None, Box::new(there.into()));
        Condition::all().add(there.gte(changes))
    }

    pub(super) async fn tried<T>(
        &self,
        query: impl Future<Output = Result<T, DbErr>>,
    ) -> Option<T> {
        self.replica.tried(query).await
    }
}

impl Readings {
    /// The replica, if there is one.
    pub(super) async fn replica_for(&self, user_id: Uuid) -> Result<Option<ForUser<'_>>, Error> {
        let db = &self.db;
        let Some(replica) = db.replica() else {
            return Ok(None);
        };
        let changes = reading_change::Entity::find_by_id(user_id);
        Ok(Some(ForUser {
            replica,
            user_id,
            changes: changes.one(db.reads()).await?.map(|row| row.changes),
        }))
    }
}

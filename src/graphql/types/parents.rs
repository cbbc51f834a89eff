//! The readings that the readings of a page reply to.

use std::{collections::HashMap, sync::Arc};

use async_graphql::Context;
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::Reading;
use crate::{
    entity::reading,
    graphql::{ApiError, caller::ContextExt},
    reading::Texts,
};

/// Fetched in one statement, as soon as one is asked for; by how much of the answers' texts is.
#[derive(Default)]
pub(super) struct Parents {
    none: OnceCell<Result<ById, ApiError>>,
    beginnings: OnceCell<Result<ById, ApiError>>,
    all: OnceCell<Result<ById, ApiError>>,
}

type ById = HashMap<Uuid, Reading>;

impl Parents {
    /// That of one reading among these; none if it was deleted.
    pub(super) async fn find(
        &self,
        ctx: &Context<'_>,
        readings: &[Arc<reading::Model>],
        of: &reading::Model,
    ) -> Result<Option<Reading>, ApiError> {
        let Some(id) = of.in_reply_to else {
            return Ok(None);
        };
        let texts = Reading::texts(ctx.field());
        let cell = match texts {
            Texts::None => &self.none,
            Texts::Beginnings => &self.beginnings,
            Texts::All => &self.all,
        };
        let found = cell.get_or_init(async || {
            let ids: Vec<_> = readings.iter().filter_map(|one| one.in_reply_to).collect();
            let mut fetching = ctx.caller().budget.fetch().await?;
            let services = &ctx.services().readings;
            let rows = services.find_some(of.user_id, &ids, texts).await?;
            fetching.note(rows.iter().map(reading::Model::text_len).sum());
            let found = Reading::page(rows).map(|reading| (reading.row().id, reading));
            Ok(found.collect())
        });
        let found = found.await.as_ref().map_err(Clone::clone)?;
        Ok(found.get(&id).cloned())
    }
}

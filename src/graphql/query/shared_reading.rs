use async_graphql::{Context, Object};

use crate::graphql::{ApiError, caller::ContextExt, types::SharedReading};

#[derive(Default)]
pub(super) struct SharedReadingQuery;

#[Object]
impl SharedReadingQuery {
    /// The reading that a link shows, for anyone. Null if there is no such link, or it has ended.
    async fn shared_reading(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The link's token.")] token: String,
    ) -> Result<Option<SharedReading>, ApiError> {
        let (services, from) = (ctx.services(), ctx.caller().address);
        services.accounts.rate_limits.shared(from)?;
        let found = services.readings.find_shared(&token).await?;
        Ok(found.map(SharedReading))
    }
}

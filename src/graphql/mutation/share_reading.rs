use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use crate::graphql::{
    ApiError, caller::ContextExt, id::NodeKind, scalar::DateTime, semantic_non_null, types::Reading,
};

/// A reading to share.
#[derive(InputObject)]
struct ShareReadingInput {
    /// The reading's id.
    id: ID,
    /// The time at which the link ends, in the future. Absent or null: it does not.
    expires_at: Option<DateTime>,
}

/// The result of `shareReading`.
#[derive(SimpleObject)]
struct ShareReadingPayload {
    /// The reading after the change.
    reading: Reading,
}

#[derive(Default)]
pub(super) struct ShareReading;

#[Object]
impl ShareReading {
    /// Makes a link that shows a reading to anyone, without the user's name, note or conversation. A reading has one
    /// link: sharing again keeps its token and moves its end.
    #[graphql(directive = semantic_non_null::apply(vec![0]))]
    async fn share_reading(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The reading and the end of its link.")] input: ShareReadingInput,
    ) -> Result<Option<ShareReadingPayload>, ApiError> {
        let user_id = ctx.requester()?.user.id;
        let id = NodeKind::Reading.parse(&input.id, "input.id")?;
        let expires_at = input.expires_at.map(|time| time.0);
        let readings = &ctx.services().readings;
        let reading = readings.share(user_id, id, expires_at).await?;
        Ok(Some(ShareReadingPayload {
            reading: Reading::new(reading),
        }))
    }
}

use async_graphql::{Context, ID, Object};
use futures_util::future::try_join_all;

use crate::graphql::{ApiError, caller::ContextExt, id::Kind, types::Node};

/// Objects fetched at once, at most.
const MAX: usize = 100;

#[derive(Default)]
pub(super) struct NodeQuery;

#[Object]
impl NodeQuery {
    /// Any object of the signed-in user's by its id, or null: another user's object looks absent.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which object.")] id: ID,
    ) -> Result<Option<Node>, ApiError> {
        ctx.requester()?;
        let (kind, id) = Kind::parse_any(&id, "id")?;
        Node::find(ctx, kind, id).await
    }

    /// Objects of the signed-in user's by their ids, in the same order, null where there is none.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which objects, at most 100.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>, ApiError> {
        ctx.requester()?;
        if ids.len() > MAX {
            return Err(ApiError::argument(
                "ids",
                "TOO_MANY",
                format!("Ask for at most {MAX} objects."),
            ));
        }
        let ids = ids
            .iter()
            .map(|id| Kind::parse_any(id, "ids"))
            .collect::<Result<Vec<_>, _>>()?;
        try_join_all(ids.into_iter().map(|(kind, id)| Node::find(ctx, kind, id))).await
    }
}

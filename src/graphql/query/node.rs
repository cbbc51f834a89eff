use async_graphql::{Context, ID, Object, PathSegment};

use crate::{
    graphql::{ApiError, id::NodeKind, types::Node},
    validation::{FieldErrorCode, Violation},
};

/// Objects fetched at once, at most.
const MAX: usize = 100;

#[derive(Default)]
pub(super) struct NodeQuery;

#[Object]
impl NodeQuery {
    /// Any object of the signed-in user's by its id, or null: another user's object looks absent. Profiles
    /// of advisors are open to everyone.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The object's id.")] id: ID,
    ) -> Result<Option<Node>, ApiError> {
        let wanted = NodeKind::parse_any(&id, "id")?;
        Ok(Node::find(ctx, &[wanted]).await?.remove(&wanted))
    }

    /// Fetches objects by their ids, in the same order. Null in the place of each that does not
    /// exist or belongs to another user.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The objects' ids, at most 100.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>, ApiError> {
        if ids.len() > MAX {
            let message = format!("Ask for at most {MAX} objects.");
            let rule = Violation::within(FieldErrorCode::TooMany, 0..=MAX, message);
            return Err(ApiError::argument("ids", rule));
        }
        let ids: Vec<_> = ids
            .iter()
            .map(|id| NodeKind::parse_any(id, "ids"))
            .collect();
        let good: Vec<_> = ids
            .iter()
            .filter_map(|id| id.as_ref().ok().copied())
            .collect();
        let found = Node::find(ctx, &good).await?;
        let ids = ids.into_iter().enumerate();
        let nodes = ids.map(|(index, id)| match id {
            Ok(id) => found.get(&id).cloned(),
            Err(error) => {
                let mut error = error.into_server_error(vec![ctx.item.pos]);
                let field = ctx.item.node.response_key().node.to_string();
                error.path = vec![PathSegment::Field(field), PathSegment::Index(index)];
                ctx.add_error(error);
                None
            }
        });
        Ok(nodes.collect())
    }
}

//! Any object with an id.

use async_graphql::{Context, ID, Interface};
use uuid::Uuid;

use super::{Reading, Session, User};
use crate::graphql::{ApiError, caller::ContextExt, id::Kind};

/// Any object that has an id (<https://relay.dev/graphql/objectidentification.htm>).
#[derive(Interface)]
#[graphql(field(
    name = "id",
    ty = "ID",
    desc = "Names the object, in all of the service and for good."
))]
pub(in crate::graphql) enum Node {
    User(User),
    Session(Session),
    Reading(Reading),
}

impl Node {
    /// The signed-in user's object, or none.
    pub(in crate::graphql) async fn find(
        ctx: &Context<'_>,
        kind: Kind,
        id: Uuid,
    ) -> Result<Option<Self>, ApiError> {
        let requester = ctx.requester()?;
        let services = ctx.services();
        Ok(match kind {
            Kind::User => {
                (id == requester.user.id).then(|| Self::User(User(requester.user.clone())))
            }
            Kind::Session => services
                .accounts
                .session(requester.user.id, id)
                .await?
                .map(|session| Self::Session(Session(session))),
            Kind::Reading => services
                .readings
                .find(requester.user.id, id)
                .await?
                .map(|reading| Self::Reading(Reading(reading))),
        })
    }
}

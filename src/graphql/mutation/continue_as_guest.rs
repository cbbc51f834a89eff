use async_graphql::{Context, Object};

use super::login::LoginPayload;
use crate::graphql::{ApiError, caller::ContextExt, semantic_non_null};

#[derive(Default)]
pub(super) struct ContinueAsGuest;

#[Object]
impl ContinueAsGuest {
    /// Creates an account without an email address and a password, and a session: the only way into it, until
    /// `claimAccount`. Fails with the reason `NO_GUESTS` if the service takes no guests.
    #[graphql(directive = semantic_non_null::apply(vec![0]))]
    async fn continue_as_guest(&self, ctx: &Context<'_>) -> Result<Option<LoginPayload>, ApiError> {
        let accounts = &ctx.services().accounts;
        let signed_in = accounts.continue_as_guest(ctx.caller().client()).await?;
        Ok(Some(LoginPayload::new(ctx, signed_in)))
    }
}

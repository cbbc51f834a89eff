use async_graphql::{Context, Object, SimpleObject};

use super::register::RegisterInput;
use crate::graphql::{ApiError, caller::ContextExt, semantic_non_null, types::User};

/// The result of `claimAccount`.
#[derive(SimpleObject)]
struct ClaimAccountPayload {
    /// The user, who is no longer a guest.
    user: User,
}

#[derive(Default)]
pub(super) struct ClaimAccount;

#[Object]
impl ClaimAccount {
    /// Gives a guest's account an email address, a username and a password. Its readings and its session stay. Fails
    /// with the reason `NOT_A_GUEST` for other accounts.
    #[graphql(directive = semantic_non_null::apply(vec![0]))]
    async fn claim_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The account as it is to be.")] input: RegisterInput,
    ) -> Result<Option<ClaimAccountPayload>, ApiError> {
        let (requester, client) = (ctx.requester()?, ctx.caller().client());
        let accounts = &ctx.services().accounts;
        let user = accounts
            .claim_account(
                requester,
                &input.email,
                &input.username,
                &input.password,
                client,
            )
            .await?;
        Ok(Some(ClaimAccountPayload { user: User(user) }))
    }
}

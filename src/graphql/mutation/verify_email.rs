use async_graphql::{Context, InputObject, Object, SimpleObject};

use crate::graphql::{ApiError, caller::ContextExt, semantic_non_null, types::User};

/// The token of a link.
#[derive(InputObject)]
struct VerifyEmailInput {
    /// The token of a link, after `#token=`.
    token: String,
}

/// The result of `verifyEmail`.
#[derive(SimpleObject)]
struct VerifyEmailPayload {
    /// The user with the confirmed address.
    user: User,
}

#[derive(Default)]
pub(super) struct VerifyEmail;

#[Object]
impl VerifyEmail {
    /// Confirms the address that a link was sent to; of a change by `changeEmail`, makes it the account's. Needs no
    /// session. A link works once, within an hour.
    #[graphql(directive = semantic_non_null::apply(vec![0]))]
    async fn verify_email(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token of the link.")] input: VerifyEmailInput,
    ) -> Result<Option<VerifyEmailPayload>, ApiError> {
        let (accounts, client) = (&ctx.services().accounts, ctx.caller().client());
        let user = accounts.verify_email(&input.token, client).await?;
        Ok(Some(VerifyEmailPayload { user: User(user) }))
    }
}

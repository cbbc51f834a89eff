use async_graphql::{Context, Object, SimpleObject};

use crate::graphql::{ApiError, caller::ContextExt, semantic_non_null, types::User};

/// The result of `resendVerification`.
#[derive(SimpleObject)]
struct ResendVerificationPayload {
    /// The user whose address is to be confirmed.
    user: User,
}

#[derive(Default)]
pub(super) struct ResendVerification;

#[Object]
impl ResendVerification {
    /// Sends another link to the address that is to be confirmed: `pendingEmail` if there is one, else `email` unless it
    /// is confirmed. Fails with the reason `NO_MAIL` if the service sends no mail.
    #[graphql(directive = semantic_non_null::apply(vec![0]))]
    async fn resend_verification(
        &self,
        ctx: &Context<'_>,
    ) -> Result<Option<ResendVerificationPayload>, ApiError> {
        let requester = ctx.requester()?;
        let (accounts, from) = (&ctx.services().accounts, ctx.caller().address);
        accounts.resend_verification(requester, from).await?;
        let user = User(requester.user.clone());
        Ok(Some(ResendVerificationPayload { user }))
    }
}

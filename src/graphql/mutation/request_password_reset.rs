use async_graphql::{Context, InputObject, Object, SimpleObject};

use crate::graphql::{ApiError, caller::ContextExt, semantic_non_null};

/// An account whose password is forgotten.
#[derive(InputObject)]
struct RequestPasswordResetInput {
    /// The account's email address.
    email: String,
}

/// The result of `requestPasswordReset`: the same for every address.
#[derive(SimpleObject)]
struct RequestPasswordResetPayload {
    /// A sentence for people.
    message: &'static str,
}

#[derive(Default)]
pub(super) struct RequestPasswordReset;

#[Object]
impl RequestPasswordReset {
    /// Sends a link to choose a new password, if an account has the address. The answer is the same, and as fast, for
    /// every address. Fails with the reason `NO_MAIL` if the service sends no mail.
    #[graphql(directive = semantic_non_null::apply(vec![0]))]
    async fn request_password_reset(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The account.")] input: RequestPasswordResetInput,
    ) -> Result<Option<RequestPasswordResetPayload>, ApiError> {
        let (accounts, from) = (&ctx.services().accounts, ctx.caller().address);
        accounts.request_password_reset(&input.email, from).await?;
        Ok(Some(RequestPasswordResetPayload {
            message: "If an account has this address, a link is on its way to it.",
        }))
    }
}

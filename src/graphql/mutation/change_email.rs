use async_graphql::{Context, InputObject, Object, SimpleObject};

use crate::graphql::{ApiError, caller::ContextExt, semantic_non_null, types::User};

/// A new address, and the password.
#[derive(InputObject)]
struct ChangeEmailInput {
    /// The new email address, at most 255 characters. Unique, ignoring case.
    new_email: String,
    /// The account's password.
    password: String,
}

/// The result of `changeEmail`.
#[derive(SimpleObject)]
struct ChangeEmailPayload {
    /// The user. `email` changes once the new address is confirmed; at once if the service sends no mail.
    user: User,
}

#[derive(Default)]
pub(super) struct ChangeEmail;

#[Object]
impl ChangeEmail {
    /// Changes the email address. With mail, sends a link to the new address and a notice to the present one; the change
    /// takes effect with `verifyEmail`, and `pendingEmail` holds the new address until then.
    #[graphql(directive = semantic_non_null::apply(vec![0]))]
    async fn change_email(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new address and the password.")] input: ChangeEmailInput,
    ) -> Result<Option<ChangeEmailPayload>, ApiError> {
        let (accounts, client) = (&ctx.services().accounts, ctx.caller().client());
        let user = accounts
            .change_email(ctx.requester()?, &input.new_email, &input.password, client)
            .await?;
        Ok(Some(ChangeEmailPayload { user: User(user) }))
    }
}

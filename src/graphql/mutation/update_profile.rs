use async_graphql::{Context, InputObject, Object, SimpleObject};

use crate::{
    account::ProfileChanges,
    graphql::{ApiError, caller::ContextExt, semantic_non_null, types::User},
};

/// Changes to the profile. Absent and null members stay as they are.
#[derive(InputObject)]
struct UpdateProfileInput {
    /// The username: 3 to 100 letters, digits, underscores, points and hyphens. Unique, ignoring
    /// case.
    username: Option<String>,
    /// A BCP 47 language tag of at most 35 characters, such as "pt-BR".
    locale: Option<String>,
    /// Whether a language model may be told the user's last questions. It is told those of the conversation that a
    /// question goes on with in any case.
    memory: Option<bool>,
}

/// The result of `updateProfile`.
#[derive(SimpleObject)]
struct UpdateProfilePayload {
    /// The user after the change.
    user: User,
}

#[derive(Default)]
pub(super) struct UpdateProfile;

#[Object]
impl UpdateProfile {
    /// Changes the username, the language or the use of earlier questions.
    #[graphql(directive = semantic_non_null::apply(vec![0]))]
    async fn update_profile(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The members to change.")] input: UpdateProfileInput,
    ) -> Result<Option<UpdateProfilePayload>, ApiError> {
        let changes = ProfileChanges {
            username: input.username,
            locale: input.locale,
            memory: input.memory,
        };
        let (accounts, from) = (&ctx.services().accounts, ctx.caller().address);
        let user = accounts
            .update_profile(ctx.requester()?, changes, from)
            .await?;
        Ok(Some(UpdateProfilePayload { user: User(user) }))
    }
}

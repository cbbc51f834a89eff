use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use crate::graphql::{ApiError, caller::ContextExt, id::NodeKind, semantic_non_null};

/// A confirmation of `deleteAccount`.
#[derive(InputObject)]
struct DeleteAccountInput {
    /// The account's password. A guest's is the empty string.
    password: String,
}

/// The result of `deleteAccount`.
#[derive(SimpleObject)]
struct DeleteAccountPayload {
    /// The id of the deleted user.
    deleted_user_id: ID,
}

#[derive(Default)]
pub(super) struct DeleteAccount;

#[Object]
impl DeleteAccount {
    /// Deletes the account with its sessions and readings. This cannot be undone.
    #[graphql(directive = semantic_non_null::apply(vec![0]))]
    async fn delete_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The current password.")] input: DeleteAccountInput,
    ) -> Result<Option<DeleteAccountPayload>, ApiError> {
        let (services, requester) = (ctx.services(), ctx.requester()?);
        let id = requester.user.id;
        let from = ctx.caller().address;
        services
            .accounts
            .confirm(requester, input.password, from)
            .await?;
        // An answer that a provider is writing has to be accounted for.
        services.generations.cancel_all(id).await?;
        services.accounts.delete(&requester.user).await?;
        ctx.caller().forget_cookie();
        Ok(Some(DeleteAccountPayload {
            deleted_user_id: NodeKind::User.id(id),
        }))
    }
}

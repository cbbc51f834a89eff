use async_graphql::{Context, Object, SimpleObject};

use crate::graphql::caller::ContextExt;

/// The offers of this service, as its operator has set it up.
#[derive(SimpleObject)]
struct Service {
    /// Whether `continueAsGuest` makes accounts.
    guests: bool,
    /// Whether the service sends mail. Without it `requestPasswordReset` and `resendVerification` fail with the
    /// reason `NO_MAIL`, and `changeEmail` takes effect at once.
    mail: bool,
}

#[derive(Default)]
pub(super) struct ServiceQuery;

#[Object]
impl ServiceQuery {
    /// The offers of this service, as its operator has set it up. Open to everyone.
    async fn service(&self, ctx: &Context<'_>) -> Service {
        let accounts = &ctx.services().accounts;
        Service {
            guests: accounts.allows_guests(),
            mail: accounts.outbox.is_on(),
        }
    }
}

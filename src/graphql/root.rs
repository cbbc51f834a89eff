//! The root fields of queries and mutations: each has a span, and needs a signed-in user unless it is listed
//! here.

use std::borrow::Cow;

use async_graphql::{
    ContainerType, Context, ContextSelectionSet, ObjectType, OutputType, Positioned, ServerResult,
    Value, parser::types::Field, registry::Registry, resolver_utils::resolve_container,
};

use super::caller::ContextExt;
use crate::spans::Span;

/// Root fields that resolve without a user.
const PUBLIC: [&str; 12] = [
    "advisors",
    "continueAsGuest",
    // Accepts a token that has expired.
    "extendSession",
    "login",
    // Profiles of advisors; other objects need their user.
    "node",
    "nodes",
    "register",
    "requestPasswordReset",
    "resetPassword",
    "service",
    "sharedReading",
    "verifyEmail",
];

/// The root object of queries or of mutations.
pub struct Root<T>(pub(super) T);

impl<T: ContainerType> ContainerType for Root<T> {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        let name = ctx.item.node.name.node.as_str();
        let span = Span::field(name);
        let resolving = async {
            if !PUBLIC.contains(&name) {
                ctx.requester().map_err(|error| {
                    ctx.set_error_path(error.into_server_error(vec![ctx.item.pos]))
                })?;
            }
            self.0.resolve_field(ctx).await
        };
        let result = span.within(resolving).await;
        if let Err(error) = &result
            && let Some(Value::String(code)) = error
                .extensions
                .as_ref()
                .and_then(|extensions| extensions.get("code"))
        {
            span.ended(code);
        }
        result
    }
}

impl<T: ContainerType> OutputType for Root<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        _: &Positioned<Field>,
    ) -> ServerResult<Value> {
        resolve_container(ctx, self).await
    }
}

impl<T: ObjectType> ObjectType for Root<T> {}

//! A span for each field at the root of an operation.

use std::borrow::Cow;

use async_graphql::{
    ContainerType, Context, ContextSelectionSet, ObjectType, OutputType, Positioned, ServerResult,
    Value, parser::types::Field, registry::Registry, resolver_utils::resolve_container,
};

use crate::spans::Span;

/// An object that operations begin with.
pub struct Root<T>(pub(super) T);

impl<T: ContainerType> ContainerType for Root<T> {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        let span = Span::field(&ctx.item.node.name.node);
        let result = span.within(self.0.resolve_field(ctx)).await;
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

//! `@semanticNonNull` (<https://www.apollographql.com/docs/kotlin/advanced/nullability>): root fields are nullable so
//! that the failure of one leaves the others standing. Clients that read the directive generate
//! types without null, and throw the error instead.

use async_graphql::TypeDirective;

/// The field is null only where an error has its path. `levels` are those of lists around the value,
/// from 0 for the field itself.
#[TypeDirective(location = "FieldDefinition", name = "semanticNonNull")]
pub(super) fn semantic_non_null(
    #[graphql(
        default_with = "vec![0]",
        desc = "Levels of lists, from 0 for the field itself."
    )]
    levels: Vec<i32>,
) {
}

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};

use crate::{
    graphql::{
        ApiError,
        caller::ContextExt,
        id::NodeKind,
        semantic_non_null,
        types::{Rating, Reading},
    },
    reading::{Changes, Member},
};

/// Changes to a reading. An absent member stays as it is; null clears it.
#[derive(InputObject)]
struct UpdateReadingInput {
    /// The reading's id.
    id: ID,
    /// Whether it is a favourite.
    is_favourite: MaybeUndefined<bool>,
    /// A note: at most 2,000 characters.
    note: MaybeUndefined<String>,
    /// The rating of the present answer. An answer can be rated once it has ended.
    rating: MaybeUndefined<Rating>,
    /// The reason for the rating, for the operator of the service: at most 500 characters. It is cleared with the
    /// rating.
    rating_reason: MaybeUndefined<String>,
}

/// The result of `updateReading`.
#[derive(SimpleObject)]
struct UpdateReadingPayload {
    /// The reading after the change.
    reading: Reading,
}

#[derive(Default)]
pub(super) struct UpdateReading;

#[Object]
impl UpdateReading {
    /// Marks a reading as a favourite, adds a note to it or rates its answer.
    #[graphql(directive = semantic_non_null::apply(vec![0]))]
    async fn update_reading(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The reading and the members to change.")] input: UpdateReadingInput,
    ) -> Result<Option<UpdateReadingPayload>, ApiError> {
        let user_id = ctx.requester()?.user.id;
        let id = NodeKind::Reading.parse(&input.id, "input.id")?;
        let changes = Changes {
            is_favourite: member(input.is_favourite),
            note: member(input.note),
            rating: member(input.rating.map_value(Into::into)),
            rating_reason: member(input.rating_reason),
        };
        let reading = ctx.services().readings.update(user_id, id, changes).await?;
        Ok(Some(UpdateReadingPayload {
            reading: Reading::new(reading),
        }))
    }
}

fn member<T>(given: MaybeUndefined<T>) -> Member<T> {
    match given {
        MaybeUndefined::Undefined => Member::Kept,
        MaybeUndefined::Null => Member::Set(None),
        MaybeUndefined::Value(value) => Member::Set(Some(value)),
    }
}

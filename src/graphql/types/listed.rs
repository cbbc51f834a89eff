//! A reading as an item of a list.
//!
//! The library resolves each field by futures of its own on the heap: for a page of readings that
//! is a fifth of the work. What is plain of a reading is written down here at once; where anything
//! else is asked for, all of it takes the library's way.

use std::borrow::Cow;

use async_graphql::{
    ContextSelectionSet, Name, OutputType, Positioned, ScalarType, ServerResult, Value,
    indexmap::IndexMap,
    parser::types::{Field, Selection, SelectionSet},
    registry::Registry,
    resolver_utils::enum_value,
};

use super::{Advisor, Reading, ReadingStatus, excerpt};
use crate::graphql::{Caller, budget::Budget, id::NodeKind, scalar::DateTime};

pub(in crate::graphql) struct Listed(pub Reading);

impl OutputType for Listed {
    fn type_name() -> Cow<'static, str> {
        Reading::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Reading::create_type_info(registry)
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        let caller: &Caller = ctx.data_unchecked();
        caller.turn.give_way().await;
        let mut object = IndexMap::with_capacity(ctx.item.node.items.len());
        if self
            .write(ctx, &caller.budget, &ctx.item.node, &mut object)
            .is_some()
        {
            return Ok(Value::Object(object));
        }
        OutputType::resolve(&self.0, ctx, field).await
    }
}

impl Listed {
    /// None if something selected is not plain.
    fn write(
        &self,
        ctx: &ContextSelectionSet<'_>,
        budget: &Budget,
        set: &SelectionSet,
        object: &mut IndexMap<Name, Value>,
    ) -> Option<()> {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    let value = self.plain(budget, &field.node)?;
                    object.insert(field.node.response_key().node.clone(), value);
                }
                Selection::FragmentSpread(spread) => {
                    let fragments = &ctx.query_env.fragments;
                    let fragment = &fragments.get(&spread.node.fragment_name.node)?.node;
                    is_of_readings(&fragment.type_condition.node.on.node)?;
                    self.write(ctx, budget, &fragment.selection_set.node, object)?;
                }
                Selection::InlineFragment(fragment) => {
                    if let Some(condition) = &fragment.node.type_condition {
                        is_of_readings(&condition.node.on.node)?;
                    }
                    self.write(ctx, budget, &fragment.node.selection_set.node, object)?;
                }
            }
        }
        Some(())
    }

    fn plain(&self, budget: &Budget, field: &Field) -> Option<Value> {
        let reading = self.0.row();
        let text = |text: &String| {
            if budget.draw(text.len()) {
                Value::String(text.clone())
            } else {
                Value::Null
            }
        };
        if !field.directives.is_empty() {
            return None;
        }
        Some(match field.name.node.as_str() {
            "__typename" => Value::String(Self::type_name().into_owned()),
            "id" => Value::String(NodeKind::Reading.id(reading.id).0),
            "advisor" => enum_value(Advisor::from(reading.advisor)),
            "question" => text(&reading.question),
            "status" => enum_value(ReadingStatus::from(reading.status)),
            "response" if reading.status.is_final() => {
                reading.response.as_ref().map_or(Value::Null, text)
            }
            "excerpt" if reading.status.is_final() && field.arguments.is_empty() => {
                let response = reading.response.as_ref();
                let excerpt = response.map(|text| excerpt::of(text, excerpt::DEFAULT));
                excerpt.as_ref().map_or(Value::Null, text)
            }
            "createdAt" => DateTime(reading.created_at).to_value(),
            _ => return None,
        })
    }
}

/// Every reading is what these name.
fn is_of_readings(condition: &Name) -> Option<()> {
    matches!(condition.as_str(), "Reading" | "Node").then_some(())
}

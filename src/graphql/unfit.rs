//! Values that do not fit their arguments or variables.
//!
//! Some have the JSON type of their argument and are no value of it, such as an `Int` of 3000000000.
//! Resolving finds out, and the library's error has a place in the document: the argument there is
//! named like every other that fails its rule.

use async_graphql::{
    Pos, Response, ServerError,
    parser::types::{ExecutableDocument, Selection, SelectionSet},
};

use super::{ApiError, ErrorCode};
use crate::validation::{FieldErrorCode, ValidationErrors, Violation};

/// Values from outside that do not fit, each under its name.
pub(super) fn invalid_values<'a>(
    paths: impl IntoIterator<Item = &'a str>,
    message: String,
) -> ApiError {
    let mut errors = ValidationErrors::default();
    for path in paths {
        let violation = Violation::new(FieldErrorCode::InvalidValue, message.clone());
        errors.add(path.to_owned(), violation);
    }
    ApiError::fields(ErrorCode::BadUserInput, message, &errors)
}

/// Names the arguments of such errors.
pub(super) fn name_arguments(response: &mut Response, document: &ExecutableDocument) {
    for error in &mut response.errors {
        if is_unfit(error)
            && let Some(at) = error.locations.first()
            && let Some(name) = argument(document, *at)
        {
            let named = invalid_values([name], error.message.clone());
            named.set(error.extensions.get_or_insert_default());
        }
    }
}

/// Whether it is the library's word on a value.
pub(super) fn is_unfit(error: &ServerError) -> bool {
    ["Failed to parse \"", "Expected input type \""]
        .iter()
        .any(|start| error.message.starts_with(start))
}

/// The argument whose value stands there.
fn argument(document: &ExecutableDocument, at: Pos) -> Option<&str> {
    let operations = document.operations.iter();
    let operations = operations.map(|(_, operation)| &operation.node.selection_set.node);
    let fragments = document.fragments.values();
    let fragments = fragments.map(|fragment| &fragment.node.selection_set.node);
    operations
        .chain(fragments)
        .find_map(|selected| argument_in(selected, at))
}

fn argument_in(selected: &SelectionSet, at: Pos) -> Option<&str> {
    selected.items.iter().find_map(|item| {
        let inner = match &item.node {
            Selection::Field(field) => {
                let mut arguments = field.node.arguments.iter();
                if let Some((name, _)) = arguments.find(|(_, value)| value.pos == at) {
                    return Some(name.node.as_str());
                }
                &field.node.selection_set
            }
            Selection::InlineFragment(fragment) => &fragment.node.selection_set,
            Selection::FragmentSpread(_) => return None,
        };
        argument_in(&inner.node, at)
    })
}

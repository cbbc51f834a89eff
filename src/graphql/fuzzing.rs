//! Doors for the fuzzer (`fuzz/`) to what is private here. Compiled for it alone.

use async_graphql::{ID, Request, Response, ServerError, Variables, connection::CursorType};

use super::{Schema, connection::ReadingCursor, id::NodeKind, rules};
use crate::config::InputLimits;

/// The checks of a document before it is executed: text, bounds, parser, price, validation.
pub struct Guard(Schema);

impl Default for Guard {
    fn default() -> Self {
        let limits = InputLimits {
            page_size: 20,
            page_size_max: 100,
            question_min: 3,
            question_max: 2_000,
        };
        Self(Schema::with(limits, true, |nothing| nothing))
    }
}

impl Guard {
    /// Whether a document would be executed.
    ///
    /// # Errors
    ///
    /// Its errors, as clients receive them.
    ///
    /// # Panics
    ///
    /// If it would be executed with variables that the library itself would refuse.
    pub async fn check(
        &self,
        text: &str,
        name: Option<&str>,
        variables: serde_json::Value,
    ) -> Result<(), Vec<ServerError>> {
        let mut request = Request::new(text);
        request.operation_name = name.map(str::to_owned);
        request.variables = Variables::from_json(variables);
        let variables = request.variables.clone();
        match self.0.admit(&mut request, false).await {
            Ok(admitted) => {
                if admitted.operation().is_some() {
                    let validated = self.0.validate(&admitted.checked, variables).await;
                    validated.expect("what is let through without being validated is valid");
                }
                Ok(())
            }
            Err(errors) => {
                let refused = Response::from_errors(errors);
                Err(rules::finish(refused, "an-id").errors)
            }
        }
    }
}

/// A cursor of readings, read and written again.
#[must_use]
pub fn cursor(text: &str) -> Option<String> {
    let cursor = ReadingCursor::decode_cursor(text).ok()?;
    Some(cursor.encode_cursor())
}

/// An id of any kind, read and written again.
#[must_use]
pub fn id(text: &str) -> Option<String> {
    let (kind, uuid) = NodeKind::parse_any(&ID(text.to_owned()), "id").ok()?;
    Some(kind.id(uuid).0)
}

//! How large a request may be, found out before the library looks at it: its parser and its
//! validation follow whatever they are given, by recursion and without memory.
//!
//! The numbers leave room for what clients of all makes send (GraphiQL's introspection has 17
//! levels and 186 tokens; Relay's documents an alias for each abstract type) and for the largest
//! page with all that a reading has. They are of the order of GraphQL Armor's defaults
//! (<https://escape.tech/graphql-armor/docs/category/plugins>: 1,000 tokens, 15 aliases, 50
//! directives, a cost of 5,000) and cover what the OWASP cheat sheet asks for
//! (<https://cheatsheetseries.owasp.org/cheatsheets/GraphQL_Cheat_Sheet.html>).

mod cost;
mod described;
mod expansion;
mod introspection;
mod price;
mod text;

use async_graphql::{
    Value, Variables,
    parser::types::{ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet},
    registry::Registry,
};

use crate::config::InputLimits;
use cost::Pricing;
pub(super) use described::without_descriptions;
use expansion::Expansion;
pub(super) use price::{Price, Prices};

/// How much there may be of something.
pub(super) struct Limit {
    /// Where it is counted.
    place: &'static str,
    /// The unit that is counted there.
    what: &'static str,
    max: usize,
    /// Advice for staying within the limit.
    advice: &'static str,
}

const BYTES: Limit = Limit {
    place: "The document",
    what: "bytes",
    max: 64 * 1024,
    advice: SPLIT,
};

const TOKENS: Limit = Limit {
    place: "The document",
    what: "tokens and comments",
    max: 2_000,
    advice: SPLIT,
};

/// Each is compared with all names it could have been.
const NAMES: Limit = Limit {
    place: "The document",
    what: "bytes of names",
    max: 24 * 1024,
    advice: SPLIT,
};

/// The parser follows values by recursion without a bound of its own.
const NESTING: Limit = Limit {
    place: "The document",
    what: "brackets inside one another",
    max: 64,
    advice: "Nest less deep.",
};

const OPERATIONS: Limit = Limit {
    place: "The document",
    what: "operations",
    max: 20,
    advice: "Send only the one that is to be executed.",
};

const FRAGMENTS: Limit = Limit {
    place: "The document",
    what: "fragments",
    max: 50,
    advice: SPLIT,
};

const DEPTH: Limit = Limit {
    place: EXPANDED,
    what: "levels",
    max: 40,
    advice: "Ask for what is further inside in a request of its own.",
};

const SELECTIONS: Limit = Limit {
    place: EXPANDED,
    what: "selections",
    max: 1_000,
    advice: SPLIT,
};

const ALIASES: Limit = Limit {
    place: EXPANDED,
    what: "aliases",
    max: 50,
    advice: SPLIT,
};

const DIRECTIVES: Limit = Limit {
    place: EXPANDED,
    what: "directives",
    max: 50,
    advice: "Leave out what is not needed instead of skipping it.",
};

const DIRECTIVES_AT_ONCE: Limit = Limit {
    place: "One place of the document",
    what: "directives",
    max: 4,
    advice: "@skip and @include are all there are.",
};

const ROOT_FIELDS: Limit = Limit {
    place: EXPANDED,
    what: "fields at its root",
    max: 20,
    advice: SPLIT,
};

/// Each is a guess at a password or a token, or as much work as one, or sends mail. Counted over all operations of a
/// document, whichever of them is executed.
const ACCOUNT_FIELDS: Limit = Limit {
    place: "The document, after fragment expansion,",
    what: "fields such as login and register, which try a password or a token or send mail",
    max: 1,
    advice: "Send them one by one.",
};

const VARIABLES: Limit = Limit {
    place: "The variables, as compact JSON,",
    what: "bytes",
    max: 64 * 1024,
    advice: "Send less at once.",
};

const VARIABLES_NESTING: Limit = Limit {
    place: "The variables",
    what: "lists and objects inside one another",
    max: 16,
    advice: "No input of this schema is nested that deep.",
};

/// As graphql-js has it (`MaxIntrospectionDepthRule`): each level multiplies the one before.
const INTROSPECTION: Limit = Limit {
    place: EXPANDED,
    what: "levels of fields, interfaces, possibleTypes and inputFields of the schema",
    max: 2,
    advice: "Ask for types by their names instead.",
};

/// Values of an operation, for a largest page of at most 100 items; in proportion for more. A page
/// of 100 readings with all that they have, and 20 generations each, has 53,000.
const FIELDS: usize = 60_000;

/// Statements of an operation: every other request waits for the same connections.
const QUERIES: Limit = Limit {
    place: "The operation",
    what: "database queries",
    max: 40,
    advice: SPLIT,
};

/// Past either an operation is expensive: a page of 100 readings with twenty values each is not.
const EXPENSIVE_FIELDS: usize = 2_500;
const EXPENSIVE_QUERIES: usize = 8;

const SPLIT: &str = "Split it into several requests.";
const EXPANDED: &str = "The operation, after fragment expansion,";

const ACCOUNT: [&str; 11] = [
    "register",
    "login",
    "changePassword",
    "deleteAccount",
    "requestPasswordReset",
    "resetPassword",
    "verifyEmail",
    "resendVerification",
    "changeEmail",
    "continueAsGuest",
    "claimAccount",
];

/// Why a document is not executed.
#[derive(Debug, thiserror::Error)]
pub(super) enum LimitError {
    #[error("{place} has {actual} {what}; the limit is {limit}. {advice}")]
    TooMuch {
        place: &'static str,
        what: &'static str,
        limit: usize,
        actual: usize,
        advice: &'static str,
    },
    #[error("A block string is not closed: \"\"\" is missing.")]
    Unclosed,
    #[error("The fragment \"{0}\" spreads itself.")]
    Cycle(String),
}

impl Limit {
    fn check(&self, actual: usize) -> Result<(), LimitError> {
        if actual <= self.max {
            return Ok(());
        }
        let Self {
            place,
            what,
            max: limit,
            advice,
        } = *self;
        Err(LimitError::TooMuch {
            place,
            what,
            limit,
            actual,
            advice,
        })
    }
}

/// Checks a text that is to be parsed, in one pass over it.
pub(super) fn check_text(document: &str) -> Result<(), LimitError> {
    BYTES.check(document.len())?;
    let text = text::scan(document).ok_or(LimitError::Unclosed)?;
    NESTING.check(text.nesting)?;
    TOKENS.check(text.tokens)?;
    NAMES.check(text.names)
}

/// Checks what is given beside the text.
pub(super) fn check_variables(variables: &Variables) -> Result<(), LimitError> {
    VARIABLES_NESTING.check(variables.values().map(nesting).max().unwrap_or_default())?;
    let mut bytes = Bytes(0);
    serde_json::to_writer(&mut bytes, variables).expect("a JSON that nothing is written to");
    VARIABLES.check(bytes.0)
}

/// Levels of lists and objects; what reads JSON has bounded them.
fn nesting(value: &Value) -> usize {
    let inside = match value {
        Value::List(values) => values.iter().map(nesting).max(),
        Value::Object(fields) => fields.values().map(nesting).max(),
        _ => return 0,
    };
    inside.unwrap_or_default() + 1
}

/// Takes what is written, and keeps its length.
struct Bytes(usize);

impl std::io::Write for Bytes {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Checks a parsed document, whichever of its operations will be executed.
pub(super) fn check_document(document: &ExecutableDocument) -> Result<(), LimitError> {
    OPERATIONS.check(document.operations.iter().count())?;
    FRAGMENTS.check(document.fragments.len())?;
    let size = Expansion::new(document)
        .largest()
        .map_err(|name| LimitError::Cycle(name.to_owned()))?;
    DEPTH.check(size.depth)?;
    SELECTIONS.check(size.selections)?;
    ALIASES.check(size.aliases)?;
    DIRECTIVES.check(size.directives)?;
    DIRECTIVES_AT_ONCE.check(size.directives_at_once)?;
    INTROSPECTION.check(size.introspection)?;
    let mut account = 0;
    for (_, operation) in document.operations.iter() {
        let fields = root_fields(document, &operation.node);
        ROOT_FIELDS.check(fields.len())?;
        let guesses = fields
            .iter()
            .filter(|field| ACCOUNT.contains(&field.name.node.as_str()));
        account += guesses.count();
    }
    ACCOUNT_FIELDS.check(account)
}

/// Checks the cost of an operation with these variables, and returns whether it is expensive. For
/// documents that [`check_document`] has let through.
pub(super) fn check_cost(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
    registry: &Registry,
    limits: InputLimits,
) -> Result<bool, LimitError> {
    let pricing = Pricing {
        registry,
        document,
        operation,
        variables,
        limits,
    };
    let cost = pricing.cost();
    let largest_page = usize::try_from(limits.page_size_max).unwrap_or(usize::MAX);
    Limit {
        place: "The operation",
        what: "values, with those of each list as often as it may have items,",
        max: (FIELDS / 100).saturating_mul(largest_page.max(100)),
        advice: "Ask for smaller pages, or for less of each item.",
    }
    .check(cost.fields)?;
    QUERIES.check(cost.all_queries())?;
    Ok(cost.fields > EXPENSIVE_FIELDS || cost.all_queries() > EXPENSIVE_QUERIES)
}

/// The fields at an operation's root, also those that fragments bring. For documents of which
/// the size is known: it follows every spread.
pub(super) fn root_fields<'a>(
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
) -> Vec<&'a Field> {
    fn collect<'a>(
        document: &'a ExecutableDocument,
        set: &'a SelectionSet,
        fields: &mut Vec<&'a Field>,
    ) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => fields.push(&field.node),
                Selection::InlineFragment(fragment) => {
                    collect(document, &fragment.node.selection_set.node, fields);
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = document.fragments.get(name) {
                        collect(document, &fragment.node.selection_set.node, fields);
                    }
                }
            }
        }
    }
    let mut fields = Vec::new();
    collect(document, &operation.selection_set.node, &mut fields);
    fields
}

#[cfg(test)]
mod tests;

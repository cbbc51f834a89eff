//! What holds for every document: its bounds, before work is done for it, and a code on every
//! error, with whatever was not meant for clients masked.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{
    Name, Request, Response, ServerError, ServerResult, ValidationResult, Value, Variables,
    extensions::{
        Extension, ExtensionContext, ExtensionFactory, NextParseQuery, NextPrepareRequest,
        NextValidation,
    },
    parser::{
        parse_query,
        types::{ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet},
    },
};

use super::{ApiError, Code, MAX_DEPTH, MAX_SELECTIONS};

/// All a client is told of a fault of ours.
pub(super) const MASKED: &str =
    "Something went wrong on our side. The request id finds it in our log.";

/// Bytes of a document, at most.
const MAX_BYTES: usize = 64 * 1024;

/// Brackets, braces and parentheses inside one another, at most: the parser follows values by
/// recursion without a bound of its own.
const MAX_NESTING: usize = 64;

pub(super) struct Rules;

/// Put into every request: which operation will be executed, and whether it may be a mutation.
pub(super) struct Chosen {
    pub name: Option<String>,
    pub queries_only: bool,
}

impl ExtensionFactory for Rules {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for Rules {
    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        within("bytes", MAX_BYTES, request.query.len())?;
        let nesting = nesting(&request.query).ok_or_else(|| {
            ApiError::new(
                Code::GraphqlParseFailed,
                "A block string is not closed: \"\"\" is missing.",
            )
            .into_server_error(Vec::new())
        })?;
        within("nested brackets", MAX_NESTING, nesting)?;
        next.run(ctx, request).await
    }

    async fn parse_query(
        &self,
        ctx: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        _: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        // Not by `next`: before it hands the document back, the library follows every spread of
        // every fragment, looking for directives and depth.
        let document = parse_query(query).map_err(|error| {
            let positions = error.positions().collect();
            ApiError::new(Code::GraphqlParseFailed, complaint(&error.to_string()))
                .into_server_error(positions)
        })?;
        if let Ok(Chosen { name, queries_only }) = ctx.data()
            && let Some(operation) = operation(&document, name.as_deref())
        {
            if *queries_only {
                refuse_mutation(operation)?;
            }
            require_variables(operation, variables)?;
        }
        let size = Expansion::new(&document).largest().map_err(|name| {
            let message = format!("The fragment \"{name}\" spreads itself.");
            ApiError::new(Code::GraphqlValidationFailed, message).into_server_error(Vec::new())
        })?;
        within("levels, fragments expanded,", MAX_DEPTH, size.depth)?;
        within(
            "selections, fragments expanded,",
            MAX_SELECTIONS,
            size.selections,
        )?;
        Ok(document)
    }

    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        next.run(ctx)
            .await
            .map_err(|errors| errors.into_iter().map(validation_error).collect())
    }
}

fn within(what: &str, limit: usize, actual: usize) -> ServerResult<()> {
    if actual <= limit {
        return Ok(());
    }
    let message = format!("The document has {actual} {what} and may have {limit}.");
    Err(ApiError::new(Code::QueryTooComplex, message)
        .with("limit", limit)
        .with("actual", actual)
        .into_server_error(Vec::new()))
}

/// A value that does not fit its argument is bad input, as the rules of our own are; anything
/// else means that the document does not fit the schema.
fn validation_error(error: ServerError) -> ServerError {
    const ARGUMENT: &str = "Invalid value for argument \"";
    let path = error
        .message
        .strip_prefix(ARGUMENT)
        .and_then(|rest| rest.split('"').next());
    match path {
        Some(path) => invalid_values([path], error.message.clone()),
        None => ApiError::new(Code::GraphqlValidationFailed, error.message),
    }
    .into_server_error(error.locations)
}

/// What the parser complains of, without the picture it draws around it, which repeats the
/// whole line.
fn complaint(error: &str) -> String {
    let what = error.rsplit(" = ").next().unwrap_or(error).trim();
    let what: String = what.chars().take(200).collect();
    format!("The document is not GraphQL: {what}.")
}

/// Values from outside that do not fit, each under its name.
fn invalid_values<'a>(paths: impl IntoIterator<Item = &'a str>, message: String) -> ApiError {
    let fields = paths.into_iter().map(|path| {
        let field =
            serde_json::json!({ "path": path, "code": "INVALID_VALUE", "message": message });
        Value::from_json(field).expect("three strings are a GraphQL value")
    });
    let fields = fields.collect();
    ApiError::new(Code::BadUserInput, message).with("fields", Value::List(fields))
}

/// The operation that will be executed. None if that is not clear: execution will say why.
fn operation<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Option<&'a OperationDefinition> {
    let mut fitting = document
        .operations
        .iter()
        .filter(|(known, _)| name.is_none() || known.map(Name::as_str) == name);
    match (fitting.next(), fitting.next()) {
        (Some((_, operation)), None) => Some(&operation.node),
        _ => None,
    }
}

/// A mutation is not for GET (GraphQL over HTTP, section 5.1): links and caches would repeat it.
fn refuse_mutation(operation: &OperationDefinition) -> ServerResult<()> {
    if operation.ty == OperationType::Mutation {
        let error = ApiError::new(Code::BadRequest, "Send a mutation with POST.");
        return Err(error.into_server_error(Vec::new()));
    }
    Ok(())
}

/// Variables that must have a value (<https://spec.graphql.org/draft/#sec-Coercing-Variable-Values>):
/// the library would find out in the middle of an execution, and call it no one's fault.
fn require_variables(operation: &OperationDefinition, variables: &Variables) -> ServerResult<()> {
    let missing: Vec<_> = operation
        .variable_definitions
        .iter()
        .filter(|definition| !definition.node.var_type.node.nullable)
        .filter(
            |definition| match variables.get(&definition.node.name.node) {
                Some(value) => *value == Value::Null,
                None => definition.node.default_value.is_none(),
            },
        )
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = missing
        .iter()
        .map(|definition| definition.node.name.node.as_str())
        .collect();
    let message = format!("Give these variables a value: ${}.", names.join(", $"));
    let at = missing.iter().map(|definition| definition.pos).collect();
    Err(invalid_values(names, message).into_server_error(at))
}

/// Sees to it that every error has a code, and a fault of ours the request's id and no more.
pub(super) fn finish(mut response: Response, request_id: &str) -> Response {
    for error in &mut response.errors {
        let extensions = error.extensions.get_or_insert_default();
        if extensions.get("code").is_none() {
            let unresolved = [
                "Unknown operation named",
                "Operation name required",
                "Subscriptions are not supported",
            ];
            // Values that have the right type and no fitting value, such as an Int of 3000000000.
            let unfit = ["Failed to parse \"", "Expected input type \""];
            if unresolved
                .iter()
                .any(|start| error.message.starts_with(start))
            {
                extensions.set("code", Code::OperationResolutionFailure.as_str());
            } else if unfit.iter().any(|start| error.message.starts_with(start)) {
                extensions.set("code", Code::BadUserInput.as_str());
            } else {
                tracing::error!(error = %error.message, "a request failed by a fault of ours");
                MASKED.clone_into(&mut error.message);
                extensions.set("code", Code::InternalServerError.as_str());
            }
        }
        if extensions.get("code") == Some(&Code::InternalServerError.as_str().into()) {
            extensions.set("requestId", request_id);
        }
    }
    response
}

/// How deep brackets stand inside one another, outside strings and comments.
///
/// None if a block string is not closed: the parser would then take its quotation marks for
/// strings of one line, and see brackets where we saw none.
fn nesting(document: &str) -> Option<usize> {
    let bytes = document.as_bytes();
    let (mut at, mut depth, mut deepest) = (0, 0_usize, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'{' | b'[' | b'(' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            b'#' => {
                at += bytes[at..]
                    .iter()
                    .take_while(|byte| !matches!(byte, b'\n' | b'\r'))
                    .count();
            }
            b'"' => at = string_end(bytes, at)?,
            _ => {}
        }
        at += 1;
    }
    Some(deepest)
}

/// Where the string that begins at `start` has its last quotation mark, or its line ends. None
/// if it is a block string that does not end.
fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let block = bytes[start..].starts_with(b"\"\"\"");
    let mut at = start + if block { 3 } else { 1 };
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if block && bytes[at..].starts_with(b"\\\"\"\"") => at += 3,
            b'\\' if !block => at += 1,
            b'"' if block && bytes[at..].starts_with(b"\"\"\"") => return Some(at + 2),
            b'"' | b'\n' | b'\r' if !block => return Some(at),
            _ => {}
        }
        at += 1;
    }
    (!block).then_some(at)
}

#[derive(Clone, Copy, Default)]
struct Size {
    depth: usize,
    selections: usize,
}

/// Counts what a document becomes when its fragments are put in their places, each fragment
/// once: the library's own walks follow every spread anew, and 861 bytes can make millions.
struct Expansion<'a> {
    document: &'a ExecutableDocument,
    /// None while a fragment is being counted.
    known: HashMap<&'a str, Option<Size>>,
    /// A fragment that was met while it was being counted: it spreads itself, and the library
    /// would follow it until the stack is full.
    cycle: Option<&'a str>,
    /// How deep the count is.
    level: usize,
}

impl<'a> Expansion<'a> {
    fn new(document: &'a ExecutableDocument) -> Self {
        Self {
            document,
            known: HashMap::new(),
            cycle: None,
            level: 0,
        }
    }

    /// The size of the largest operation, or the name of a fragment that spreads itself.
    fn largest(mut self) -> Result<Size, &'a str> {
        let document = self.document;
        let mut largest = Size::default();
        for (_, operation) in document.operations.iter() {
            let size = self.count(&operation.node.selection_set.node);
            largest.depth = largest.depth.max(size.depth);
            largest.selections = largest.selections.max(size.selections);
        }
        // Also those that no operation spreads: validation looks into them too.
        for name in document.fragments.keys() {
            let size = self.fragment(name);
            largest.depth = largest.depth.max(size.depth);
            largest.selections = largest.selections.max(size.selections);
        }
        self.cycle.map_or(Ok(largest), Err)
    }

    /// A spread and an inline fragment are selections too, and levels: one that is empty of
    /// fields multiplies just as well.
    fn count(&mut self, selections: &'a SelectionSet) -> Size {
        let mut total = Size::default();
        // Deep enough to be refused: looking further would only fill the stack.
        if self.level > MAX_DEPTH {
            return total;
        }
        self.level += 1;
        for selection in &selections.items {
            let inside = match &selection.node {
                Selection::Field(field) => self.count(&field.node.selection_set.node),
                Selection::InlineFragment(fragment) => {
                    self.count(&fragment.node.selection_set.node)
                }
                Selection::FragmentSpread(spread) => {
                    self.fragment(spread.node.fragment_name.node.as_str())
                }
            };
            total.depth = total.depth.max(inside.depth + 1);
            total.selections = total
                .selections
                .saturating_add(inside.selections)
                .saturating_add(1);
        }
        self.level -= 1;
        total
    }

    fn fragment(&mut self, name: &'a str) -> Size {
        if let Some(known) = self.known.get(name) {
            if known.is_none() {
                self.cycle = Some(name);
            }
            return known.unwrap_or_default();
        }
        self.known.insert(name, None);
        let document = self.document;
        let size = document
            .fragments
            .get(name)
            .map(|fragment| self.count(&fragment.node.selection_set.node))
            .unwrap_or_default();
        self.known.insert(name, Some(size));
        size
    }
}

#[cfg(test)]
mod tests {
    use super::{Expansion, nesting};

    #[test]
    fn nesting_is_counted_outside_strings_and_comments() {
        let long = format!("{{a(x:{})}}", "[".repeat(2_000));
        for (document, expected) in [
            ("{ a(x: [[1]]) { b } }", Some(4)),
            (r#"{ a(x: "[[[[\"[[[[") }"#, Some(2)),
            ("{ a # {{{{{{\n }", Some(1)),
            (r#"{ a(x: """[[ \""" [[ " [[""") { b } }"#, Some(2)),
            (&long, Some(2_002)),
            ("}}}}{", Some(1)),
            ("{ a(x: \"unclosed", Some(2)),
            // A string's end, and a block string or an empty string right after it.
            (r#"{ a(x: ["b"""" " """ [[1]]]) }"#, Some(5)),
            (r#"{ a(x: ["""""" " " [[1]]]) }"#, Some(5)),
            // To the parser: an empty string, a string, brackets.
            (r#"{ a(x: ["""  " [[1]]]) }"#, None),
        ] {
            assert_eq!(nesting(document), expected, "{document}");
        }
    }

    #[test]
    fn fragments_are_counted_once_and_at_their_full_size() {
        use std::fmt::Write;
        let mut document = "{ ...f30 } fragment f0 on Query { __typename }".to_owned();
        for n in 1..=30 {
            let before = n - 1;
            write!(
                document,
                " fragment f{n} on Query {{ ...f{before} ...f{before} }}"
            )
            .unwrap();
        }
        let document = async_graphql::parser::parse_query(document).unwrap();
        assert_eq!(
            Expansion::new(&document).largest().unwrap().selections,
            3 * (1 << 30) - 1
        );
        for cycle in [
            "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a x }",
            "{ x } fragment a on Query { ...a }",
        ] {
            let document = async_graphql::parser::parse_query(cycle).unwrap();
            assert!(Expansion::new(&document).largest().is_err(), "{cycle}");
        }
    }
}

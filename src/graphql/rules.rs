//! What holds for every document: its bounds, before work is done for it, and a code on every
//! error, with whatever was not meant for clients masked.

use std::sync::Arc;

use async_graphql::{
    Name, Request, Response, ServerError, ServerResult, ValidationResult, Value, Variables,
    extensions::{
        Extension, ExtensionContext, ExtensionFactory, NextParseQuery, NextPrepareRequest,
        NextValidation,
    },
    parser::{
        parse_query,
        types::{ExecutableDocument, OperationDefinition, OperationType},
    },
};

use super::{
    ApiError, Code,
    bounds::{Expansion, MAX_BYTES, MAX_DEPTH, MAX_NESTING, MAX_SELECTIONS, nesting},
};

/// All a client is told of a fault of ours.
pub(super) const MASKED: &str =
    "Something went wrong on our side. The request id finds it in our log.";

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
    if is_refused_whole(&response) {
        response.data = Value::Null;
        for error in &mut response.errors {
            error.path.clear();
        }
    }
    response
}

/// Whether every field of the operation was refused for coming too often. Then nothing of it was
/// executed, and it is answered like a request that cannot be: by errors alone.
fn is_refused_whole(response: &Response) -> bool {
    let refused = |error: &ServerError| {
        let code = error.extensions.as_ref().and_then(|all| all.get("code"));
        code == Some(&Code::RateLimited.as_str().into())
    };
    match &response.data {
        Value::Object(fields) => {
            fields.len() == response.errors.len()
                && fields.values().all(|value| *value == Value::Null)
                && response.errors.iter().all(refused)
        }
        _ => false,
    }
}

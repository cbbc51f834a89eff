//! Rules for every document: its bounds, before work is done for it, and a code on every error,
//! with everything masked that is not meant for clients.

use std::any::Any;

use async_graphql::{
    Name, Response, ServerError, ServerResult, Value, Variables,
    parser::{
        parse_query,
        types::{BaseType, ExecutableDocument, OperationDefinition, OperationType, Type},
    },
    registry::{MetaInputValue, MetaType, MetaTypeName, Registry},
};

use super::{
    ApiError, ErrorCode, limits,
    unfit::{invalid_values, is_unfit},
};
use crate::{config::InputLimits, request_context};

/// The message of a fault of ours.
pub(super) const MASKED: &str =
    "Something went wrong on our side. The request id finds it in our log.";

/// The most errors of one validation in a response: a short document can have hundreds.
const MAX_ERRORS: usize = 20;

/// Characters of a message, at most: the library's repeat what was sent.
const MAX_MESSAGE: usize = 500;

#[derive(Clone, Copy)]
pub(super) struct Rules {
    pub limits: InputLimits,
    /// Whether the schema may be asked for.
    pub introspection: bool,
}

impl Rules {
    /// Parses a document, if it is within bounds and may be executed at all.
    pub(super) fn parse(self, text: &str) -> ServerResult<ExecutableDocument> {
        limits::check_text(text).map_err(ApiError::from)?;
        let document = parse(&limits::without_descriptions(text))?;
        limits::check_document(&document).map_err(ApiError::from)?;
        one_root_field(&document)?;
        if !self.introspection {
            refuse_introspection(&document)?;
        }
        Ok(document)
    }

    /// Checks what is asked of a document, and with which variables. Returns whether it is expensive.
    pub(super) fn admit(
        self,
        document: &ExecutableDocument,
        operation: &OperationDefinition,
        variables: &Variables,
        registry: &Registry,
        queries_only: bool,
    ) -> ServerResult<bool> {
        if queries_only {
            refuse_mutation(operation)?;
        }
        request_context::record_operation(|| counted_as(document, operation, registry));
        let is_expensive =
            limits::check_cost(document, operation, variables, registry, self.limits)
                .map_err(ApiError::from)?;
        require_variables(operation, variables)?;
        Ok(is_expensive)
    }
}

pub(super) fn check_variables(variables: &Variables) -> ServerResult<()> {
    Ok(limits::check_variables(variables).map_err(ApiError::from)?)
}

impl From<limits::LimitError> for ApiError {
    fn from(error: limits::LimitError) -> Self {
        let message = error.to_string();
        match error {
            limits::LimitError::TooMuch { limit, actual, .. } => {
                Self::new(ErrorCode::QueryTooComplex, message)
                    .with("limit", limit)
                    .with("actual", actual)
            }
            limits::LimitError::Unclosed => Self::new(ErrorCode::GraphqlParseFailed, message),
            limits::LimitError::Cycle(_) => Self::new(ErrorCode::GraphqlValidationFailed, message),
        }
    }
}

impl From<ApiError> for ServerError {
    fn from(error: ApiError) -> Self {
        error.into_server_error(Vec::new())
    }
}

/// Parses what [`limits::check_text`] has let through.
fn parse(document: &str) -> ServerResult<ExecutableDocument> {
    parse_query(document).map_err(|error| {
        let positions = error.positions().collect();
        ApiError::new(ErrorCode::GraphqlParseFailed, complaint(&error.to_string()))
            .into_server_error(positions)
    })
}

/// A subscription is to one thing (<https://spec.graphql.org/draft/#sec-Single-Root-Field>); the
/// library would start all of them.
fn one_root_field(document: &ExecutableDocument) -> ServerResult<()> {
    for (_, operation) in document.operations.iter() {
        if operation.node.ty == OperationType::Subscription
            && limits::root_fields(document, &operation.node).len() > 1
        {
            let message = "A subscription has one field at its root. Send each as its own.";
            return Err(ApiError::new(ErrorCode::GraphqlValidationFailed, message)
                .into_server_error(vec![operation.pos]));
        }
    }
    Ok(())
}

pub(super) fn validation_errors(errors: Vec<ServerError>) -> Vec<ServerError> {
    let errors = errors.into_iter().take(MAX_ERRORS);
    errors.map(validation_error).collect()
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
        None => ApiError::new(ErrorCode::GraphqlValidationFailed, error.message),
    }
    .into_server_error(error.locations)
}

/// The parser's message without the picture it draws around it, which repeats the whole line.
fn complaint(error: &str) -> String {
    let what = error.rsplit(" = ").next().unwrap_or(error).trim();
    let what: String = what.chars().take(200).collect();
    format!("The document is not GraphQL: {what}.")
}

/// The library would answer with null, which looks like a schema without types.
fn refuse_introspection(document: &ExecutableDocument) -> ServerResult<()> {
    for (_, operation) in document.operations.iter() {
        let mut fields = limits::root_fields(document, &operation.node).into_iter();
        if let Some(field) =
            fields.find(|field| matches!(field.name.node.as_str(), "__schema" | "__type"))
        {
            let message = "Introspection is disabled. INTROSPECTION=true, \
                a setting of the service, turns it on; `mula schema` prints the schema.";
            return Err(ApiError::new(ErrorCode::GraphqlValidationFailed, message)
                .into_server_error(vec![field.name.pos]));
        }
    }
    Ok(())
}

/// The operation that will be executed. None if that is not clear: execution will say why.
pub(super) fn operation<'a>(
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

/// The name of an operation in the metrics: in the schema's words only, since clients have endless
/// ones.
fn counted_as(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    registry: &Registry,
) -> Option<request_context::Operation> {
    let (kind, root) = match operation.ty {
        OperationType::Query => ("query", Some(&registry.query_type)),
        OperationType::Mutation => ("mutation", registry.mutation_type.as_ref()),
        OperationType::Subscription => ("subscription", registry.subscription_type.as_ref()),
    };
    let fields = limits::root_fields(document, operation);
    let (first, rest) = fields.split_first()?;
    let name = first.name.node.as_str();
    let field = if rest.iter().any(|field| field.name.node != name) {
        "several"
    } else if matches!(name, "__schema" | "__type" | "__typename") {
        "introspection"
    } else {
        registry
            .types
            .get(root?)?
            .field_by_name(name)?
            .name
            .as_str()
    };
    Some(request_context::Operation {
        field: field.to_owned(),
        kind,
    })
}

/// A mutation is not for GET (GraphQL over HTTP, section 5.1): links and caches would repeat it.
fn refuse_mutation(operation: &OperationDefinition) -> ServerResult<()> {
    if operation.ty == OperationType::Mutation {
        let error = ApiError::new(ErrorCode::BadRequest, "Send a mutation with POST.");
        return Err(error.into());
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

/// Whether the variables are what they are declared to be, beyond doubt. Where there is any, as of
/// one value where a list is wanted, it is for the library to say.
pub(super) fn fit(
    operation: &OperationDefinition,
    variables: &Variables,
    registry: &Registry,
) -> bool {
    let mut definitions = operation.variable_definitions.iter();
    definitions.all(|definition| {
        let Some(value) = variables.get(&definition.node.name.node) else {
            return true;
        };
        fits(&definition.node.var_type.node, value, registry)
    })
}

fn fits(ty: &Type, value: &Value, registry: &Registry) -> bool {
    match (&ty.base, value) {
        (_, Value::Null) => ty.nullable,
        (BaseType::List(ty), Value::List(items)) => {
            items.iter().all(|item| fits(ty, item, registry))
        }
        (BaseType::List(_), _) => false,
        (BaseType::Named(name), value) => fits_named(name, value, registry),
    }
}

fn fits_named(name: &str, value: &Value, registry: &Registry) -> bool {
    match (registry.types.get(name), value) {
        (Some(MetaType::Scalar { .. }), Value::String(_)) => matches!(name, "String" | "ID"),
        (Some(MetaType::Scalar { .. }), Value::Boolean(_)) => name == "Boolean",
        (Some(MetaType::Scalar { .. }), Value::Number(number)) => {
            let number = number.as_i64().map(i32::try_from);
            name == "Int" && matches!(number, Some(Ok(_)))
        }
        (Some(MetaType::Enum { enum_values, .. }), Value::String(value)) => {
            enum_values.contains_key(value.as_str())
        }
        (Some(MetaType::InputObject { input_fields, .. }), Value::Object(fields)) => {
            let known = |name: &Name| input_fields.contains_key(name.as_str());
            fields.keys().all(known)
                && input_fields
                    .values()
                    .all(|field| fits_field(field, fields.get(field.name.as_str()), registry))
        }
        _ => false,
    }
}

fn fits_field(field: &MetaInputValue, value: Option<&Value>, registry: &Registry) -> bool {
    match (MetaTypeName::create(&field.ty), value) {
        (MetaTypeName::NonNull(_), None | Some(Value::Null)) => false,
        (_, None | Some(Value::Null)) => true,
        (MetaTypeName::NonNull(name) | MetaTypeName::Named(name), Some(value)) => {
            fits_named(name, value, registry)
        }
        (MetaTypeName::List(_), Some(_)) => false,
    }
}

/// The answer where there would be none: a resolver panicked.
pub(super) fn broken_off(panic: &(dyn Any + Send)) -> Response {
    let said = panic.downcast_ref::<&str>().copied();
    let said = said.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(
        panic = said.unwrap_or_default(),
        "a request broke off by a fault of ours"
    );
    Response::from_errors(vec![
        ApiError::new(ErrorCode::InternalServerError, MASKED).into(),
    ])
}

/// Sees to it that every error has a code, and a fault of ours the request's id and no more.
pub(super) fn finish(mut response: Response, request_id: &str) -> Response {
    for error in &mut response.errors {
        shorten(&mut error.message);
        let is_unfit = is_unfit(error);
        let extensions = error.extensions.get_or_insert_default();
        if extensions.get("code").is_none() {
            let unresolved = [
                "Unknown operation named",
                "Operation name required",
                "Subscriptions are not supported",
            ];
            if unresolved
                .iter()
                .any(|start| error.message.starts_with(start))
            {
                extensions.set("code", ErrorCode::OperationResolutionFailure.as_str());
            } else if is_unfit {
                extensions.set("code", ErrorCode::BadUserInput.as_str());
            } else {
                tracing::error!(error = %error.message, "a request failed by a fault of ours");
                MASKED.clone_into(&mut error.message);
                extensions.set("code", ErrorCode::InternalServerError.as_str());
            }
        }
        if extensions.get("code") == Some(&ErrorCode::InternalServerError.as_str().into()) {
            extensions.set("requestId", request_id);
        }
    }
    if is_refused_whole(&response) {
        response.data = Value::Null;
        for error in &mut response.errors {
            error.path.clear();
        }
    }
    note(&response);
    response
}

/// For the request's log line and metrics.
fn note(response: &Response) {
    request_context::record_answer();
    if let Some(extensions) = response.errors.first().map(|error| &error.extensions)
        && let Some(Value::String(code)) = extensions.as_ref().and_then(|all| all.get("code"))
    {
        request_context::record_error(code.clone());
    }
}

fn shorten(message: &mut String) {
    if let Some((end, _)) = message.char_indices().nth(MAX_MESSAGE) {
        message.truncate(end);
        message.push('…');
    }
}

/// Whether every field of the operation was refused for coming too often. Then nothing of it was
/// executed, and it is answered like a request that cannot be: by errors alone.
fn is_refused_whole(response: &Response) -> bool {
    let refused = |error: &ServerError| {
        let code = error.extensions.as_ref().and_then(|all| all.get("code"));
        code == Some(&ErrorCode::RateLimited.as_str().into())
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

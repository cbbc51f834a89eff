//! From what a client sent to a GraphQL request, or what is wrong with it.

use async_graphql::{Request, Variables};
use serde_json::{Map, Value};

use crate::graphql::{ApiError, DocumentError, DocumentName, Documents, ErrorCode};

/// Why something is not a GraphQL request.
#[derive(Debug, thiserror::Error)]
pub(in crate::http) enum RequestError {
    #[error("The body is empty. Send JSON such as {{\"query\": \"{{ advisors {{ name }} }}\"}}.")]
    Empty,
    #[error("The body is not JSON: {0}.")]
    NotJson(#[source] serde_json::Error),
    #[error("Batched requests are not supported. Send the operations one by one.")]
    Batch,
    #[error("The body is JSON, but no object. Send one with the member `query`.")]
    NotAnObject,
    #[error("`{0}` must be {1}.")]
    Member(&'static str, &'static str),
    #[error("`{0}` is there more than once.")]
    Repeated(&'static str),
    #[error("`{0}` is not JSON: {1}.")]
    Parameter(&'static str, #[source] serde_json::Error),
    #[error(
        "`extensions.persistedQuery` must be an object of `version`, which is 1, and `sha256Hash`."
    )]
    PersistedQuery,
    #[error(transparent)]
    Document(#[from] DocumentError),
}

impl RequestError {
    /// `extensions.code`.
    fn code(&self) -> ErrorCode {
        match self {
            Self::Document(error) => error.code(),
            _ => ErrorCode::BadRequest,
        }
    }
}

impl From<&RequestError> for ApiError {
    fn from(error: &RequestError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

const NAMES: [&str; 4] = ["query", "operationName", "variables", "extensions"];

/// Names of a document's id: the proposal's, and those of Relay's documentation.
const IDS: [&str; 3] = ["documentId", "doc_id", "id"];

/// Reads a POST's body.
pub(super) fn from_body(body: &[u8], documents: &Documents) -> Result<Request, RequestError> {
    if body.trim_ascii().is_empty() {
        return Err(RequestError::Empty);
    }
    match serde_json::from_slice(body).map_err(RequestError::NotJson)? {
        Value::Object(members) => from_members(members, documents),
        Value::Array(_) => Err(RequestError::Batch),
        _ => Err(RequestError::NotAnObject),
    }
}

/// Reads a GET's URL parameters, where an empty one is as good as none.
pub(super) fn from_parameters(
    parameters: &str,
    documents: &Documents,
) -> Result<Request, RequestError> {
    let mut members = Map::new();
    for (name, text) in form_urlencoded::parse(parameters.as_bytes()) {
        let known = NAMES.into_iter().chain(IDS);
        let Some(name) = known.into_iter().find(|known| *known == name) else {
            continue;
        };
        let value = match name {
            _ if text.is_empty() => Value::Null,
            "variables" | "extensions" => {
                serde_json::from_str(&text).map_err(|error| RequestError::Parameter(name, error))?
            }
            _ => Value::String(text.into_owned()),
        };
        if members.insert(name.to_owned(), value).is_some() {
            return Err(RequestError::Repeated(name));
        }
    }
    from_members(members, documents)
}

/// Reads the members of a JSON object: also what comes over a WebSocket. Members we do not know
/// are left alone, as the specification asks.
pub(in crate::http) fn from_members(
    mut members: Map<String, Value>,
    documents: &Documents,
) -> Result<Request, RequestError> {
    let [query, operation_name, variables, extensions] =
        NAMES.map(|name| members.remove(name).unwrap_or_default());
    let query = string("query", query)?;
    let mut extensions = object("extensions", extensions)?.unwrap_or_default();
    let name = match extensions.remove("persistedQuery") {
        None | Some(Value::Null) => id(&mut members, query.is_some())?,
        Some(persisted) => Some(DocumentName::Hash(hash(&persisted)?)),
    };
    let mut request = documents.find(query, name)?;
    // Empty is absent, as some clients send it.
    let operation_name = string("operationName", operation_name)?;
    request.operation_name = operation_name.filter(|name| !name.is_empty());
    if let Some(variables) = object("variables", variables)? {
        request.variables = Variables::from_json(Value::Object(variables));
    }
    Ok(request)
}

/// The document's id. Where the document itself is, only what the proposal calls it counts: the
/// other names are common enough to mean something else.
fn id(
    members: &mut Map<String, Value>,
    has_query: bool,
) -> Result<Option<DocumentName>, RequestError> {
    for name in IDS.into_iter().take(if has_query { 1 } else { IDS.len() }) {
        if let Some(id) = string(name, members.remove(name).unwrap_or_default())? {
            return Ok(Some(DocumentName::Id(id)));
        }
    }
    Ok(None)
}

/// The hash of an automatic persisted query.
fn hash(persisted: &Value) -> Result<String, RequestError> {
    match (&persisted["version"], &persisted["sha256Hash"]) {
        (Value::Number(version), Value::String(hash)) if version.as_u64() == Some(1) => {
            Ok(hash.clone())
        }
        _ => Err(RequestError::PersistedQuery),
    }
}

fn string(name: &'static str, value: Value) -> Result<Option<String>, RequestError> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        _ => Err(RequestError::Member(name, "a string")),
    }
}

fn object(name: &'static str, value: Value) -> Result<Option<Map<String, Value>>, RequestError> {
    match value {
        Value::Null => Ok(None),
        Value::Object(members) => Ok(Some(members)),
        _ => Err(RequestError::Member(name, "an object")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn body_of(body: &[u8]) -> Result<Request, RequestError> {
        from_body(body, &Documents::sent())
    }

    fn parameters_of(parameters: &str) -> Result<Request, RequestError> {
        from_parameters(parameters, &Documents::sent())
    }

    #[test]
    fn a_body_says_what_is_wrong_with_it() {
        for (body, expected) in [
            ("", "The body is empty"),
            (" \n", "The body is empty"),
            (
                "{ \"not",
                "The body is not JSON: EOF while parsing a string",
            ),
            ("[]", "Batched requests"),
            ("[{\"query\": \"{a}\"}]", "Batched requests"),
            ("\"{a}\"", "no object"),
            ("null", "no object"),
            ("{}", "`query` is missing"),
            (r#"{"query": null}"#, "`query` is missing"),
            (r#"{"query": 1}"#, "`query` must be a string"),
            (r#"{"query": ["{a}"]}"#, "`query` must be a string"),
            (
                r#"{"query": "{a}", "operationName": false}"#,
                "`operationName` must be a string",
            ),
            (
                r#"{"query": "{a}", "variables": "{}"}"#,
                "`variables` must be an object",
            ),
            (
                r#"{"query": "{a}", "variables": []}"#,
                "`variables` must be an object",
            ),
            (
                r#"{"query": "{a}", "extensions": 0}"#,
                "`extensions` must be an object",
            ),
            (
                r#"{"extensions": {"persistedQuery": {"version": 1}}}"#,
                "`extensions.persistedQuery` must be",
            ),
            (r#"{"documentId": 7}"#, "`documentId` must be a string"),
            (r#"{"id": {}}"#, "`id` must be a string"),
            (
                r#"{"doc_id": "a"}"#,
                "There is no document with the id \"a\"",
            ),
            (
                r#"{"extensions": {"persistedQuery": null}}"#,
                "`query` is missing",
            ),
        ] {
            let error = body_of(body.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(expected), "{body}: {error}");
        }
        assert!(body_of(b"{\"query\": \"\xff\"}").is_err());
    }

    #[test]
    fn a_body_is_read() {
        let body = r#"{"query": "query A { a }", "operationName": "A", "variables": {"n": [1]},
            "extensions": {"other": {"version": 1}}, "id": 7, "unknown": true}"#;
        let request = body_of(body.as_bytes()).unwrap();
        assert_eq!(request.query, "query A { a }");
        assert_eq!(request.operation_name.as_deref(), Some("A"));
        assert_eq!(
            serde_json::to_string(&request.variables).unwrap(),
            r#"{"n":[1]}"#
        );

        let unnamed = body_of(br#"{"query": "{a}", "operationName": ""}"#).unwrap();
        assert_eq!(unnamed.operation_name, None);

        let nulls =
            r#"{"query": "{a}", "operationName": null, "variables": null, "extensions": null}"#;
        let request = body_of(nulls.as_bytes()).unwrap();
        assert_eq!(request.operation_name, None);
        assert!(request.variables.is_empty());
    }

    #[test]
    fn parameters_are_read() {
        let request = parameters_of(
            "query=query+A%7Ba%7D&operationName=A&variables=%7B%22n%22%3A1%7D&other=1&other=2",
        )
        .unwrap();
        assert_eq!(request.query, "query A{a}");
        assert_eq!(request.operation_name.as_deref(), Some("A"));
        assert_eq!(
            serde_json::to_string(&request.variables).unwrap(),
            r#"{"n":1}"#
        );

        let empty = parameters_of("query=%7Ba%7D&operationName=&variables=&extensions=").unwrap();
        assert_eq!(empty.operation_name, None);
        assert!(empty.variables.is_empty());

        for (parameters, expected) in [
            ("", "`query` is missing"),
            ("query=", "`query` is missing"),
            ("query={a}&query={b}", "`query` is there more than once"),
            ("query={a}&variables={", "`variables` is not JSON"),
            ("query={a}&variables=[]", "`variables` must be an object"),
            ("query={a}&extensions=1", "`extensions` must be an object"),
            (
                "extensions={\"persistedQuery\":{}}",
                "`extensions.persistedQuery` must be",
            ),
        ] {
            let error = parameters_of(parameters).unwrap_err().to_string();
            assert!(error.contains(expected), "{parameters}: {error}");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_a_request_or_an_error(body: Vec<u8>, text: String) {
            for body in [&body, text.as_bytes(), format!("{{\"query\": \"{text}\"}}").as_bytes()] {
                let _ = body_of(body);
            }
            let _ = parameters_of(&text);
        }
    }
}

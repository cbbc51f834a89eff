//! Documents that are named instead of sent: automatic persisted queries, and a file of trusted
//! documents beside which nothing is executed. None of it depends on the database.

use std::fs;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{
    Answer, Credentials, Database, Events, Nobody, Server, Service, Serving, mula, run,
};

const ADVISORS: &str = "{ advisors { name } }";
const NODE: &str = "query Node($id: ID!) { node(id: $id) { id } }";
const LOGIN: &str = "mutation Login($input: LoginInput!) { login(input: $input) { tokenType } }";
const FOLLOW: &str = "subscription ($id: ID!) { readingUpdates(id: $id) { status } }";

fn sha256(text: &str) -> String {
    let hash = Sha256::digest(text);
    hash.iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .concat()
}

fn hash_of(text: &str) -> Value {
    json!({ "persistedQuery": { "version": 1, "sha256Hash": sha256(text) } })
}

async fn post(server: &Server, who: &(impl Credentials + ?Sized), body: Value) -> Answer {
    let mut request = server.request("POST", "/graphql").json(&body);
    if let Some(token) = who.token() {
        request = request.bearer_auth(token);
    }
    let request = request.header("accept", "application/graphql-response+json");
    Answer::of(request.send().await.unwrap()).await
}

async fn get(server: &Server, parameters: &[(&str, &str)]) -> Answer {
    let parameters = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    let request = server.request("GET", &format!("/graphql?{parameters}"));
    Answer::of(request.send().await.unwrap()).await
}

/// The first message of a socket for an operation.
async fn on_socket(server: &Server, payload: Value) -> Value {
    let mut socket = server.socket(&Nobody).await;
    socket
        .send(&json!({ "id": "1", "type": "subscribe", "payload": payload }))
        .await;
    socket.message().await
}

#[track_caller]
fn assert_advisors(answer: &Value) {
    assert_eq!(
        answer["data"]["advisors"].as_array().unwrap().len(),
        4,
        "{answer:#}"
    );
}

#[tokio::test]
async fn a_query_is_sent_once_and_named_from_then_on() {
    let server = Server::start(Database::sqlite(), &[]).await;
    let named = json!({ "extensions": hash_of(ADVISORS) });

    // Apollo Client asks by the hash alone, and sends the text when told that nobody knows it.
    let answer = post(&server, &Nobody, named.clone()).await;
    assert_eq!(
        (answer.status, answer.code()),
        (400, "PERSISTED_QUERY_NOT_FOUND")
    );
    assert_eq!(answer.message(), "PersistedQueryNotFound");
    let whole = json!({ "query": ADVISORS, "extensions": hash_of(ADVISORS) });
    assert_advisors(&post(&server, &Nobody, whole).await.json);

    assert_advisors(&post(&server, &Nobody, named.clone()).await.json);
    let hash = hash_of(ADVISORS).to_string();
    assert_advisors(&get(&server, &[("extensions", &hash)]).await.json);
    let id = format!("sha256:{}", sha256(ADVISORS));
    assert_advisors(&get(&server, &[("documentId", &id)]).await.json);
    assert_advisors(&on_socket(&server, named.clone()).await["payload"]);
    let request = server
        .request("POST", "/graphql")
        .header("accept", "text/event-stream");
    let mut events = Events::of(request.json(&named).send().await.unwrap());
    assert_advisors(&serde_json::from_str(&events.next().await.unwrap().1).unwrap());
}

#[tokio::test]
async fn a_query_can_be_sent_over_a_socket_and_named_elsewhere() {
    let server = Server::start(Database::sqlite(), &[]).await;
    let ada = server.join("ada").await;

    let message = on_socket(&server, json!({ "extensions": hash_of(NODE) })).await;
    assert_eq!(message["type"], "error");
    assert_eq!(message["payload"][0]["message"], "PersistedQueryNotFound");
    assert_eq!(
        message["payload"][0]["extensions"]["code"],
        "PERSISTED_QUERY_NOT_FOUND"
    );
    let variables = json!({ "id": ada.id });
    on_socket(
        &server,
        json!({ "query": NODE, "variables": variables, "extensions": hash_of(NODE) }),
    )
    .await;

    // Variables and a name of the operation are as with any other.
    let body =
        json!({ "extensions": hash_of(NODE), "variables": variables, "operationName": "Node" });
    assert_eq!(
        post(&server, &ada, body).await.data()["node"]["id"],
        ada.id.as_str()
    );
}

#[tokio::test]
async fn a_hash_has_to_be_the_one_of_its_text() {
    let server = Server::start(Database::sqlite(), &[]).await;
    let other = json!({ "query": "{ __typename }", "extensions": hash_of(ADVISORS) });

    let answer = post(&server, &Nobody, other.clone()).await;
    assert_eq!((answer.status, answer.code()), (400, "BAD_REQUEST"));
    assert!(
        answer
            .message()
            .contains("provided sha does not match query")
    );
    let message = on_socket(&server, other).await;
    assert_eq!(message["payload"][0]["extensions"]["code"], "BAD_REQUEST");
    // Nobody has put another text in its place.
    let answer = post(&server, &Nobody, json!({ "extensions": hash_of(ADVISORS) })).await;
    assert_eq!(answer.code(), "PERSISTED_QUERY_NOT_FOUND");

    for wrong in [
        json!({ "version": 2, "sha256Hash": sha256(ADVISORS) }),
        json!({ "sha256Hash": sha256(ADVISORS) }),
        json!({ "version": 1 }),
        json!({ "version": 1, "sha256Hash": 7 }),
        json!("0"),
    ] {
        let body = json!({ "query": ADVISORS, "extensions": { "persistedQuery": wrong } });
        let answer = post(&server, &Nobody, body).await;
        assert_eq!(
            (answer.status, answer.code()),
            (400, "BAD_REQUEST"),
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn a_named_document_is_held_to_the_same_rules() {
    let server = Server::start(Database::sqlite(), &[]).await;
    let deep = format!("{}a{}", "{ a ".repeat(60), " }".repeat(60));
    let mutation = "mutation { logout { message } }";

    for (text, code) in [
        (deep.as_str(), "QUERY_TOO_COMPLEX"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ not GraphQL", "GRAPHQL_PARSE_FAILED"),
        (mutation, "UNAUTHENTICATED"),
    ] {
        let whole = json!({ "query": text, "extensions": hash_of(text) });
        let named = json!({ "extensions": hash_of(text) });
        for body in [whole, named] {
            assert_eq!(post(&server, &Nobody, body).await.code(), code, "{text}");
        }
    }
    let answer = get(&server, &[("extensions", &hash_of(mutation).to_string())]).await;
    assert_eq!((answer.status, answer.header("allow")), (405, "POST"));
}

/// A server that executes these documents only.
async fn trusting(documents: &Value) -> Server {
    let database = Database::sqlite();
    let file = database.dir().join("persisted-documents.json");
    fs::write(&file, documents.to_string()).unwrap();
    Server::start(database, &["--trusted-documents", file.to_str().unwrap()]).await
}

#[tokio::test]
async fn trusted_documents_are_found_however_they_are_named() {
    // As graphql-codegen writes it, by SHA-1, and relay-compiler, by MD5.
    let server = trusting(&json!({
        "0a1a83b46d3e4a5ee7ae8bbc5a1b2a7d9a1c0f2e": ADVISORS,
        "d41d8cd98f00b204e9800998ecf8427e": NODE,
        "login": LOGIN,
        "follow": FOLLOW,
    }))
    .await;
    let sha1 = "0a1a83b46d3e4a5ee7ae8bbc5a1b2a7d9a1c0f2e";
    let prefixed = format!("sha256:{}", sha256(ADVISORS));

    for body in [
        json!({ "documentId": sha1 }),
        json!({ "documentId": prefixed }),
        json!({ "doc_id": sha1 }),
        json!({ "id": sha1 }),
        json!({ "extensions": hash_of(ADVISORS) }),
        json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": sha1 } } }),
        json!({ "query": ADVISORS }),
        json!({ "query": ADVISORS, "documentId": sha1 }),
        json!({ "query": ADVISORS, "extensions": hash_of(ADVISORS) }),
    ] {
        assert_advisors(&post(&server, &Nobody, body.clone()).await.json);
        assert_advisors(&on_socket(&server, body).await["payload"]);
    }
    for name in ["documentId", "doc_id", "id"] {
        assert_advisors(&get(&server, &[(name, sha1)]).await.json);
    }
    assert_advisors(&get(&server, &[("query", ADVISORS)]).await.json);

    // With variables, again and again, and not past the rules.
    let node = |id: &Value| json!({ "documentId": "d41d8cd98f00b204e9800998ecf8427e", "variables": { "id": id } });
    for _ in 0..3 {
        let answer = post(
            &server,
            &Nobody,
            node(&json!("reading_01h455vb4pex5vsknk084sn02q")),
        )
        .await;
        assert_eq!(answer.code(), "UNAUTHENTICATED");
        assert_eq!(
            post(&server, &Nobody, node(&Value::Null)).await.code(),
            "BAD_USER_INPUT"
        );
    }
    let answer = get(&server, &[("documentId", "login")]).await;
    assert_eq!((answer.status, answer.header("allow")), (405, "POST"));
    let message = on_socket(
        &server,
        json!({ "documentId": "follow", "variables": { "id": "x" } }),
    )
    .await;
    assert_eq!(message["type"], "error");
    assert_ne!(
        message["payload"][0]["extensions"]["code"],
        "PERSISTED_QUERY_NOT_FOUND"
    );
}

#[tokio::test]
async fn beside_trusted_documents_nothing_is_executed() {
    let server = trusting(&json!({ "advisors": ADVISORS })).await;

    for (body, code, says) in [
        (
            json!({ "query": "{ advisors { title } }" }),
            "BAD_REQUEST",
            "trusted",
        ),
        (
            json!({ "query": format!("{ADVISORS} ") }),
            "BAD_REQUEST",
            "trusted",
        ),
        (
            json!({ "query": "{ __schema { types { name } } }" }),
            "BAD_REQUEST",
            "trusted",
        ),
        (json!({ "query": "" }), "BAD_REQUEST", "trusted"),
        (
            json!({ "query": "{ x }", "documentId": "advisors" }),
            "BAD_REQUEST",
            "trusted",
        ),
        (
            json!({ "query": "{ x }", "extensions": hash_of("{ x }") }),
            "BAD_REQUEST",
            "trusted",
        ),
        (
            json!({ "documentId": "Advisors" }),
            "PERSISTED_QUERY_NOT_FOUND",
            "\"Advisors\"",
        ),
        (
            json!({ "documentId": "" }),
            "PERSISTED_QUERY_NOT_FOUND",
            "no document",
        ),
        (
            json!({ "extensions": hash_of("{ x }") }),
            "PERSISTED_QUERY_NOT_FOUND",
            "PersistedQueryNotFound",
        ),
        (json!({}), "BAD_REQUEST", "`query` is missing"),
    ] {
        let answer = post(&server, &Nobody, body.clone()).await;
        assert_eq!((answer.status, answer.code()), (400, code), "{body}");
        assert!(
            answer.message().contains(says),
            "{body}: {}",
            answer.message()
        );
        let message = on_socket(&server, body).await;
        assert_eq!(message["payload"][0]["extensions"]["code"], code);
    }
    // What was refused is not remembered either.
    let answer = post(&server, &Nobody, json!({ "extensions": hash_of("{ x }") })).await;
    assert_eq!(answer.code(), "PERSISTED_QUERY_NOT_FOUND");
}

#[tokio::test]
async fn a_file_that_is_not_right_is_no_start() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("documents.json");
    let flags = ["--port", "0", "--trusted-documents", "documents.json"];
    let deep = format!("{}a{}", "{ a ".repeat(60), " }".repeat(60));
    let wrong = json!({
        "good": ADVISORS,
        "with-variables": NODE,
        "several": format!("{LOGIN} {NODE}"),
        "unparseable": "{ advisors",
        "unknown-field": "{ advisors { secrets } }",
        "two-logins": "mutation { a: login(input: {email: \"\", password: \"\"}) { tokenType }
            b: login(input: {email: \"\", password: \"\"}) { tokenType } }",
        "deep": deep,
    });
    for (text, said) in [
        (None, vec!["documents.json cannot be read"]),
        (
            Some("[]".to_owned()),
            vec!["not a JSON object of documents"],
        ),
        (
            Some(r#"{"a": 1}"#.to_owned()),
            vec!["not a JSON object of documents"],
        ),
        (
            Some(wrong.to_string()),
            vec![
                "- unparseable: The document is not GraphQL",
                "- unknown-field: Unknown field \"secrets\"",
                "- two-logins: The document",
                "- deep: The operation",
            ],
        ),
    ] {
        if let Some(text) = text {
            fs::write(&file, text).unwrap();
        }
        let (code, _, log) = run(mula(dir.path(), &flags)).await;
        assert_eq!(code, Some(1), "{log}");
        for line in said {
            assert!(log.contains(line), "{line} is not in {log}");
        }
        for good in ["good", "with-variables", "several"] {
            assert!(!log.contains(&format!("- {good}")), "{log}");
        }
    }

    let right = json!({ "a": ADVISORS, "b": format!("{LOGIN} {NODE}"), "c": FOLLOW });
    fs::write(&file, right.to_string()).unwrap();
    let process = Serving::serve(mula(dir.path(), &flags));
    process.signal("TERM");
    assert_eq!(process.end().await.0, Some(0));
}

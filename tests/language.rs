//! Documents as clients print them: those of the GraphQL specification of September 2025.

use serde_json::{Value, json};

use crate::support::{Answer, Database, Nobody, Server, Service};

const DESCRIBED: &str = "\"\"\"
The four, by \"Ọ̀ṣun\" and others.
\"\"\"
query Advisors(\"whether they have names\" $names: Boolean = true, \"é\" $titles: Boolean! = false) {
  advisors { ...Advisor title @include(if: $titles) }
}

\"What is shown of one.\"
fragment Advisor on AdvisorProfile { name @include(if: $names) }";

async fn post(server: &Server, query: &str) -> Answer {
    let request = server.request("POST", "/graphql");
    let request = request.json(&json!({ "query": query }));
    Answer::of(request.send().await.unwrap()).await
}

fn assert_names(answer: &Value) {
    let advisors = answer["data"]["advisors"].as_array().unwrap();
    assert_eq!(advisors.len(), 4, "{answer}");
    assert!(
        advisors
            .iter()
            .all(|advisor| advisor["name"].is_string() && advisor["title"].is_null())
    );
}

#[tokio::test]
async fn documents_have_descriptions() {
    let server = Server::start(Database::sqlite(), &[]).await;

    assert_names(&post(&server, DESCRIBED).await.json);
    let parameters = form_urlencoded::Serializer::new(String::new())
        .append_pair("query", DESCRIBED)
        .finish();
    let request = server.request("GET", &format!("/graphql?{parameters}"));
    assert_names(&Answer::of(request.send().await.unwrap()).await.json);
    let mut socket = server.socket(&Nobody).await;
    socket.subscribe("1", DESCRIBED, json!({})).await;
    assert_names(&socket.message().await["payload"]);
}

#[tokio::test]
async fn trusted_documents_have_descriptions() {
    let database = Database::sqlite();
    let file = database.dir().join("documents.json");
    std::fs::write(&file, json!({ "advisors": DESCRIBED }).to_string()).unwrap();
    let server = Server::start(database, &["--trusted-documents", file.to_str().unwrap()]).await;

    assert_names(&post(&server, DESCRIBED).await.json);
    let request = server
        .request("POST", "/graphql")
        .json(&json!({ "documentId": "advisors" }));
    assert_names(&Answer::of(request.send().await.unwrap()).await.json);
}

#[tokio::test]
async fn directives_of_a_variable_follow_its_default() {
    let server = Server::start(Database::sqlite(), &[]).await;
    let query =
        "query ($names: Boolean = true @a(b: [\")\"]) @c \"d\" $titles: Boolean = false @e) {
        advisors { name @include(if: $names) title @include(if: $titles) } }";

    assert_names(&post(&server, query).await.json);
}

#[tokio::test]
async fn a_default_decides_what_is_included() {
    let server = Server::start(Database::sqlite(), &[]).await;
    let query = "query ($names: Boolean! = true, $titles: Boolean = true) {
        advisors { name @include(if: $names) title @skip(if: $titles) } }";

    assert_names(&post(&server, query).await.json);
}

#[tokio::test]
async fn errors_name_the_place_in_the_document_as_it_was_sent() {
    let server = Server::start(Database::sqlite(), &[]).await;
    for (query, line, column) in [
        (
            "\"\"\"\nThe é\nof \u{1f333}\"\"\" query Q { nothing }",
            3,
            19,
        ),
        (
            "\"é\u{1f333}\" query Q(\"Ọ̀ṣ\" $n: Int = 1 @d(e: \"é\")) { nothing(n: $n) }",
            1,
            46,
        ),
        (
            "\"a\" query Q { advisors { name } } \"b\" query { c }",
            1,
            39,
        ),
        ("\"a\" { advisors { name } }", 1, 1),
    ] {
        let answer = post(&server, query).await;
        let place = &answer.json["errors"][0]["locations"][0];
        assert_eq!(
            *place,
            json!({ "line": line, "column": column }),
            "{query}: {:#}",
            answer.json
        );
    }
}

//! GraphQL over HTTP, and what every answer carries. None of it depends on the database.

use futures_util::stream;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{Answer, Database, Nobody, Server, Service, header, list};

const QUERY: &str = "{ advisors { name } }";

async fn server(flags: &[&str]) -> Server {
    Server::start(Database::sqlite(), flags).await
}

fn url(parameters: &[(&str, &str)]) -> String {
    let parameters = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    format!("/graphql?{parameters}")
}

async fn get(server: &Server, parameters: &[(&str, &str)]) -> Answer {
    Answer::of(
        server
            .request("GET", &url(parameters))
            .send()
            .await
            .unwrap(),
    )
    .await
}

#[tokio::test]
async fn a_query_can_come_with_get() {
    let server = server(&[]).await;

    let answer = get(&server, &[("query", QUERY)]).await;
    assert_eq!(answer.data()["advisors"].as_array().unwrap().len(), 4);

    let ada = server.join("ada").await;
    let parameters = [
        (
            "query",
            "query A { advisors { name } } query B($id: ID!) { node(id: $id) { id } }",
        ),
        ("operationName", "B"),
        ("variables", &json!({ "id": ada.id }).to_string()),
        ("extensions", "{}"),
    ];
    let request = server
        .request("GET", &url(&parameters))
        .bearer_auth(&ada.token);
    let answer = Answer::of(request.send().await.unwrap()).await;
    assert_eq!(answer.data()["node"]["id"], ada.id.as_str());

    for bad in [
        &[][..],
        &[("query", "")],
        &[("query", QUERY), ("query", QUERY)],
        &[("query", QUERY), ("variables", "{")],
    ] {
        let answer = get(&server, bad).await;
        assert_eq!(
            (answer.status, answer.code()),
            (400, "BAD_REQUEST"),
            "{bad:?}"
        );
    }
}

#[tokio::test]
async fn a_mutation_cannot_come_with_get() {
    let server = server(&[]).await;
    let mutation = "mutation M { register(input: {
        email: \"ada@example.com\", username: \"ada\", password: \"correct horse\"
    }) { user { id } } } query Q { advisors { name } }";

    let answer = get(&server, &[("query", mutation), ("operationName", "M")]).await;
    assert_eq!(answer.status, 405);
    assert_eq!(answer.header("allow"), "POST");
    assert_eq!(answer.code(), "BAD_REQUEST");
    // The query beside it can, and nothing was made.
    get(&server, &[("query", mutation), ("operationName", "Q")])
        .await
        .data();
    server.register("ada").await.data();
}

#[tokio::test]
async fn other_methods_are_told_which_there_are() {
    let server = server(&[]).await;

    for method in ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"] {
        let response = server
            .request(method, "/graphql")
            .json(&json!({ "query": QUERY }))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 405, "{method}");
        assert_eq!(header(&response, "allow"), "GET, POST");
        let answer = Answer::of(response).await;
        assert_eq!(answer.code(), "BAD_REQUEST");
    }
    let response = server.request("HEAD", "/graphql").send().await.unwrap();
    assert_eq!(response.status(), 405);
}

#[tokio::test]
async fn the_answer_comes_in_the_type_that_is_accepted() {
    const NEW: &str = "application/graphql-response+json; charset=utf-8";
    const OLD: &str = "application/json; charset=utf-8";
    let server = server(&[]).await;
    let send = async |accept: Option<&str>, query: &str| {
        let mut request = server
            .request("POST", "/graphql")
            .json(&json!({ "query": query }));
        if let Some(accept) = accept {
            request = request.header("accept", accept);
        }
        request.send().await.unwrap()
    };

    for (accept, content_type, bad_query) in [
        (None, OLD, 200),
        (Some("*/*"), OLD, 200),
        (Some("application/*"), OLD, 200),
        (Some("application/json"), OLD, 200),
        (Some("application/graphql-response+json"), NEW, 400),
        (
            Some("application/graphql-response+json, application/json;q=0.9"),
            NEW,
            400,
        ),
        (
            Some("application/json, application/graphql-response+json;q=0.5"),
            OLD,
            200,
        ),
        (Some("text/html, */*;q=0.1"), OLD, 200),
    ] {
        for (query, status) in [(QUERY, 200), ("{ advisors { secrets } }", bad_query)] {
            let response = send(accept, query).await;
            assert_eq!(response.status(), status, "{accept:?} {query}");
            assert_eq!(
                header(&response, "content-type"),
                content_type,
                "{accept:?}"
            );
            assert!(list(&response, "vary").contains(&"accept".to_owned()));
        }
    }
    for accept in [
        "text/html",
        "image/*",
        "application/xml",
        "application/json;q=0",
    ] {
        let response = send(Some(accept), QUERY).await;
        assert_eq!(response.status(), 406, "{accept}");
        assert_eq!(Answer::of(response).await.code(), "BAD_REQUEST");
    }
}

#[tokio::test]
async fn only_json_is_read() {
    let server = server(&[]).await;
    let body = json!({ "query": QUERY }).to_string();
    let send = async |content_type: Option<&str>| {
        let mut request = server.request("POST", "/graphql").body(body.clone());
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        request.send().await.unwrap()
    };

    for good in [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON;charset=\"UTF-8\"",
    ] {
        assert_eq!(send(Some(good)).await.status(), 200, "{good}");
    }
    // Among them what a browser sends across origins without asking first.
    for bad in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=x"),
        Some("application/graphql"),
        Some("application/json; charset=utf-16"),
    ] {
        let response = send(bad).await;
        assert_eq!(response.status(), 415, "{bad:?}");
        assert_eq!(Answer::of(response).await.code(), "BAD_REQUEST");
    }
}

#[tokio::test]
async fn a_body_has_at_most_128_kibibytes() {
    const LIMIT: usize = 128 * 1024;
    let server = server(&[]).await;
    let of_size = |size: usize| {
        let start = format!(r#"{{"query": "{QUERY}", "extensions": {{"x": ""#);
        let end = r#""}}"#;
        let filling = "x".repeat(size - start.len() - end.len());
        format!("{start}{filling}{end}").into_bytes()
    };
    let request = || {
        server
            .request("POST", "/graphql")
            .header("content-type", "application/json")
    };

    let response = request().body(of_size(LIMIT)).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let response = request().body(of_size(LIMIT + 1)).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(Answer::of(response).await.code(), "BAD_REQUEST");
    // Also where no length was announced.
    let chunks = |body: Vec<u8>| {
        body.chunks(10_000)
            .map(|chunk| Ok::<_, String>(chunk.to_vec()))
            .collect::<Vec<_>>()
    };
    for (size, status) in [(LIMIT, 200), (LIMIT + 1, 413)] {
        let body = reqwest::Body::wrap_stream(stream::iter(chunks(of_size(size))));
        let response = request().body(body).send().await.unwrap();
        assert_eq!(response.status(), status, "{size}");
    }
    // The service goes on.
    assert_eq!(
        request().body(of_size(200)).send().await.unwrap().status(),
        200
    );
}

#[tokio::test]
async fn one_operation_a_request() {
    let server = server(&[]).await;
    let send = async |body: Value| {
        Answer::of(
            server
                .request("POST", "/graphql")
                .json(&body)
                .send()
                .await
                .unwrap(),
        )
        .await
    };

    for batch in [
        json!([]),
        json!([{ "query": QUERY }]),
        json!([{ "query": QUERY }, { "query": QUERY }]),
    ] {
        let answer = send(batch).await;
        assert_eq!((answer.status, answer.code()), (400, "BAD_REQUEST"));
    }
    let two = "query A { advisors { name } } query B { advisors { title } }";
    let answer = send(json!({ "query": two, "operationName": "B" })).await;
    assert!(answer.data()["advisors"][0]["title"].is_string());
    assert!(answer.data()["advisors"][0]["name"].is_null());
    // An empty name is none.
    let unnamed = json!({ "query": QUERY, "operationName": "" });
    send(unnamed.clone()).await.data();
    let mut socket = server.socket(&Nobody).await;
    socket
        .send(&json!({ "id": "1", "type": "subscribe", "payload": unnamed }))
        .await;
    assert_eq!(
        socket.message().await["payload"]["data"]["advisors"][3]["name"],
        "Yemaya"
    );
    // Null members are absent ones; unknown ones are for others.
    let answer = send(json!({
        "query": QUERY, "operationName": null, "variables": null, "extensions": null, "id": 7,
    }))
    .await;
    answer.data();
}

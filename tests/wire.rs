//! GraphQL over HTTP, and what every answer carries. None of it depends on the database.

use futures_util::stream;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::support::{Answer, Database, Server};

const QUERY: &str = "{ advisors { name } }";

async fn server(flags: &[&str]) -> Server {
    Server::start(Database::sqlite(), flags).await
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

/// All values of a header that may be there several times, in lower case.
fn list(response: &Response, name: &str) -> Vec<String> {
    let values = response.headers().get_all(name).iter();
    values
        .flat_map(|value| value.to_str().unwrap().split(','))
        .map(|value| value.trim().to_ascii_lowercase())
        .collect()
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

    for method in ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"] {
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
async fn a_body_has_at_most_a_mebibyte() {
    const LIMIT: usize = 1024 * 1024;
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
        body.chunks(100_000)
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
    // Null members are absent ones; unknown ones are for others.
    let answer = send(json!({
        "query": QUERY, "operationName": null, "variables": null, "extensions": null, "id": 7,
    }))
    .await;
    answer.data();
}

#[tokio::test]
async fn every_answer_carries_an_id_and_its_precautions() {
    let server = server(&[]).await;

    for path in [
        "/graphql",
        "/",
        "/health/live",
        "/nowhere",
        "/graphiql/graphiql.css",
    ] {
        let response = server.request("GET", path).send().await.unwrap();
        let id = header(&response, "x-request-id");
        assert_eq!(
            id.parse::<uuid::Uuid>().unwrap().get_version_num(),
            7,
            "{path}: {id}"
        );
        assert_eq!(
            header(&response, "x-content-type-options"),
            "nosniff",
            "{path}"
        );
    }
    for path in [
        "/graphql?query={advisors{name}}",
        "/graphql",
        "/health/live",
        "/health/ready",
    ] {
        let response = server.request("GET", path).send().await.unwrap();
        assert_eq!(header(&response, "cache-control"), "no-store", "{path}");
    }
    // The caller's own id is kept, if it can stand in a log line.
    let too_long = "x".repeat(65);
    for (id, kept) in [
        ("req-42_A", true),
        ("a b", false),
        ("{}", false),
        ("", false),
        (&too_long, false),
    ] {
        let response = server
            .request("GET", "/health/live")
            .header("x-request-id", id)
            .send()
            .await
            .unwrap();
        assert_eq!(header(&response, "x-request-id") == id, kept, "{id:?}");
    }
}

#[tokio::test]
async fn browsers_may_call_from_allowed_origins_only() {
    let server = server(&[
        "--allowed-origins",
        "https://app.example.com, http://localhost:3000",
    ])
    .await;
    let preflight = async |origin: &str| {
        server
            .request("OPTIONS", "/graphql")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header(
                "access-control-request-headers",
                "authorization,content-type",
            )
            .send()
            .await
            .unwrap()
    };
    let call = async |origin: &str| {
        let request = server.request("POST", "/graphql").header("origin", origin);
        request
            .json(&json!({ "query": QUERY }))
            .send()
            .await
            .unwrap()
    };

    for origin in ["https://app.example.com", "http://localhost:3000"] {
        let response = preflight(origin).await;
        assert!(response.status().is_success());
        assert_eq!(header(&response, "access-control-allow-origin"), origin);
        let mut methods = list(&response, "access-control-allow-methods");
        methods.sort();
        assert_eq!(methods, ["get", "post"]);
        let allowed = list(&response, "access-control-allow-headers");
        for name in ["authorization", "content-type", "accept", "x-request-id"] {
            assert!(allowed.iter().any(|allowed| allowed == name), "{name}");
        }
        assert!(
            header(&response, "access-control-max-age")
                .parse::<u32>()
                .unwrap()
                > 0
        );
        // Tokens, not cookies.
        assert_eq!(header(&response, "access-control-allow-credentials"), "");
        assert!(list(&response, "vary").contains(&"origin".to_owned()));

        let response = call(origin).await;
        assert_eq!(response.status(), 200);
        assert_eq!(header(&response, "access-control-allow-origin"), origin);
        assert!(
            list(&response, "access-control-expose-headers").contains(&"x-request-id".to_owned())
        );
        let vary = list(&response, "vary");
        assert!(
            vary.contains(&"origin".to_owned()) && vary.contains(&"accept".to_owned()),
            "{vary:?}"
        );
    }
    for origin in [
        "https://evil.example.com",
        "https://app.example.com.evil.com",
        "http://app.example.com",
        "null",
    ] {
        for response in [preflight(origin).await, call(origin).await] {
            assert_eq!(
                header(&response, "access-control-allow-origin"),
                "",
                "{origin}"
            );
            assert!(list(&response, "vary").contains(&"origin".to_owned()));
        }
    }
}

#[tokio::test]
async fn without_allowed_origins_no_browser_is_let_in() {
    let server = server(&[]).await;

    let request = server
        .request("POST", "/graphql")
        .header("origin", "https://app.example.com");
    let response = request
        .json(&json!({ "query": QUERY }))
        .send()
        .await
        .unwrap();

    assert!(
        response
            .headers()
            .keys()
            .all(|name| !name.as_str().starts_with("access-control"))
    );
}

#[tokio::test]
async fn unknown_paths_are_told_the_real_ones() {
    let server = server(&[]).await;

    for path in [
        "/nowhere",
        "/graphql/",
        "/graphiql",
        "/health",
        "/../etc/passwd",
        "/%00",
    ] {
        let response = server.request("GET", path).send().await.unwrap();
        assert_eq!(response.status(), 404, "{path}");
        assert_eq!(
            header(&response, "content-type"),
            "text/plain; charset=utf-8"
        );
        let text = response.text().await.unwrap();
        for real in ["/graphql", "/health/live", "/health/ready", "GraphiQL"] {
            assert!(text.contains(real), "{real} is not in {text}");
        }
    }
}

#[tokio::test]
async fn it_says_that_it_is_well() {
    let server = server(&[]).await;

    for path in ["/health/live", "/health/ready"] {
        let response = server.request("GET", path).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(
            response.json::<Value>().await.unwrap(),
            json!({ "status": "ok" })
        );
        let response = server.request("HEAD", path).send().await.unwrap();
        assert_eq!(response.status(), 200);
        let response = server.request("POST", path).send().await.unwrap();
        assert_eq!(response.status(), 405);
    }
}

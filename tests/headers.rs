//! What every answer carries, and the paths beside the API. None of it depends on the database.

use serde_json::{Value, json};

use crate::support::{Database, Server, header, list};

const QUERY: &str = "{ advisors { name } }";

async fn server(flags: &[&str]) -> Server {
    Server::start(Database::sqlite(), flags).await
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

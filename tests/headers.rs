//! Response headers, and the paths beside the API. None of it depends on the database.

use serde_json::{Value, json};

use crate::support::{Client, Database, Server, Serving, Socket, header, list, mula};

const QUERY: &str = "{ advisors { name } }";

/// Headers of tracing and client libraries, as a preflight asks for them.
const REQUESTED: &str = "accept,apollo-require-preflight,apollographql-client-name,authorization,baggage,\
                         content-type,graphql-client-version,idempotency-key,sentry-trace,traceparent,\
                         tracestate,x-request-id";

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
        "/app",
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
        "/graphql?query={profile{id}}",
        "/graphql",
        "/health/live",
        "/health/ready",
    ] {
        let response = server.request("GET", path).send().await.unwrap();
        assert_eq!(header(&response, "cache-control"), "no-store", "{path}");
    }
    // The advisors are the same for everyone, unless something else is asked with them.
    for (query, caching) in [
        ("{advisors{name}}", "public, max-age=300"),
        ("{a:advisors{name} advisors{title}}", "public, max-age=300"),
        ("{advisors{name} profile{id}}", "no-store"),
        ("{advisors{name} __typename}", "no-store"),
        ("{advisors{nothing}}", "no-store"),
    ] {
        let path = format!("/graphql?query={query}");
        let response = server.request("GET", &path).send().await.unwrap();
        assert_eq!(header(&response, "cache-control"), caching, "{query}");
        let post = server
            .request("POST", "/graphql")
            .json(&json!({ "query": query }));
        let response = post.send().await.unwrap();
        assert_eq!(header(&response, "cache-control"), "no-store", "{query}");
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
        "https://app.example.com, http://localhost:*, capacitor://localhost",
    ])
    .await;
    let preflight = async |origin: &str| {
        server
            .request("OPTIONS", "/graphql")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", REQUESTED)
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

    for origin in [
        "https://app.example.com",
        "http://localhost:3000",
        "capacitor://localhost",
    ] {
        let response = preflight(origin).await;
        assert!(response.status().is_success());
        assert_eq!(header(&response, "access-control-allow-origin"), origin);
        let mut methods = list(&response, "access-control-allow-methods");
        methods.sort();
        assert_eq!(methods, ["get", "post"]);
        let allowed = list(&response, "access-control-allow-headers");
        assert_eq!(allowed.join(","), REQUESTED);
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
        let mut exposed = list(&response, "access-control-expose-headers");
        exposed.sort();
        assert_eq!(exposed, ["retry-after", "x-request-id"]);
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
async fn by_default_pages_of_the_same_machine_may_call_in_development() {
    let development = server(&[]).await;
    let production = server(&["--environment", "production"]).await;
    let call = async |server: &Server, origin: &str| {
        let request = server.request("POST", "/graphql").header("origin", origin);
        let response = request
            .json(&json!({ "query": QUERY }))
            .send()
            .await
            .unwrap();
        header(&response, "access-control-allow-origin").to_owned()
    };

    for origin in [
        "http://localhost:5173",
        "http://127.0.0.1:3000",
        "http://[::1]:3000",
    ] {
        assert_eq!(call(&development, origin).await, origin);
        assert_eq!(call(&production, origin).await, "");
    }
    assert_eq!(call(&development, "https://app.example.com").await, "");
}

#[tokio::test]
async fn unknown_paths_are_told_the_real_ones() {
    let server = server(&[]).await;

    for path in [
        "/nowhere",
        "/graphql/",
        "/graphiql/nowhere",
        "/apple",
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
        for real in [
            "/app ",
            "/graphiql ",
            "/graphql ",
            "/health/live",
            "/health/ready",
        ] {
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

#[tokio::test]
async fn a_refused_origin_is_one_line_in_the_log() {
    let database = Database::sqlite();
    let flags = database.flags(&["--log-format", "json"]);
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let serving = Serving::serve(mula(database.dir(), &flags));
    let client = Client::new(serving.address);
    let post = |origin: String| {
        let request = client.request("POST", "/graphql").header("origin", origin);
        request.json(&json!({ "query": QUERY })).send()
    };

    let preflight = client.request("OPTIONS", "/graphql");
    let preflight = preflight.header("origin", "https://a.example");
    preflight
        .header("access-control-request-method", "POST")
        .send()
        .await
        .unwrap();
    let origin = [("origin", "https://b.example")];
    assert_eq!(
        Socket::open(serving.address, &origin).await.err(),
        Some(403)
    );
    // Its own pages, and those allowed, are not refused.
    post(format!("http://{}", serving.address)).await.unwrap();
    post("http://localhost:5173".to_owned()).await.unwrap();

    serving.signal("TERM");
    let (_, log) = serving.end().await;
    let lines = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let refused: Vec<_> = lines
        .filter(|line| line["message"] == "origin refused")
        .collect();
    let origins: Vec<_> = refused
        .iter()
        .map(|line| line["origin"].as_str().unwrap())
        .collect();
    assert_eq!(origins, ["https://a.example", "https://b.example"]);
    assert!(
        refused
            .iter()
            .all(|line| line["setting"] == "ALLOWED_ORIGINS")
    );
}

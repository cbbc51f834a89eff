//! The media types of answers, by the `Accept` that each client sends by default.

use reqwest::{RequestBuilder, Response};
use serde_json::json;

use crate::support::{Answer, Database, FOLLOW, Server, Service, header, on_both};

const QUERY: &str = "{ advisors { name } }";

const URQL: &str = "application/graphql-response+json, application/graphql+json, application/json, \
                    text/event-stream, multipart/mixed";
const URQL_SUBSCRIPTION: &str = "text/event-stream, multipart/mixed";
const APOLLO: &str = "application/graphql-response+json,application/json;q=0.9";
const APOLLO_SUBSCRIPTION: &str = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,\
                                   application/graphql-response+json,application/json;q=0.9";

const NEW: &str = "application/graphql-response+json; charset=utf-8";
const OLD: &str = "application/json; charset=utf-8";
const EVENTS: &str = "text/event-stream; charset=utf-8";
const PARTS: &str = "multipart/mixed; boundary=\"graphql\"; subscriptionSpec=\"1.0\"";

/// The defaults of a client for queries and mutations, and the type of its answers.
const CLIENTS: [(&str, &str, &str); 8] = [
    ("@urql/core 5, @gql.tada/internal 1", URQL, NEW),
    ("@apollo/client 4", APOLLO, NEW),
    (
        "graphql-request 7",
        "application/graphql-response+json, application/json",
        NEW,
    ),
    (
        "@graphql-tools/executor-http 3, which graphql-codegen loads schemas with",
        "application/graphql-response+json, application/json, multipart/mixed",
        NEW,
    ),
    ("Relay's examples", "application/json", OLD),
    ("fetch", "*/*", OLD),
    (
        "@graphiql/toolkit",
        "application/json, multipart/mixed",
        OLD,
    ),
    (
        "JSON and streams in another order",
        "text/event-stream, multipart/mixed;subscriptionSpec=1.0, application/json;q=0.1",
        OLD,
    ),
];

fn follow(server: &Server, accept: &str, token: &str, id: &str) -> RequestBuilder {
    server
        .request("POST", "/graphql")
        .header("accept", accept)
        .bearer_auth(token)
        .json(&json!({ "query": FOLLOW, "variables": { "id": id } }))
}

async fn sent(request: RequestBuilder) -> Response {
    request.send().await.unwrap()
}

on_both! {
    async fn queries_and_mutations_are_answered_in_json(server: Server) {
        let ada = server.join("ada").await;
        for (client, accept, media_type) in CLIENTS {
            let get = server.request("GET", &format!("/graphql?query={QUERY}"));
            let post = server.request("POST", "/graphql").json(&json!({ "query": QUERY }));
            let change = json!({ "query": "mutation { cancelReading(input: {
                id: \"reading_01h455vb4pex5vsknk084sn02q\" }) { reading { id } } }" });
            let change = server.request("POST", "/graphql").bearer_auth(&ada.token).json(&change);
            for request in [get, post, change] {
                let response = sent(request.header("accept", accept)).await;
                assert_eq!(response.status(), 200, "{client}");
                assert_eq!(header(&response, "content-type"), media_type, "{client}");
                Answer::of(response).await;
            }
        }
    }

    #[settings("--embedded-pace", "80")]
    async fn subscriptions_are_streamed(server: Server) {
        let ada = server.join("ada").await;
        let id = server.begin(&ada, "Which way from here?").await;

        for (accept, media_type) in [
            (URQL_SUBSCRIPTION, EVENTS),
            (APOLLO_SUBSCRIPTION, PARTS),
            (URQL, EVENTS),
            ("application/json, text/event-stream", EVENTS),
        ] {
            let response = sent(follow(&server, accept, &ada.token, &id)).await;
            assert_eq!(response.status(), 200, "{accept}");
            assert_eq!(header(&response, "content-type"), media_type, "{accept}");
            assert!(response.text().await.unwrap().contains("COMPLETED"), "{accept}");
        }
        // A subscription cannot be one answer.
        let response = sent(follow(&server, "application/json", &ada.token, &id)).await;
        assert_eq!(Answer::of(response).await.code(), "OPERATION_RESOLUTION_FAILURE");
    }

    #[settings("--embedded-pace", "5")]
    async fn a_stream_beside_json_ends_with_its_session(server: Server) {
        let ada = server.join("ada").await;
        let id = server.begin(&ada, "Which way from here?").await;

        let following = sent(follow(&server, APOLLO_SUBSCRIPTION, &ada.token, &id)).await;
        assert_eq!(header(&following, "content-type"), PARTS);
        server.graphql(&ada, "mutation { logout { revokedSessions } }", json!({})).await.data();

        let body = following.text().await.unwrap();
        let last = body.strip_suffix("\r\n--graphql--\r\n").unwrap();
        let last = last.rsplit("\r\n\r\n").next().unwrap();
        let last: serde_json::Value = serde_json::from_str(last).unwrap();
        assert!(last["payload"].is_null());
        assert_eq!(last["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    }
}

#[tokio::test]
async fn refusals_reach_clients_that_also_read_streams() {
    let flags = [
        ("--register-rate", "1/1h"),
        ("--trusted-proxies", "127.0.0.1"),
    ];
    let flags: Vec<_> = flags
        .iter()
        .flat_map(|(flag, value)| [*flag, *value])
        .collect();
    let server = Server::start(Database::sqlite(), &flags).await;
    let register = |name: &str| {
        let input = json!({
            "email": format!("{name}@example.com"), "username": name, "password": "correct horse",
        });
        let query = "mutation ($input: RegisterInput!) { register(input: $input) { user { id } } }";
        server
            .request("POST", "/graphql")
            .header("accept", URQL)
            .header("x-forwarded-for", "198.51.100.7")
            .json(&json!({ "query": query, "variables": { "input": input } }))
    };

    assert_eq!(sent(register("ada")).await.status(), 200);
    let refused = sent(register("bob")).await;
    assert_eq!(refused.status(), 429);
    assert!(header(&refused, "retry-after").parse::<u32>().unwrap() > 0);
    assert_eq!(header(&refused, "content-type"), NEW);

    let invalid = json!({ "query": "{ advisors { secrets } }" });
    let invalid = server.request("POST", "/graphql").json(&invalid);
    assert_eq!(sent(invalid.header("accept", URQL)).await.status(), 400);
    let mutation = server.request("GET", "/graphql?query=mutation{logout{revokedSessions}}");
    assert_eq!(sent(mutation.header("accept", URQL)).await.status(), 405);
}

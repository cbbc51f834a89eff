//! Answers are compressed where the client accepts it and they are large; streams never.

use serde_json::{Value, json};

use crate::support::{Database, FOLLOW, Server, Service, decompressed, header, list, on_both};

const LARGE: &str = "{ advisors { name title domains suggestions } a: advisors { name title } }";

#[tokio::test]
async fn large_answers_are_compressed() {
    let server = Server::start(Database::sqlite(), &[]).await;
    let send = async |query: &str, accepted: &str| {
        let request = server
            .request("POST", "/graphql")
            .header("accept-encoding", accepted);
        request
            .json(&json!({ "query": query }))
            .send()
            .await
            .unwrap()
    };
    let plain = send(LARGE, "identity").await;
    assert_eq!(header(&plain, "content-encoding"), "");
    let plain = plain.text().await.unwrap();
    assert!(plain.len() > 1024, "{}", plain.len());

    for (accepted, encoding) in [
        ("gzip", "gzip"),
        ("br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0.5, gzip", "gzip"),
    ] {
        let response = send(LARGE, accepted).await;
        assert_eq!(
            header(&response, "content-encoding"),
            encoding,
            "{accepted}"
        );
        let vary = list(&response, "vary");
        assert!(vary.contains(&"accept-encoding".to_owned()), "{vary:?}");
        assert!(vary.contains(&"accept".to_owned()), "{vary:?}");
        let bytes = response.bytes().await.unwrap();
        assert!(bytes.len() < plain.len());
        assert_eq!(decompressed(encoding, &bytes), plain);
    }
    let small = send("{ advisors { name } }", "gzip, br").await;
    assert_eq!(header(&small, "content-encoding"), "");
    let small: Value = small.json().await.unwrap();
    assert_eq!(small["data"]["advisors"].as_array().unwrap().len(), 4);
}

on_both! {
    #[settings("--embedded-pace", "80")]
    async fn streams_are_neither_compressed_nor_held_back(server: Server) {
        let ada = server.join("ada").await;
        let id = server.begin(&ada, "Which way from here?").await;

        for accept in ["text/event-stream", "multipart/mixed;subscriptionSpec=1.0"] {
            let response = server
                .request("POST", "/graphql")
                .header("accept", accept)
                .header("accept-encoding", "gzip, br")
                .bearer_auth(&ada.token)
                .json(&json!({ "query": FOLLOW, "variables": { "id": id } }))
                .send()
                .await
                .unwrap();
            assert_eq!(header(&response, "content-encoding"), "");
            assert_eq!(header(&response, "cache-control"), "no-store, no-transform");
            assert_eq!(header(&response, "x-accel-buffering"), "no");
            assert!(response.text().await.unwrap().contains("COMPLETED"));
        }
    }
}

//! Fallback to the built-in engine: where the settings allow it, and only in place of an answer
//! that has not begun.

use serde_json::{Value, json};

use crate::support::{Call, Member, Provider, Server, Service, chunk, finish, on_both};

/// A server whose answers this provider writes, or else the built-in advisor.
async fn with_fallback(server: Server, provider: &Provider) -> Server {
    let model = ["--model-base-url", provider.url(), "--model-name", "m"];
    server
        .restart(&[&model[..], &["--model-fallback", "embedded"]].concat())
        .await
}

/// Asks, while the provider does something with what it is asked.
async fn asked(
    server: &Server,
    who: &Member,
    provider: &mut Provider,
    answer: impl AsyncFnOnce(Call),
) -> Value {
    let asking = server.ask_with(who, "Which way?", json!({}));
    let answering = async { answer(provider.call().await).await };
    let (answer, ()) = tokio::join!(asking, answering);
    answer.data()["askAdvisor"]["reading"].clone()
}

on_both! {
    async fn who_cannot_be_reached_is_stood_in_for(server: Server) {
        let mut provider = Provider::start().await;
        let server = with_fallback(server, &provider).await;
        let ama = server.join("ama").await;

        let reading = asked(&server, &ama, &mut provider, async |call| {
            call.answer(401, &[], "{}").await;
        }).await;

        assert_eq!((&reading["status"], &reading["engine"]), (&json!("COMPLETED"), &json!("EMBEDDED")));
        let text = reading["response"].as_str().unwrap();
        assert!(text.starts_with("The language model could not answer just now."), "{text}");

        // It is not what was asked for: the next time the model is asked again.
        let reading = asked(&server, &ama, &mut provider, async |mut call| {
            call.begin().await;
            call.events([chunk("That way."), finish("stop")]).await;
            call.done().await;
        }).await;
        assert_eq!((&reading["engine"], &reading["response"]), (&json!("MODEL"), &json!("That way.")));
    }

    // What had come stays as it is.
    async fn who_breaks_off_is_not_stood_in_for(server: Server) {
        let mut provider = Provider::start().await;
        let server = with_fallback(server, &provider).await;
        let ama = server.join("ama").await;

        let reading = asked(&server, &ama, &mut provider, async |mut call| {
            call.begin().await;
            call.event(&chunk("Go ")).await;
            call.break_off();
        }).await;

        assert_eq!((&reading["status"], &reading["response"]), (&json!("FAILED"), &json!("Go ")));
        assert_eq!(reading["failure"]["code"], "PROVIDER_CUT");
    }
}

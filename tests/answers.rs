//! Readings that a language model answers, from the question to the last update.

use serde_json::{Value, json};

use crate::support::{
    Call, Database, Follower, Instance, Member, News, Process, Provider, QUESTION, Server, Service,
    Told, Via, chunk, deltas, finish, state,
};

/// As `on_both!`, with a provider, which the server asks.
macro_rules! with_provider {
    ($(
        #[settings($($flag:expr),* $(,)?)]
        async fn $name:ident($server:ident: Server, $($provider:tt)+) $body:block
    )*) => {$(
        mod $name {
            use super::*;

            async fn behaves($server: Server, $($provider)+) $body

            #[tokio::test]
            async fn on_sqlite() {
                let provider = Provider::start().await;
                let server = start(Database::sqlite(), &provider, &[$($flag),*]).await;
                behaves(server, provider).await;
            }

            #[tokio::test]
            async fn on_postgres() {
                if let Some(database) = Database::postgres().await {
                    let provider = Provider::start().await;
                    let server = start(database, &provider, &[$($flag),*]).await;
                    behaves(server, provider).await;
                }
            }
        }
    )*};
}

/// Has a provider asked.
fn flags<'a>(provider: &'a Provider, more: &[&'a str]) -> Vec<&'a str> {
    let mut flags = vec!["--model-base-url", provider.url(), "--model-name", "m"];
    flags.extend(more);
    flags
}

async fn start(database: Database, provider: &Provider, more: &[&str]) -> Server {
    Server::start(database, &flags(provider, more)).await
}

/// The engine, usage and cost of a reading.
async fn account(service: &impl Service, who: &Member, id: &str) -> Value {
    let query = "query ($id: ID!) { reading(id: $id) {
        status response engine model sources { title excerpt url } tokensUsed cost isEstimated isCached
        failure { code message }
    } }";
    let answer = service.graphql(who, query, json!({ "id": id })).await;
    answer.data()["reading"].clone()
}

/// Waits for updates until this is the text.
async fn hear(told: &mut Told, follower: &mut Follower, text: &str) {
    while told.text != text {
        assert!(text.starts_with(&told.text), "{told:?}");
        match follower.next().await {
            News::Update(update) => told.hear(&update),
            other => panic!("{other:?} after {told:?}"),
        }
    }
}

fn created() -> Value {
    state(
        0,
        "response.created",
        &json!({ "id": "resp_1", "status": "in_progress", "model": "m-1" }),
    )
}

fn completed(number: i64) -> Value {
    let usage = json!({ "input_tokens": 5, "output_tokens": 6, "total_tokens": 11, "cost": { "total_cost": 0.25 } });
    state(
        number,
        "response.completed",
        &json!({ "id": "resp_1", "status": "completed", "usage": usage }),
    )
}

/// Begins a response that goes on in the background, and has these words heard.
async fn in_background(
    service: &impl Service,
    provider: &mut Provider,
    who: &Member,
    words: &[&str],
) -> (String, Call) {
    let id = service.begin(who, QUESTION).await;
    let mut follower = service.follow(Via::Socket, who, &id, 0).await;
    let mut call = provider.call().await;
    call.begin().await;
    call.event(&created()).await;
    call.events(deltas(1, words)).await;
    hear(&mut Told::default(), &mut follower, &words.concat()).await;
    (id, call)
}

with_provider! {
    #[settings()]
    async fn each_word_is_heard_as_it_is_written(server: Server, mut provider: Provider) {
        let ada = server.join("ada").await;
        let id = server.begin(&ada, QUESTION).await;
        let mut followers = [
            (Told::default(), server.follow(Via::Socket, &ada, &id, 0).await),
            (Told::default(), server.follow(Via::Events, &ada, &id, 0).await),
        ];
        let mut call = provider.call().await;
        call.begin().await;
        let mut text = String::new();
        for word in ["Stand", " easy", " at", " the", " door [S2][77]", "."] {
            call.event(&chunk(word)).await;
            text += word.strip_suffix(" [S2][77]").map_or(word, |_| " door [1]");
            for (told, follower) in &mut followers {
                hear(told, follower, &text).await;
            }
        }
        call.event(&finish("stop")).await;
        let usage = r#"{ "prompt_tokens": 900, "completion_tokens": 12, "total_tokens": 912,
                         "cost": { "total_cost": 0.005123456 } }"#;
        let usage: Value = serde_json::from_str(usage).unwrap();
        call.event(&json!({ "choices": [], "usage": usage, "search_results": [
            { "title": "A page", "url": "https://a.example/", "snippet": "Said." } ] })).await;
        call.done().await;
        for (told, follower) in &mut followers {
            told.listen_to_end(follower).await;
            assert_eq!((told.text.as_str(), told.status.as_deref()), (text.as_str(), Some("COMPLETED")));
        }

        let mut stored = account(&server, &ada, &id).await;
        let sources = stored["sources"].take();
        assert_eq!(stored, json!({
            "status": "COMPLETED", "response": text, "engine": "MODEL", "model": "m-1", "sources": null,
            "tokensUsed": 912, "cost": "0.005123456", "isEstimated": false, "isCached": false, "failure": null,
        }));
        assert_eq!(sources.as_array().unwrap().len(), 2);
        assert_eq!(sources[0]["url"], Value::Null);
        assert_eq!(sources[1], json!({ "title": "A page", "excerpt": "Said.", "url": "https://a.example/" }));

        // The same question again costs nothing, and asks nobody.
        let again = server.ask(&ada, "LEGBA", QUESTION).await;
        assert_eq!((&again["response"], &again["isCached"], &again["cost"]), (&json!(text), &json!(true), &json!("0")));
        assert!(provider.is_idle());
    }

    #[settings("--model-input-price", "1", "--model-output-price", "2", "--model-idle-timeout", "200ms")]
    async fn what_was_written_is_kept_when_it_fails(server: Server, mut provider: Provider) {
        let ada = server.join("ada").await;
        for (n, code) in ["PROVIDER_CUT", "PROVIDER_FAILED", "PROVIDER_MALFORMED", "PROVIDER_TIMEOUT"].into_iter().enumerate() {
            let id = server.begin(&ada, &format!("Which door, for the {n}th time?")).await;
            let mut follower = server.follow(Via::Events, &ada, &id, 0).await;
            let mut told = Told::default();
            let mut call = provider.call().await;
            call.begin().await;
            call.event(&chunk("So far")).await;
            match code {
                "PROVIDER_CUT" => call.break_off(),
                "PROVIDER_FAILED" => call.event(&json!({ "error": { "message": "oops" } })).await,
                "PROVIDER_MALFORMED" => call.bytes(b"data: {\n\n").await,
                _ => call.closed().await,
            }
            told.listen_to_end(&mut follower).await;
            assert_eq!((told.text.as_str(), told.status.as_deref()), ("So far", Some("FAILED")));
            let stored = account(&server, &ada, &id).await;
            assert_eq!((&stored["response"], &stored["failure"]["code"]), (&json!("So far"), &json!(code)));
            assert!(stored["failure"]["message"].as_str().is_some_and(|message| !message.contains("oops")));
            // Nobody said what it cost; but it did.
            assert_eq!(stored["isEstimated"], true);
            assert_ne!(stored["cost"], "0");
        }
        let id = server.begin(&ada, QUESTION).await;
        provider.call().await.json(401, &json!({ "error": { "message": "Bad key" } })).await;
        let mut told = Told::default();
        told.listen_to_end(&mut server.follow(Via::Events, &ada, &id, 0).await).await;
        let stored = account(&server, &ada, &id).await;
        assert_eq!(stored["failure"]["code"], "PROVIDER_MISCONFIGURED");
        assert_eq!((&stored["response"], &stored["cost"]), (&Value::Null, &json!("0")));
    }

    #[settings()]
    async fn a_cancel_closes_the_connection(server: Server, mut provider: Provider) {
        let ada = server.join("ada").await;
        let id = server.begin(&ada, QUESTION).await;
        let mut follower = server.follow(Via::Socket, &ada, &id, 0).await;
        let mut call = provider.call().await;
        call.begin().await;
        call.event(&chunk("So far")).await;
        hear(&mut Told::default(), &mut follower, "So far").await;
        let cancelled = server.cancel(&ada, &id).await;
        call.closed().await;
        let reading = &cancelled.data()["cancelReading"]["reading"];
        assert_eq!((&reading["status"], &reading["response"]), (&json!("CANCELLED"), &json!("So far")));
    }

    #[settings("--model-dialect", "responses", "--model-background", "true")]
    async fn a_cancel_reaches_a_provider_that_would_go_on(server: Server, mut provider: Provider) {
        let ada = server.join("ada").await;
        let (id, call) = in_background(&server, &mut provider, &ada, &["So far"]).await;
        let cancelled = async {
            let cancelled = server.cancel(&ada, &id).await;
            cancelled.data()["cancelReading"]["reading"]["status"].clone()
        };
        let stopped = async {
            call.closed().await;
            let stop = provider.call().await;
            assert_eq!((stop.method.as_str(), stop.path.as_str()), ("POST", "/v1/responses/resp_1/cancel"));
            stop.json(200, &json!({ "status": "cancelled" })).await;
        };
        let (status, ()) = tokio::join!(cancelled, stopped);
        assert_eq!(status, "CANCELLED");
    }

    #[settings("--model-dialect", "responses", "--model-background", "true", "--shutdown-timeout", "1s")]
    async fn a_restart_goes_on_with_what_is_paid_for(server: Server, mut provider: Provider) {
        let ada = server.join("ada").await;
        let (id, call) = in_background(&server, &mut provider, &ada, &["So", " far"]).await;
        let url = provider.url().to_owned();
        let more = [
            "--model-base-url", &url, "--model-name", "m",
            "--model-dialect", "responses", "--model-background", "true",
        ];
        let (server, ()) = tokio::join!(server.restart(&more), call.closed());

        let mut follower = server.follow(Via::Socket, &ada, &id, 0).await;
        let mut call = provider.call().await;
        assert_eq!(call.path, "/v1/responses/resp_1?stream=true&starting_after=2");
        call.begin().await;
        call.events(deltas(2, &[" far", ", so good"]).chain([completed(4)])).await;
        call.end().await;
        let mut told = Told::default();
        told.listen_to_end(&mut follower).await;
        let stored = account(&server, &ada, &id).await;
        assert_eq!((told.text.as_str(), &stored["response"]), ("So far, so good", &json!("So far, so good")));
        assert_eq!((&stored["cost"], &stored["tokensUsed"]), (&json!("0.25"), &json!(11)));
        assert!(provider.is_idle(), "nothing is asked twice");
    }

    #[settings("--lease", "2s", "--model-dialect", "responses", "--model-background", "true")]
    async fn another_instance_goes_on_where_one_was_killed(server: Server, mut provider: Provider) {
        let ada = server.join("ada").await;
        // What is asked of the process is written there.
        let more = ["--lease", "2s", "--model-dialect", "responses", "--model-background", "true"];
        let process = Process::start(&server.database, &flags(&provider, &more)).await;
        let (id, call) = in_background(&process, &mut provider, &ada, &["So", " far"]).await;
        process.kill();
        call.closed().await;

        let mut call = provider.call().await;
        assert_eq!(call.path, "/v1/responses/resp_1?stream=true&starting_after=2");
        call.begin().await;
        call.events(deltas(3, &[", so good"]).chain([completed(4)])).await;
        call.end().await;
        let mut told = Told::default();
        told.listen_to_end(&mut server.follow(Via::Events, &ada, &id, 0).await).await;
        assert_eq!((told.text.as_str(), told.status.as_deref()), ("So far, so good", Some("COMPLETED")));
        assert!(provider.is_idle());
    }

    #[settings("--model-fallback", "embedded")]
    async fn the_built_in_advisor_answers_in_its_place(server: Server, mut provider: Provider) {
        let ada = server.join("ada").await;
        let id = server.begin(&ada, QUESTION).await;
        provider.call().await.json(404, &json!({ "error": { "message": "no such model" } })).await;
        let mut told = Told::default();
        told.listen_to_end(&mut server.follow(Via::Events, &ada, &id, 0).await).await;
        let stored = account(&server, &ada, &id).await;
        assert_eq!((&stored["status"], &stored["engine"]), (&json!("COMPLETED"), &json!("EMBEDDED")));
        assert_eq!((&stored["model"], &stored["cost"]), (&Value::Null, &json!("0")));
    }
}

/// Whichever instance writes, the others hear it.
#[tokio::test]
async fn words_are_heard_at_another_instance() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let mut provider = Provider::start().await;
    let server = start(database, &provider, &[]).await;
    let other = Instance::beside(&server, &flags(&provider, &[])).await;
    let ada = server.join("ada").await;
    let id = server.begin(&ada, QUESTION).await;
    let mut follower = other.follow(Via::Socket, &ada, &id, 0).await;
    let mut told = Told::default();
    let mut call = provider.call().await;
    call.begin().await;
    for word in ["Stand", " easy", " there."] {
        call.event(&chunk(word)).await;
        let text = format!("{}{word}", told.text);
        hear(&mut told, &mut follower, &text).await;
    }
    call.event(&finish("stop")).await;
    call.done().await;
    told.listen_to_end(&mut follower).await;
    assert_eq!(told.status.as_deref(), Some("COMPLETED"));
}

//! A model's answer as the API shows it: thinking, truncated, within the model's context; and the
//! tokens that are stored of it.

use serde_json::{Value, json};

use crate::support::{
    Call, Member, News, Provider, QUESTION, Server, Service, Socket, Via, chunk, finish, on_both,
};

/// A server whose answers this provider writes.
async fn with_model(server: Server, url: &str, more: &[&str]) -> Server {
    let model = ["--model-base-url", url, "--model-name", "m"];
    server.restart(&[&model[..], more].concat()).await
}

/// Asks, while the provider does something with what it is asked.
async fn asked(
    server: &Server,
    who: &Member,
    provider: &mut Provider,
    answer: impl AsyncFnOnce(Call),
) -> Value {
    let query = "mutation ($input: AskAdvisorInput!) { askAdvisor(input: $input) { reading {
        id status response isCached isTruncated failure { code } generations { isTruncated }
    } } }";
    let input = json!({ "input": { "advisor": "LEGBA", "question": QUESTION } });
    let asking = server.graphql(who, query, input);
    let answering = async { answer(provider.call().await).await };
    let (answer, ()) = tokio::join!(asking, answering);
    answer.data()["askAdvisor"]["reading"].clone()
}

/// The next update of a followed reading; None at the end.
async fn update(socket: &mut Socket) -> Option<Value> {
    let message = socket.message().await;
    match message["type"].as_str() {
        Some("next") => Some(message["payload"]["data"]["readingUpdates"].clone()),
        Some("complete") => None,
        _ => panic!("{message}"),
    }
}

on_both! {
    async fn thinking_is_told_from_silence(server: Server) {
        let mut provider = Provider::start().await;
        let url = provider.url().to_owned();
        let server = with_model(server, &url, &[]).await;
        let ada = server.join("ada").await;
        let id = server.begin(&ada, QUESTION).await;
        let mut call = provider.call().await;
        let mut socket = server.socket(&ada).await;
        let query = "subscription ($id: ID!) { readingUpdates(id: $id) {
            sequence text status isThinking
        } }";
        socket.subscribe("1", query, json!({ "id": id })).await;

        call.begin().await;
        let thought = json!({ "choices": [{ "delta": { "reasoning_content": "Hm [S1]." } }] });
        call.events([thought.clone(), thought]).await;

        let thinking = json!({ "sequence": 0, "text": "", "status": "WRITING", "isThinking": true });
        assert_eq!(update(&mut socket).await, Some(thinking));
        // Who comes now is told as well.
        let mut late = server.socket(&ada).await;
        late.subscribe("1", query, json!({ "id": id })).await;
        assert_eq!(update(&mut late).await.unwrap()["isThinking"], true);
        call.event(&chunk("Yes.")).await;
        for socket in [&mut socket, &mut late] {
            let word = json!({ "sequence": 1, "text": "Yes.", "status": "WRITING", "isThinking": false });
            assert_eq!(update(socket).await, Some(word));
        }
        call.event(&finish("stop")).await;
        call.done().await;
        for socket in [&mut socket, &mut late] {
            let end = json!({ "sequence": 2, "text": "", "status": "COMPLETED", "isThinking": false });
            assert_eq!(update(socket).await, Some(end));
            assert_eq!(update(socket).await, None);
        }
        // When all is over there is no thinking to be told of.
        let mut follower = server.follow(Via::Events, &ada, &id, 2).await;
        assert!(matches!(follower.next().await, News::Update(end) if end["status"] == "COMPLETED"));
        assert!(matches!(follower.next().await, News::End));
    }

    async fn a_truncated_answer_is_marked_and_not_kept_for_the_next(server: Server) {
        let mut provider = Provider::start().await;
        let url = provider.url().to_owned();
        let server = with_model(server, &url, &[]).await;
        let ada = server.join("ada").await;

        let cut = asked(&server, &ada, &mut provider, async |mut call| {
            call.begin().await;
            call.events([chunk("The road is"), finish("length")]).await;
            call.done().await;
        }).await;

        assert_eq!((&cut["status"], &cut["response"]), (&json!("COMPLETED"), &json!("The road is")));
        assert_eq!((&cut["isTruncated"], &cut["failure"]), (&json!(true), &Value::Null));
        assert_eq!(cut["generations"], json!([{ "isTruncated": true }]));
        let whole = asked(&server, &ada, &mut provider, async |mut call| {
            call.begin().await;
            call.events([chunk("The road is open."), finish("stop")]).await;
            call.done().await;
        }).await;
        assert_eq!((&whole["isCached"], &whole["isTruncated"]), (&json!(false), &json!(false)));
        assert_ne!(whole["id"], cut["id"]);

        // A new answer to the first question is none that was cut; the one before stays marked.
        let query = "mutation ($id: ID!) { regenerateReading(input: { id: $id }) { reading {
            isTruncated generations { isTruncated }
        } } }";
        let again = server.graphql(&ada, query, json!({ "id": cut["id"] }));
        let answering = async {
            let mut call = provider.call().await;
            call.begin().await;
            call.events([chunk("Go."), finish("stop")]).await;
            call.done().await;
        };
        let (again, ()) = tokio::join!(again, answering);
        assert_eq!(
            again.data()["regenerateReading"]["reading"],
            json!({ "isTruncated": false, "generations": [{ "isTruncated": false }, { "isTruncated": true }] })
        );
    }

    async fn thoughts_that_were_shown_are_taken_back(server: Server) {
        let mut provider = Provider::start().await;
        let url = provider.url().to_owned();
        let server = with_model(server, &url, &[]).await;
        let ada = server.join("ada").await;
        let id = server.begin(&ada, QUESTION).await;
        let mut call = provider.call().await;
        let mut told = crate::support::Told::default();
        let mut follower = server.follow(Via::Socket, &ada, &id, 0).await;
        call.begin().await;
        call.event(&chunk("Doors are what this is about. ")).await;
        assert!(told.listen(&mut follower, 1).await.is_none());
        call.event(&chunk("</think>Yes.")).await;
        call.event(&finish("stop")).await;
        call.done().await;
        told.listen_to_end(&mut follower).await;

        let reading = server.reading(&ada, &id).await;

        assert_eq!((&reading["status"], &reading["response"]), (&json!("FAILED"), &Value::Null));
        assert_eq!(reading["failure"]["code"], "PROVIDER_MALFORMED");
        assert!(reading["tokensUsed"].as_i64() > Some(0), "it was paid for");
        // From now on they are held back.
        let next = asked(&server, &ada, &mut provider, async |mut call| {
            call.begin().await;
            call.events([chunk("Doors again. "), chunk("</think>Yes."), finish("stop")]).await;
            call.done().await;
        }).await;
        assert_eq!((&next["status"], &next["response"]), (&json!("COMPLETED"), &json!("Yes.")));
    }

    async fn a_small_context_has_room_for_the_answer(server: Server) {
        let mut provider = Provider::start().await;
        let url = provider.url().to_owned();
        let mut server = server;
        let mut passages = Vec::new();
        for context in ["8192", "2600", "2048"] {
            server = with_model(server, &url, &["--model-context-tokens", context]).await;
            let ada = server.join(&format!("ada{context}")).await;
            let mut body = Value::Null;
            let reading = asked(&server, &ada, &mut provider, async |mut call| {
                body = call.body.clone();
                call.begin().await;
                call.events([chunk("Yes."), finish("stop")]).await;
                call.done().await;
            }).await;
            assert_eq!(reading["status"], "COMPLETED");
            let text = |n: usize| body["messages"][n]["content"].as_str().unwrap();
            let most = body["max_tokens"].as_u64().unwrap();
            passages.push(text(0).lines().filter(|line| line.starts_with("[S")).count());
            // The instructions and the question are there, whatever else has to go.
            assert!(text(0).starts_with("# Safety"));
            assert!(text(1).contains(QUESTION));
            let bytes = u64::try_from(text(0).len() + text(1).len()).unwrap();
            // English has four bytes a token and more.
            let tokens: u64 = context.parse().unwrap();
            assert!(bytes / 4 + most <= tokens || passages.last() == Some(&0), "{context}: {bytes}");
        }
        assert!(passages[0] > passages[2] && passages.is_sorted_by(|one, next| one >= next), "{passages:?}");
    }

    async fn cached_and_reasoning_tokens_are_stored(server: Server) {
        let mut provider = Provider::start().await;
        let url = provider.url().to_owned();
        let server = with_model(server, &url, &[]).await;
        let ada = server.join("ada").await;

        asked(&server, &ada, &mut provider, async |mut call| {
            let usage = json!({ "prompt_tokens": 90, "completion_tokens": 30, "total_tokens": 120,
                "prompt_tokens_details": { "cached_tokens": 64 },
                "completion_tokens_details": { "reasoning_tokens": 21 } });
            call.begin().await;
            call.events([chunk("Yes."), finish("stop"), json!({ "choices": [], "usage": usage })]).await;
            call.done().await;
        }).await;

        let database = server.stop().await;
        for (column, tokens) in [("tokens_used", 120), ("cached_tokens", 64), ("reasoning_tokens", 21)] {
            let stored = format!("SELECT CAST({column} AS bigint) FROM generations");
            assert_eq!(database.number(&stored).await, tokens, "{column}");
        }
    }
}

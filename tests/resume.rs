//! Responses that a provider writes in the background: they are taken up again where they were, and
//! not paid for twice.

use mula::{
    advisor::engine::{Begun, EngineEvent, Failure, Position},
    entity::Source,
};
use serde_json::{Value, json};

use crate::support::{Call, Provider, QUESTION, Writing, deltas, model, prompt, state, titles};

const DIALECT: [&str; 2] = ["--model-dialect", "responses"];
const BACKGROUND: [&str; 4] = ["--model-dialect", "responses", "--model-background", "true"];

fn created() -> Value {
    state(
        0,
        "response.created",
        &json!({ "id": "resp_1", "status": "in_progress", "model": "m-1" }),
    )
}

fn completed(number: i64) -> Value {
    let usage = json!({ "input_tokens": 5, "output_tokens": 6, "total_tokens": 11 });
    state(
        number,
        "response.completed",
        &json!({ "id": "resp_1", "status": "completed", "usage": usage }),
    )
}

fn at(sequence: i64) -> Position {
    Position {
        response_id: "resp_1".to_owned(),
        sequence,
    }
}

async fn begins(provider: &mut Provider) -> Call {
    let mut call = provider.call().await;
    assert_eq!(
        (call.method.as_str(), call.path.as_str()),
        ("POST", "/v1/responses")
    );
    call.begin().await;
    call
}

/// The request that takes the response up again after this event.
async fn goes_on(provider: &mut Provider, after: i64) -> Call {
    let mut call = provider.call().await;
    let path = format!("/v1/responses/resp_1?stream=true&starting_after={after}");
    assert_eq!(
        (call.method.as_str(), call.path.as_str()),
        ("GET", path.as_str())
    );
    assert_eq!(call.headers["authorization"], "Bearer k-1");
    call.begin().await;
    call
}

#[tokio::test]
async fn every_text_says_where_it_can_be_taken_up_again() {
    let mut provider = Provider::start().await;
    let mut writing = Writing::begin(&model(provider.url(), &BACKGROUND));
    let mut call = begins(&mut provider).await;
    let text = |text: &str, sequence| EngineEvent::Text {
        text: text.to_owned(),
        position: Some(at(sequence)),
    };
    call.event(&created()).await;
    assert_eq!(writing.event().await, text("", 0));
    assert_eq!(writing.event().await, EngineEvent::Model("m-1".to_owned()));
    call.events(deltas(1, &["One ", "two", " [", "S2", "] and"]))
        .await;
    assert_eq!(writing.event().await, text("One ", 1));
    assert_eq!(writing.event().await, text("two", 2));
    // A bracket that is open is no place to go on from.
    assert!(matches!(writing.event().await, EngineEvent::Source(_)));
    assert_eq!(writing.event().await, text(" [1] and", 5));
    call.event(&completed(6)).await;
    assert_eq!(writing.told().await.failure, None);
}

#[tokio::test]
async fn a_broken_stream_is_taken_up_again_and_not_paid_twice() {
    let mut provider = Provider::start().await;
    let writing = Writing::begin(&model(provider.url(), &BACKGROUND));
    let mut call = begins(&mut provider).await;
    call.event(&created()).await;
    call.events(deltas(1, &["One", " two ["])).await;
    call.break_off();
    let mut call = goes_on(&mut provider, 2).await;
    // Some of it again, and the rest; and then it ends without a word.
    call.events(deltas(1, &["One", " two [", "S1]", " three"]))
        .await;
    call.end().await;
    let mut call = goes_on(&mut provider, 4).await;
    call.events(deltas(5, &[" four"]).chain([completed(6)]))
        .await;
    call.end().await;
    let told = writing.told().await;
    assert_eq!(
        (told.text.as_str(), told.failure),
        ("One two [1] three four", None)
    );
    assert_eq!((told.sources.len(), told.usage.unwrap().tokens), (1, 11));
    assert!(provider.is_idle());
}

#[tokio::test]
async fn a_silent_stream_is_taken_up_again() {
    let mut provider = Provider::start().await;
    let flags = [&BACKGROUND[..], &["--model-idle-timeout", "100ms"]].concat();
    let writing = Writing::begin(&model(provider.url(), &flags));
    let mut silent = begins(&mut provider).await;
    silent
        .events([created()].into_iter().chain(deltas(1, &["One"])))
        .await;
    let mut call = goes_on(&mut provider, 1).await;
    silent.closed().await;
    call.events(deltas(2, &[" two"]).chain([completed(3)]))
        .await;
    assert_eq!(writing.told().await.text, "One two");
}

#[tokio::test]
async fn a_restarted_server_goes_on_where_it_was() {
    let passages = titles(&prompt(QUESTION));
    let mut provider = Provider::start().await;
    let begun = Begun {
        text: "One [1] two".to_owned(),
        sources: vec![Source {
            title: passages[1].clone(),
            excerpt: None,
            url: None,
        }],
        position: Some(at(7)),
    };
    // What the sources were is known by what they are.
    let mut writing = Writing::go_on(&model(provider.url(), &BACKGROUND), begun.clone());
    let mut call = goes_on(&mut provider, 7).await;
    call.events(deltas(7, &[" two", " three"]).chain([completed(9)]))
        .await;
    assert_eq!(writing.text().await, " three");
    assert_eq!(writing.told().await.failure, None);

    for (status, failure) in [(404, Failure::Cut), (400, Failure::Cut)] {
        let writing = Writing::go_on(&model(provider.url(), &BACKGROUND), begun.clone());
        provider
            .call()
            .await
            .json(status, &json!({ "error": { "message": "gone" } }))
            .await;
        assert_eq!(writing.told().await.failure, Some(failure));
    }
    // In one piece it does not say where we were.
    let writing = Writing::go_on(&model(provider.url(), &BACKGROUND), begun.clone());
    provider
        .call()
        .await
        .json(200, &json!({ "status": "completed" }))
        .await;
    assert_eq!(writing.told().await.failure, Some(Failure::Cut));
    // And without background there is nothing to go on with.
    let told = Writing::go_on(&model(provider.url(), &DIALECT), begun)
        .told()
        .await;
    assert_eq!(told.failure, Some(Failure::Cut));
    assert!(provider.is_idle());
}

#[tokio::test]
async fn the_numbers_of_citations_survive_a_restart() {
    let mut provider = Provider::start().await;
    let model = model(provider.url(), &BACKGROUND);
    let mut begun = Begun::default();
    let mut writing = Writing::begin(&model);
    let mut call = begins(&mut provider).await;
    call.event(&created()).await;
    call.events(deltas(1, &["A [S2]", ", then [S", "1"])).await;
    while begun.text != "A [1]" {
        match writing.event().await {
            EngineEvent::Text { text, position } => {
                begun.text += &text;
                begun.position = position;
            }
            EngineEvent::Source(source) => begun.sources.push(source),
            EngineEvent::Model(_)
            | EngineEvent::Usage(_)
            | EngineEvent::Thinking(_)
            | EngineEvent::Truncated
            | EngineEvent::Retracted => {}
        }
    }
    writing.abort().await;
    call.closed().await;
    assert_eq!(begun.position, Some(at(1)));

    let writing = Writing::go_on(&model, begun.clone());
    let mut call = goes_on(&mut provider, 1).await;
    call.events(deltas(2, &[", then [S", "1", "], and [S2]"]).chain([completed(5)]))
        .await;
    let told = writing.told().await;
    assert_eq!(begun.text + &told.text, "A [1], then [2], and [1]");
    let sources: Vec<_> = begun
        .sources
        .iter()
        .chain(&told.sources)
        .map(|source| &source.title)
        .collect();
    let passages = titles(&prompt(QUESTION));
    assert_eq!(sources, [&passages[1], &passages[0]]);
}

#[tokio::test]
async fn it_is_not_taken_up_for_ever() {
    let mut provider = Provider::start().await;
    let flags = [&BACKGROUND[..], &["--model-total-timeout", "60s"]].concat();
    let mut writing = Writing::begin(&model(provider.url(), &flags));
    let mut call = begins(&mut provider).await;
    call.event(&created()).await;
    call.events(deltas(1, &["So far"])).await;
    while writing.text().await != "So far" {}
    call.break_off();
    for attempt in 0..5 {
        let call = provider.call().await;
        assert_eq!(call.method, "GET");
        if attempt % 2 == 0 {
            call.break_off();
        } else {
            call.json(503, &json!({})).await;
        }
    }
    assert_eq!(writing.told().await.failure, Some(Failure::Cut));
    assert!(provider.is_idle());
}

#[tokio::test]
async fn what_the_provider_ended_is_not_taken_up_again() {
    let mut provider = Provider::start().await;
    let writing = Writing::begin(&model(provider.url(), &BACKGROUND));
    let mut call = begins(&mut provider).await;
    let failed = json!({ "status": "failed", "error": { "message": "No" } });
    call.events([created(), state(1, "response.failed", &failed)])
        .await;
    assert_eq!(writing.told().await.failure, Some(Failure::Failed));
    assert!(provider.is_idle());
}

#[tokio::test]
async fn a_cancel_reaches_the_provider() {
    let mut provider = Provider::start().await;
    let background = model(provider.url(), &BACKGROUND);
    let cancel = tokio::spawn(async move { background.cancel(&at(3)).await });
    let call = provider.call().await;
    assert_eq!(
        (call.method.as_str(), call.path.as_str()),
        ("POST", "/v1/responses/resp_1/cancel")
    );
    assert_eq!(call.headers["authorization"], "Bearer k-1");
    call.json(200, &json!({ "status": "cancelled" })).await;
    cancel.await.unwrap();

    model(provider.url(), &DIALECT).cancel(&at(3)).await;
    assert!(
        provider.is_idle(),
        "without background a closed connection is enough"
    );
}

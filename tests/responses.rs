//! A language model in the responses dialect.

use mula::advisor::engine::{Failure, TokenUsage};
use serde_json::{Value, json};

use crate::support::{Provider, QUESTION, Writing, deltas, model, prompt, state, titles, told_of};

const DIALECT: [&str; 2] = ["--model-dialect", "responses"];
const BACKGROUND: [&str; 4] = ["--model-dialect", "responses", "--model-background", "true"];

fn created() -> Value {
    state(
        0,
        "response.created",
        &json!({ "id": "resp_1", "status": "in_progress", "model": "m-1" }),
    )
}

#[tokio::test]
async fn asks_for_what_is_set() {
    let prompt = prompt(QUESTION);
    let plain = json!({
        "model": "m",
        "instructions": prompt.instructions,
        "input": [{ "type": "message", "role": "user", "content": prompt.input }],
        "stream": true,
        "store": false,
        "max_output_tokens": 1000,
    });
    let mut searching = plain.clone();
    searching["tools"] = json!([{ "type": "web_search" }]);
    let mut background = plain.clone();
    background["store"] = true.into();
    background["background"] = true.into();
    let search = ["--model-dialect", "responses", "--model-web-search", "true"];
    for (flags, body) in [
        (&DIALECT[..], plain),
        (&search, searching),
        (&BACKGROUND, background),
    ] {
        let mut provider = Provider::start().await;
        let writing = Writing::begin(&model(provider.url(), flags));
        let call = provider.call().await;
        assert_eq!(call.body, body);
        writing.leave();
        call.closed().await;
    }
}

#[tokio::test]
async fn tells_text_web_pages_and_cost() {
    let page = |n: u8| format!("https://a.example/{n}");
    let done: Value = serde_json::from_str(
        r#"{"id": "resp_1", "status": "completed", "model": "m-1", "output": [
            {"type": "search_results", "results": [{"title": "Zero", "url": "https://a.example/0", "snippet": "S"}]},
            {"type": "message", "content": [{"type": "output_text", "text": "Yes [S2], yes.",
              "annotations": [{"type": "url_citation", "title": "One", "url": "https://a.example/1"}]}]}],
            "usage": {"input_tokens": 9, "output_tokens": 1, "total_tokens": 10,
                      "cost": {"currency": "USD", "total_cost": 0.000000123}}}"#,
    ).unwrap();
    let annotation = json!({ "type": "response.output_text.annotation.added", "sequence_number": 3,
        "annotation": { "type": "url_citation", "title": "Two", "url": page(2) } });
    let mut events = vec![
        created(),
        json!({ "type": "response.web_search_call.searching", "sequence_number": 1 }),
    ];
    events.extend(deltas(2, &["Yes [S2],"]));
    events.push(annotation);
    events.extend(deltas(4, &[" yes."]));
    events.push(state(5, "response.completed", &done));
    let told = told_of(&DIALECT, events).await;

    assert_eq!((told.text.as_str(), told.failure), ("Yes [1], yes.", None));
    assert_eq!(told.model.as_deref(), Some("m-1"));
    assert_eq!(
        told.usage,
        Some(TokenUsage {
            tokens: 10,
            cost: 123,
            is_estimated: false,
            ..TokenUsage::default()
        })
    );
    let sources: Vec<_> = told
        .sources
        .iter()
        .map(|source| (source.title.as_str(), source.url.clone()))
        .collect();
    assert_eq!(
        sources,
        [
            (titles(&prompt(QUESTION))[1].as_str(), None),
            ("Two", Some(page(2))),
            ("Zero", Some(page(0))),
            ("One", Some(page(1))),
        ]
    );
}

#[tokio::test]
async fn every_end_has_its_meaning() {
    let incomplete =
        |reason| json!({ "status": "incomplete", "incomplete_details": { "reason": reason } });
    let failed = |code| json!({ "status": "failed", "error": { "code": code, "message": "No" } });
    let cases = [
        (
            state(2, "response.incomplete", &incomplete("max_output_tokens")),
            None,
        ),
        (
            state(2, "response.incomplete", &incomplete("content_filter")),
            Some(Failure::AnswerFiltered),
        ),
        (
            state(2, "response.failed", &failed("server_error")),
            Some(Failure::Failed),
        ),
        (
            state(2, "response.failed", &failed("rate_limit_exceeded")),
            Some(Failure::Busy),
        ),
        (
            state(2, "response.completed", &failed("server_error")),
            None,
        ),
        (
            state(2, "response.cancelled", &json!({})),
            Some(Failure::Cut),
        ),
        (
            json!({ "type": "error", "code": "server_error", "message": "No" }),
            Some(Failure::Failed),
        ),
        (
            json!({ "type": "error", "error": { "code": 429 } }),
            Some(Failure::Busy),
        ),
        (
            json!({ "error": { "message": "No" } }),
            Some(Failure::Failed),
        ),
        (
            json!({ "type": "response.refusal.delta", "delta": "No" }),
            Some(Failure::Declined),
        ),
        (
            json!({ "type": "response.output_text.done", "text": "So far" }),
            Some(Failure::Cut),
        ),
    ];
    for (end, failure) in cases {
        let events = [created()]
            .into_iter()
            .chain(deltas(1, &["So far"]))
            .chain([end.clone()]);
        let told = told_of(&DIALECT, events).await;
        assert_eq!(
            (told.text.as_str(), told.failure),
            ("So far", failure),
            "{end}"
        );
    }
}

#[tokio::test]
async fn a_response_may_come_in_one_piece() {
    let content = json!([{ "type": "output_text", "text": "Yes." }]);
    let whole = json!({ "object": "response", "status": "completed", "output": [{ "type": "message", "content": content }] });
    let failed = json!({ "object": "response", "status": "failed", "error": { "message": "No" }, "output": [] });
    let queued = json!({ "object": "response", "id": "resp_1", "status": "queued" });
    for (body, text, failure) in [
        (whole, "Yes.", None),
        (failed, "", Some(Failure::Failed)),
        (queued, "", Some(Failure::Malformed)),
        (
            json!({ "error": { "message": "No" } }),
            "",
            Some(Failure::Failed),
        ),
    ] {
        let mut provider = Provider::start().await;
        let writing = Writing::begin(&model(provider.url(), &DIALECT));
        provider.call().await.json(200, &body).await;
        let told = writing.told().await;
        assert_eq!(
            (told.text.as_str(), told.failure),
            (text, failure),
            "{body}"
        );
    }
    // Nor need its text come in pieces.
    let content = json!([{ "type": "output_text", "text": "Yes." }]);
    let whole = json!({ "output": [{ "content": content }] });
    let told = told_of(
        &BACKGROUND,
        [created(), state(1, "response.completed", &whole)],
    )
    .await;
    assert_eq!((told.text.as_str(), told.failure), ("Yes.", None));
}

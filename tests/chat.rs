//! A language model in the chat dialect: what it is asked, and what becomes of what it answers.

use mula::{
    advisor::{
        engine::{EngineEvent, TokenUsage},
        model::LanguageModel,
    },
    entity::Source,
};
use serde_json::{Value, json};

use crate::support::{
    Provider, QUESTION, Writing, Written, answered, chunk, finish, model, prompt, settings, titles,
    told_of,
};

#[tokio::test]
async fn asks_for_nothing_a_server_may_refuse() {
    let mut provider = Provider::start().await;
    let writing = Writing::begin(&model(provider.url(), &["--model-max-tokens", "77"]));
    let mut call = provider.call().await;
    assert_eq!(
        (call.method.as_str(), call.path.as_str()),
        ("POST", "/v1/chat/completions")
    );
    assert_eq!(call.headers["authorization"], "Bearer k-1");
    assert_eq!(call.headers["content-type"], "application/json");
    let prompt = prompt(QUESTION);
    assert_eq!(
        call.body,
        json!({
            "model": "m",
            "messages": [
                { "role": "system", "content": prompt.instructions },
                { "role": "user", "content": prompt.input },
            ],
            "stream": true,
            "stream_options": { "include_usage": true },
            "max_tokens": 77,
        })
    );
    call.begin().await;
    call.events([chunk("Yes."), finish("stop")]).await;
    call.done().await;
    assert_eq!(writing.told().await.text, "Yes.");
}

#[test]
fn the_version_is_that_of_all_that_decides_an_answer() {
    let plain: &[&str] = &[
        "--model-base-url",
        "http://a.example/v1",
        "--model-name",
        "m",
    ];
    let version = |flags: &[&str]| {
        LanguageModel::new(settings(&[plain, flags].concat()).model.unwrap())
            .unwrap()
            .version()
    };
    let others: [&[&str]; 4] = [
        &["--model-max-tokens", "999"],
        &["--model-web-search", "true", "--model-dialect", "responses"],
        &["--model-dialect", "responses"],
        &["--model-path", "other"],
    ];
    assert_eq!(
        version(&[]),
        version(&["--model-api-key", "k", "--model-idle-timeout", "1s"])
    );
    for other in others {
        assert_ne!(version(&[]), version(other), "{other:?}");
    }
}

#[tokio::test]
async fn each_word_is_told_as_it_comes() {
    let mut provider = Provider::start().await;
    let mut writing = Writing::begin(&model(provider.url(), &[]));
    let mut call = provider.call().await;
    call.begin().await;
    for word in ["Stand", " easy,", " traveller"] {
        call.event(&chunk(word)).await;
        assert_eq!(writing.text().await, word);
    }
    call.event(&finish("stop")).await;
    call.done().await;
    let rest = writing.told().await;
    assert_eq!(rest, Written::default());
}

#[tokio::test]
async fn a_stream_may_look_like_any_of_those_in_use() {
    let told = told_of(&[], [
        json!({ "choices": [] }),
        json!({ "id": "x" }),
        json!({ "choices": null, "usage": null }),
        json!({ "choices": [{ "delta": { "role": "assistant", "content": null }, "finish_reason": null }] }),
        json!({ "model": "m-2024", "choices": [{ "delta": { "content": "One" }, "logprobs": null }],
                "usage": { "prompt_tokens": 10, "completion_tokens": 1, "total_tokens": 11 } }),
        json!({ "choices": [{ "delta": { "content": " two", "reasoning_content": "hm" } }], "unknown": [{}] }),
        json!({ "choices": [{ "delta": {} }] }),
        finish("stop"),
        json!({ "choices": [], "usage": { "prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12 } }),
        // And never a [DONE].
    ]).await;
    let usage = TokenUsage {
        tokens: 12,
        cost: 0,
        is_estimated: false,
        ..TokenUsage::default()
    };
    assert_eq!(
        told,
        Written {
            text: "One two".to_owned(),
            model: Some("m-2024".to_owned()),
            usage: Some(usage),
            ..Written::default()
        }
    );
}

#[tokio::test]
async fn bytes_may_be_split_anywhere() {
    let stream = "\u{feff}: comment\r\ndata: {\"choices\":[{\"delta\":{\"content\":\"Ọ̀ṣun 🌊 [S1]\"}}]}\r\n\r\n\
                  event: message\nid: 7\ndata: {\"choices\":[{\"delta\":{\"content\":\" é [9].\"},\n\
                  data: \"finish_reason\":\"stop\"}]}\n\n:\n\ndata:[DONE]\n\n";
    let mut provider = Provider::start().await;
    let model = model(provider.url(), &[]);
    for at in 0..=stream.len() {
        let writing = Writing::begin(&model);
        let mut call = provider.call().await;
        call.begin().await;
        call.bytes(&stream.as_bytes()[..at]).await;
        call.bytes(&stream.as_bytes()[at..]).await;
        call.end().await;
        let told = writing.told().await;
        assert_eq!(
            (told.text.as_str(), told.failure),
            ("Ọ̀ṣun 🌊 [1] é.", None),
            "split at {at}"
        );
        assert_eq!(told.sources.len(), 1);
    }
}

#[tokio::test]
async fn citations_are_of_what_was_supplied() {
    let passages = titles(&prompt(QUESTION));
    let words = [
        "A door [",
        "S2], a road [S1][S2",
        "], nothing [S42",
        "].",
        " [sic] [",
        "S1-2]",
    ];
    let told = told_of(&[], words.map(chunk).into_iter().chain([finish("stop")])).await;
    assert_eq!(
        told.text,
        "A door [1], a road [2][1], nothing. [sic] [2][1]"
    );
    let sources: Vec<_> = told.sources.iter().map(|source| &source.title).collect();
    assert_eq!(sources, [&passages[1], &passages[0]]);
    assert!(told.sources[0].excerpt.is_some());
}

/// A provider that searches the web numbers its own pages.
#[tokio::test]
async fn a_plain_number_is_no_citation_of_ours() {
    let told = told_of(
        &[],
        [
            chunk("Pages say so [1][2], and we do [S1]."),
            finish("stop"),
        ],
    )
    .await;
    assert_eq!(told.text, "Pages say so, and we do [1].");
    let sources: Vec<_> = told.sources.iter().map(|source| &source.title).collect();
    assert_eq!(sources, [&titles(&prompt(QUESTION))[0]]);
}

#[tokio::test]
async fn a_source_is_told_before_the_text_that_cites_it() {
    let mut provider = Provider::start().await;
    let mut writing = Writing::begin(&model(provider.url(), &[]));
    let mut call = provider.call().await;
    call.begin().await;
    call.event(&json!({ "choices": [{ "delta": { "content": "See [S1]" } }] }))
        .await;
    assert!(matches!(writing.event().await, EngineEvent::Source(_)));
    assert_eq!(writing.text().await, "See [1]");
}

#[tokio::test]
async fn perplexity_tells_of_the_web_and_of_the_cost() {
    let page = |n: usize| format!("https://a.example/{n}");
    let results = json!([
        { "title": "Page 0", "url": page(0), "date": "2026-01-01", "snippet": "Said there." },
        { "title": "Page 1", "url": page(1) },
        { "title": "Not a page", "url": "javascript:alert(1)" },
    ]);
    let cost = |total: &str| -> Value {
        serde_json::from_str(&format!(
            r#"{{"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10, "cost":
                {{"request_cost": 0.005, "total_cost": {total}}}}}"#
        ))
        .unwrap()
    };
    let told = told_of(&["--model-input-price", "1", "--model-output-price", "1"], [
        json!({ "choices": [{ "delta": { "content": "Yes [S1]." }, "message": { "content": "Yes [S1]." } }],
                "citations": [page(0), page(1)], "search_results": results, "usage": cost("0.001") }),
        json!({ "choices": [{ "delta": { "content": "" }, "message": { "content": "Yes [S1]." }, "finish_reason": "stop" }],
                "citations": (0..30).map(page).collect::<Vec<_>>(), "usage": cost("0.005123456") }),
    ]).await;
    assert_eq!(told.text, "Yes [1].");
    assert_eq!(
        told.usage,
        Some(TokenUsage {
            tokens: 10,
            cost: 5_123_456,
            is_estimated: false,
            ..TokenUsage::default()
        })
    );
    let (library, web) = told.sources.split_at(1);
    assert_eq!(library[0].url, None);
    assert_eq!(web.len(), 20, "no more than this");
    assert_eq!(
        web[0],
        Source {
            title: "Page 0".to_owned(),
            excerpt: Some("Said there.".to_owned()),
            url: Some(page(0)),
        }
    );
    assert_eq!(web[19].title, page(19));
}

#[tokio::test]
async fn what_is_not_reported_is_computed_or_estimated() {
    let priced = [
        "--model-input-price",
        "0.15",
        "--model-output-price",
        "0.60",
        "--model-answer-price",
        "0.005",
    ];
    let with = |usage: Value| [chunk("Yes."), finish("stop"), json!({ "usage": usage })];

    let told = told_of(
        &priced,
        with(json!({ "prompt_tokens": 1000, "completion_tokens": 100 })),
    )
    .await;
    assert_eq!(
        told.usage,
        Some(TokenUsage {
            tokens: 1100,
            cost: 5_210_000,
            is_estimated: false,
            ..TokenUsage::default()
        })
    );

    let told = told_of(&priced, with(json!({ "cost": 0.25 }))).await;
    let usage = told.usage.unwrap();
    assert_eq!((usage.cost, usage.is_estimated), (250_000_000, true));
    assert!(usage.tokens > 100, "{usage:?}");

    let told = told_of(&priced, with(json!({ "cost": -1 }))).await;
    assert!(
        told.usage
            .is_none_or(|usage| usage.is_estimated && usage.cost > 5_000_000),
        "{told:?}"
    );

    let (model, prompt) = (model("http://a.example", &priced), prompt(QUESTION));
    let (short, long) = (
        model.estimate(&prompt, "Yes."),
        model.estimate(&prompt, &"Yes. ".repeat(99)),
    );
    assert!(short.is_estimated && short.tokens < long.tokens && short.cost < long.cost);
    assert!(short.cost > 5_000_000 && long.cost < model.max_cost(&prompt));
    let free = self::model("http://a.example", &[]);
    assert_eq!(
        (free.max_cost(&prompt), free.estimate(&prompt, "Yes.").cost),
        (0, 0)
    );
}

#[tokio::test]
async fn an_answer_in_one_piece_is_one_too() {
    let body = json!({ "model": "m-1", "choices": [{ "message": { "role": "assistant", "content": "Yes [S3][77]." },
        "finish_reason": "stop" }], "usage": { "prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7 } });
    let told = answered(&[], async |call| call.json(200, &body).await).await;
    assert!(told.text == "Yes [1]." || told.text == "Yes.", "{told:?}");
    assert_eq!(
        (told.failure, told.usage.map(|usage| usage.tokens)),
        (None, Some(7))
    );
}

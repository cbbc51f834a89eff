//! Servers and models as they are: what becomes of each behaviour in the table, and how a server is
//! met that wants to be asked otherwise.

mod table;

use mula::advisor::engine::Failure;
use serde_json::{Value, json};

use crate::support::{Provider, Writing, Written, answered, chunk, finish, model, told_of};
use table::{Behaviour, completed, contents, delta, done, endings, thoughts, usages, words};

async fn becomes_what_it_should(behaviours: Vec<Behaviour>) {
    for behaviour in behaviours {
        for (dialect, events) in [
            ("chat", &behaviour.chat),
            ("responses", &behaviour.responses),
        ] {
            if events.is_empty() {
                continue;
            }
            let mut provider = Provider::start().await;
            let writing = Writing::begin(&model(provider.url(), &["--model-dialect", dialect]));
            let mut call = provider.call().await;
            call.begin().await;
            for event in events {
                if *event == done() {
                    call.bytes(b"data: [DONE]\n\n").await;
                } else {
                    call.event(event).await;
                }
            }
            call.end().await;
            let told = writing.told().await;
            let what = format!("{} ({}), {dialect}", behaviour.name, behaviour.source);
            assert_eq!(
                (told.text.trim_end(), told.failure),
                (behaviour.text, behaviour.failure),
                "{what}"
            );
            assert_eq!(told.is_truncated, behaviour.is_truncated, "{what}");
            assert!(told.sources.is_empty(), "{what}: cited from thoughts");
            if let Some(tokens) = behaviour.tokens {
                let usage = told.usage.expect("usage");
                assert_eq!(
                    (usage.tokens, usage.is_estimated),
                    (tokens, false),
                    "{what}"
                );
            } else {
                assert!(told.usage.is_none_or(|usage| usage.is_estimated), "{what}");
            }
        }
    }
}

#[tokio::test]
async fn every_ending_is_what_it_is() {
    becomes_what_it_should(endings()).await;
}

#[tokio::test]
async fn thoughts_are_neither_shown_nor_cited() {
    becomes_what_it_should(thoughts()).await;
}

#[tokio::test]
async fn content_is_plain_text_in_any_shape() {
    becomes_what_it_should(contents()).await;
}

/// The body says more than the status does, in whatever shape it comes.
#[tokio::test]
async fn an_error_is_understood_in_every_shape() {
    let long = "This model's maximum context length is 4096 tokens.";
    for (source, body) in [
        (
            "OpenAI",
            json!({ "error": { "message": long, "type": "invalid_request_error", "param": null, "code": null } }),
        ),
        ("Ollama", json!({ "error": long })),
        ("FastAPI", json!({ "detail": long })),
        (
            "vLLM, Mistral",
            json!({ "object": "error", "message": long, "type": "BadRequestError", "param": null, "code": 400 }),
        ),
        (
            "Gemini's compatible endpoint",
            json!([{ "error": { "code": 400, "message": long, "status": "INVALID_ARGUMENT" } }]),
        ),
        (
            "OpenRouter",
            json!({ "error": { "code": 400, "message": "Provider returned error", "metadata": { "raw": json!({ "detail": long }).to_string() } } }),
        ),
    ] {
        for dialect in ["chat", "responses"] {
            let flags = ["--model-dialect", dialect];
            let told = answered(&flags, async |call| call.json(400, &body).await).await;
            assert_eq!(
                told.failure,
                Some(Failure::ContextTooLong),
                "{source}, {dialect}"
            );
        }
    }
}

#[tokio::test]
async fn usage_is_found_wherever_it_is() {
    becomes_what_it_should(usages()).await;
}

/// A refusal, and how the next request differs from the one before.
#[tokio::test]
async fn a_refused_parameter_is_left_out_from_then_on() {
    type Check = fn(&Value) -> bool;
    let extra = json!({ "detail": [{ "type": "extra_forbidden", "loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted", "input": {} }] });
    let mistral =
        json!({ "object": "error", "message": extra, "type": "invalid_request_message_error" });
    let gpt5 = json!({ "error": { "message": "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", "type": "invalid_request_error", "param": "max_tokens", "code": "unsupported_parameter" } });
    let gemma = json!({ "error": { "code": 500, "message": "System role not supported", "type": "server_error" } });
    let folded: Check = |body| {
        body["messages"]
            .as_array()
            .is_some_and(|all| all.len() == 1)
            && body["messages"][0]["role"] == "user"
    };
    let renamed: Check =
        |body| body["max_tokens"].is_null() && body["max_completion_tokens"] == 1000;
    let dropped: Check = |body| body["stream_options"].is_null();
    let unstored: Check = |body| body["store"].is_null();
    let store = json!({ "error": { "message": "Unknown parameter: 'store'.", "param": null } });
    let instructions =
        json!({ "error": { "message": "instructions: unsupported", "param": "instructions" } });
    let in_input: Check = |body| {
        body["instructions"].is_null()
            && body["input"][0]["content"]
                .as_str()
                .is_some_and(|text| text.contains("# How to answer"))
    };
    for (source, dialect, refusals) in [
        ("OpenAI GPT-5", "chat", vec![(400, &gpt5, renamed)]),
        ("Azure Foundry", "chat", vec![(422, &extra, dropped)]),
        ("Mistral", "chat", vec![(422, &mistral, dropped)]),
        ("Gemma by llama.cpp", "chat", vec![(500, &gemma, folded)]),
        (
            "all at once",
            "chat",
            vec![
                (400, &gpt5, renamed),
                (422, &extra, dropped),
                (400, &gemma, folded),
            ],
        ),
        (
            "a gateway",
            "responses",
            vec![(400, &store, unstored), (400, &instructions, in_input)],
        ),
    ] {
        let mut provider = Provider::start().await;
        let model = model(provider.url(), &["--model-dialect", dialect]);
        let writing = Writing::begin(&model);
        for (status, refusal, _) in &refusals {
            provider.call().await.json(*status, refusal).await;
        }
        let answer = async |provider: &mut Provider| {
            let mut call = provider.call().await;
            for (_, _, is_changed) in &refusals {
                assert!(is_changed(&call.body), "{source}: {}", call.body);
            }
            call.begin().await;
            let events = if dialect == "chat" {
                words(&["Yes."])
            } else {
                completed(&["Yes."])
            };
            call.events(events.into_iter().filter(|event| *event != done()))
                .await;
            call.end().await;
        };
        answer(&mut provider).await;
        assert_eq!(writing.told().await.text, "Yes.", "{source}");
        // The next question is asked as the server wants it.
        let writing = Writing::begin(&model);
        answer(&mut provider).await;
        assert_eq!(writing.told().await.text, "Yes.", "{source}");
        assert!(provider.is_idle());
    }
}

#[tokio::test]
async fn a_server_that_refuses_everything_is_asked_a_few_times() {
    let mut provider = Provider::start().await;
    let writing = Writing::begin(&model(provider.url(), &[]));
    let mut asked = 0;
    let answering = async {
        loop {
            let refusal = json!({ "error": { "message": "x", "param": "max_tokens" } });
            provider.call().await.json(400, &refusal).await;
            asked += 1;
        }
    };
    let told = tokio::select! {
        () = answering => Written::default(),
        told = writing.told() => told,
    };
    assert_eq!((told.failure, asked), (Some(Failure::Rejected), 2));
}

#[tokio::test]
async fn the_version_in_the_address_is_found_out() {
    let mut provider = Provider::start().await;
    let root = provider.url().trim_end_matches("/v1").to_owned();
    for (base, first, second) in [
        (root.clone(), "/chat/completions", "/v1/chat/completions"),
        (
            format!("{root}/v1/"),
            "/v1/chat/completions",
            "/chat/completions",
        ),
        (
            format!("{root}/v1/chat/completions"),
            "/v1/chat/completions",
            "/chat/completions",
        ),
    ] {
        let model = model(&base, &[]);
        for (is_known, is_lm_studio) in [(false, false), (true, false)] {
            let writing = Writing::begin(&model);
            if !is_known {
                let call = provider.call().await;
                assert_eq!(call.path, first, "{base}");
                if is_lm_studio {
                    call.json(200, &json!({ "error": "Unexpected endpoint or method." }))
                        .await;
                } else {
                    call.answer(404, &[("content-type", "text/plain")], "404 page not found")
                        .await;
                }
            }
            let mut call = provider.call().await;
            assert_eq!(call.path, second, "{base}");
            call.begin().await;
            call.events([chunk("Yes."), finish("stop")]).await;
            call.done().await;
            assert_eq!(writing.told().await.text, "Yes.");
        }
        let lm_studio = self::model(&base, &[]);
        let writing = Writing::begin(&lm_studio);
        let unexpected = json!({ "error": "Unexpected endpoint or method. (POST)" });
        provider.call().await.json(200, &unexpected).await;
        let mut call = provider.call().await;
        assert_eq!(call.path, second, "{base}");
        call.begin().await;
        call.events([chunk("Yes."), finish("stop")]).await;
        call.done().await;
        assert_eq!(writing.told().await.text, "Yes.");
    }
}

#[tokio::test]
async fn thinking_is_told_and_keeps_the_answer_alive() {
    let mut provider = Provider::start().await;
    let flags = [
        "--model-first-token-timeout",
        "1s",
        "--model-idle-timeout",
        "1s",
    ];
    let writing = Writing::begin(&model(provider.url(), &flags));
    let mut call = provider.call().await;
    call.begin().await;
    for _ in 0..5 {
        call.event(&delta(&json!({ "reasoning_content": "Hm." })))
            .await;
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    }
    call.events(
        words(&["Yes."])
            .into_iter()
            .filter(|event| *event != done()),
    )
    .await;
    call.done().await;
    let told = writing.told().await;
    assert_eq!(
        (told.text.as_str(), told.failure, told.has_thought),
        ("Yes.", None, true)
    );

    // However alive it is, there is a limit to thinking.
    let mut provider = Provider::start().await;
    let writing = Writing::begin(&model(
        provider.url(),
        &["--model-first-word-timeout", "1s"],
    ));
    let mut call = provider.call().await;
    call.begin().await;
    for _ in 0..15 {
        call.event(&delta(&json!({ "reasoning": "Hm." }))).await;
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(writing.told().await.failure, Some(Failure::Timeout));
}

#[tokio::test]
async fn an_answer_within_thoughts_alone_is_none() {
    let told = told_of(&[], [chunk("<think>Yes.</think>"), finish("stop")]).await;
    assert_eq!(
        (told.text.as_str(), told.failure),
        ("", Some(Failure::Empty))
    );
}

#[tokio::test]
async fn who_never_stops_is_stopped() {
    let numbers = |from: usize| {
        let numbers: Vec<_> = (from..from + 100).map(|n| format!("{n} and ")).collect();
        numbers.concat()
    };
    for (flags, most) in [(&[][..], 16_384), (&["--model-max-bytes", "1000"], 1_000)] {
        let told = answered(flags, async |mut call| {
            call.begin().await;
            for from in 0..30 {
                call.event(&chunk(&numbers(1_000 + from * 100))).await;
            }
            call.closed().await;
        })
        .await;
        assert_eq!((told.failure, told.is_truncated), (None, true));
        assert!(
            (most - 20..=most).contains(&told.text.len()),
            "{}",
            told.text.len()
        );
    }
    // The same sentence again and again is no answer, however short.
    let told = answered(&[], async |mut call| {
        call.begin().await;
        for _ in 0..100 {
            call.event(&chunk("Stand at the door. ")).await;
        }
        call.closed().await;
    })
    .await;
    assert_eq!((told.failure, told.is_truncated), (None, true));
    assert!(told.text.len() < 1_000, "{}", told.text.len());
}

//! `mula doctor` and a language model's server, with and without `--ask`.

use serde_json::json;

use super::{Said, doctor_in};
use crate::support::{Provider, chunk, finish};

#[tokio::test]
async fn a_model_that_answers_or_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let mut provider = Provider::start().await;
    let url = provider.url().to_owned();
    let arguments = [
        "--model-base-url",
        &url,
        "--model-name",
        "llama3.2",
        "--model-api-key",
        "let-me-in",
    ];
    let list = json!({ "data": [{ "id": "llama3.2" }] }).to_string();
    let other = json!({ "data": [{ "id": "mistral" }] }).to_string();
    for (status, body, state, words) in [
        (200, list.as_str(), "ok", "lets us in"),
        (200, &other, "warning", "it lists mistral"),
        (200, "hello", "ok", "lets us in"),
        (404, "", "ok", "the key is untried"),
        (401, "", "failed", "check the API key"),
        (503, "", "failed", "answers 503"),
    ] {
        let asked = async {
            // Where nothing is, it may be without the version.
            for path in ["/v1/models", "/models"] {
                let call = provider.call().await;
                assert_eq!((call.method.as_str(), call.path.as_str()), ("GET", path));
                assert_eq!(call.headers["authorization"], "Bearer let-me-in");
                call.answer(status, &[], body).await;
                if status != 404 {
                    break;
                }
            }
        };
        let (said, ()) = tokio::join!(doctor_in(dir.path(), &arguments), asked);
        said.has(state, "model", words);
        assert!(!said.text.contains("let-me-in"), "{}", said.text);
    }
    assert!(provider.is_idle(), "nothing else was asked");

    let nobody = [
        "--model-base-url",
        "http://127.0.0.1:1/v1",
        "--model-name",
        "llama3.2",
    ];
    let said = doctor_in(dir.path(), &nobody).await;
    said.has("failed", "model", "cannot be reached");
}

#[tokio::test]
async fn a_base_without_its_version_is_put_right() {
    let dir = tempfile::tempdir().unwrap();
    let mut provider = Provider::start().await;
    let url = provider.url().trim_end_matches("/v1").to_owned();
    let arguments = ["--model-base-url", &url, "--model-name", "m"];
    let answering = async {
        provider.call().await.answer(404, &[], "").await;
        let call = provider.call().await;
        assert_eq!(call.path, "/v1/models");
        call.answer(200, &[], "{}").await;
    };
    let (said, ()) = tokio::join!(doctor_in(dir.path(), &arguments), answering);
    let lines = said.of("model");
    let fix = format!("write MODEL_BASE_URL={url}/v1");
    assert!(
        lines
            .iter()
            .any(|(state, said)| *state == "ok" && said.contains(&fix)),
        "{lines:?}"
    );
}

/// Answers what the doctor asks, and returns what it says of it.
async fn asked(more: &[&str], answer: impl AsyncFnOnce(&mut Provider)) -> Said {
    let dir = tempfile::tempdir().unwrap();
    let mut provider = Provider::start().await;
    let url = provider.url().to_owned();
    let arguments = ["--ask", "--model-base-url", &url, "--model-name", "m"];
    let answering = async {
        provider.call().await.answer(200, &[], "{}").await;
        answer(&mut provider).await;
    };
    let arguments = [&arguments[..], more].concat();
    let (said, ()) = tokio::join!(doctor_in(dir.path(), &arguments), answering);
    assert!(provider.is_idle());
    said
}

#[tokio::test]
async fn a_question_shows_what_the_model_does() {
    let prices = ["--model-input-price", "1", "--model-output-price", "2"];
    let said = asked(&prices, async |provider| {
        let call = provider.call().await;
        assert_eq!(
            (call.path.as_str(), &call.body["max_tokens"]),
            ("/v1/chat/completions", &json!(16))
        );
        let refusal = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.";
        call.json(400, &json!({ "error": { "message": refusal } }))
            .await;
        let mut call = provider.call().await;
        assert_eq!(call.body["max_completion_tokens"], 16);
        call.begin().await;
        call.event(&json!({ "choices": [{ "delta": { "reasoning": "Hm." } }] }))
            .await;
        let usage = json!({ "prompt_tokens": 20, "completion_tokens": 10,
            "completion_tokens_details": { "reasoning_tokens": 8 } });
        call.events([
            chunk("East."),
            finish("stop"),
            json!({ "choices": [], "usage": usage }),
        ])
        .await;
        call.done().await;
    })
    .await;
    let lines = said.of("model");
    for words in [
        "/v1/chat/completions answers by the dialect chat; m-1 said \"East.\"",
        "max_completion_tokens instead of max_tokens",
        "it thinks before it answers",
        "its first word came after 0.",
        "30 tokens, 0 of them from its cache and 8 thinking",
        "that cost 0.00004 US dollars",
    ] {
        let is_said = |line: &&(&str, &str)| line.0 == "ok" && line.1.contains(words);
        assert_eq!(
            lines.iter().filter(is_said).count(),
            1,
            "{words}: {}",
            said.text
        );
    }
}

#[tokio::test]
async fn a_question_that_is_not_answered_says_what_to_check() {
    let said = asked(&[], async |provider| {
        let refusal = json!({ "error": { "message": "The model `m` does not exist" } });
        provider.call().await.json(404, &refusal).await;
    })
    .await;
    let lines = said.of("model");
    let is_told = |line: &(&str, &str)| line.0 == "failed" && line.1.contains("check MODEL_NAME");
    assert!(lines.iter().any(is_told), "{}", said.text);

    // Without usage, a price or a word.
    let said = asked(&[], async |provider| {
        let mut call = provider.call().await;
        call.begin().await;
        call.event(&json!({ "choices": [{ "delta": { "reasoning": "Hm." } }] }))
            .await;
        call.event(&finish("length")).await;
        call.done().await;
    })
    .await;
    let lines = said.of("model");
    for words in [
        "used up its tokens",
        "it reports no usage",
        "set MODEL_INPUT_PRICE",
    ] {
        let is_said = |line: &(&str, &str)| line.0 == "warning" && line.1.contains(words);
        assert!(lines.iter().any(is_said), "{words}: {}", said.text);
    }
}

#[tokio::test]
async fn a_server_of_the_other_dialect_is_recognised() {
    let said = asked(&["--model-dialect", "responses"], async |provider| {
        for path in ["/v1/responses", "/responses"] {
            let call = provider.call().await;
            assert_eq!(call.path, path);
            call.answer(404, &[], "404 page not found").await;
        }
        let mut call = provider.call().await;
        assert_eq!(call.path, "/v1/chat/completions");
        call.begin().await;
        call.events([chunk("East."), finish("stop")]).await;
        call.done().await;
    })
    .await;
    let lines = said.of("model");
    let is_told = |line: &(&str, &str)| line.0 == "failed" && line.1.contains("MODEL_DIALECT=chat");
    assert!(lines.iter().any(is_told), "{}", said.text);
}

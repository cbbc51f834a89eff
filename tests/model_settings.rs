//! The settings of a language model: which server they come to, and what is refused.

use std::time::Duration;

use mula::config::{Dialect, ModelSettings, Prices};

use crate::support::{SECRET, given};

fn check(flags: &[&str]) -> Result<Option<ModelSettings>, Vec<String>> {
    given(&[&["--secret-key", SECRET], flags].concat())
        .check()
        .map(|settings| settings.model)
        .map_err(|problems| problems.0)
}

/// The model these flags come to.
#[track_caller]
fn model(flags: &[&str]) -> ModelSettings {
    check(flags).unwrap().expect("a model")
}

/// The one thing that is wrong.
#[track_caller]
fn problem(flags: &[&str]) -> String {
    let mut problems = check(flags).unwrap_err();
    assert_eq!(problems.len(), 1, "{flags:?}: {problems:?}");
    problems.remove(0)
}

const LOCAL: [&str; 4] = [
    "--model-base-url",
    "http://127.0.0.1:11434/v1/",
    "--model-name",
    "llama3.2",
];

#[test]
fn nobody_is_asked_where_nothing_is_set() {
    assert!(check(&[]).unwrap().is_none());
    // As platforms pass on what was left empty.
    assert!(
        check(&["--openai-api-key", "", "--model-base-url", " "])
            .unwrap()
            .is_none()
    );
}

#[test]
fn a_key_alone_is_enough() {
    let perplexity = model(&["--perplexity-api-key", "pplx-1"]);
    assert_eq!(perplexity.url, "https://api.perplexity.ai/v1/agent");
    assert_eq!(perplexity.dialect, Dialect::Responses);
    assert_eq!(perplexity.api_key.as_deref(), Some("pplx-1"));

    let openai = model(&["--openai-api-key", "sk-1", "--model-name", "gpt-5"]);
    assert_eq!(openai.url, "https://api.openai.com/v1/responses");
    assert_eq!(openai.name, "gpt-5");
}

#[test]
fn any_server_that_speaks_a_dialect() {
    let chat = model(&LOCAL);
    assert_eq!(chat.url, "http://127.0.0.1:11434/v1/chat/completions");
    assert_eq!((chat.dialect, chat.api_key), (Dialect::Chat, None));
    assert_eq!(chat.timeouts.connect, Duration::from_secs(5));

    let responses = model(&[&LOCAL[..], &["--model-dialect", "responses"]].concat());
    assert_eq!(responses.url, "http://127.0.0.1:11434/v1/responses");

    // Its key, and not that of a provider that happens to be in the environment.
    let other = [
        "--model-api-key",
        "k",
        "--openai-api-key",
        "sk-1",
        "--model-path",
        "/agent/",
    ];
    let other = model(&[&LOCAL[..], &other].concat());
    assert_eq!(other.api_key.as_deref(), Some("k"));
    assert_eq!(other.url, "http://127.0.0.1:11434/v1/agent");
}

#[test]
fn prices_are_exact() {
    let prices = [
        "--model-input-price",
        "0.15",
        "--model-output-price",
        "0.000000001",
    ];
    let model = model(&[&LOCAL[..], &prices, &["--model-answer-price", "0.005"]].concat());

    let expected = Prices {
        input: 150_000_000,
        output: 1,
        answer: 5_000_000,
    };
    assert_eq!(model.prices, Some(expected));
}

#[test]
fn what_is_wrong_is_named() {
    let with = |more: &[&'static str]| problem(&[&LOCAL[..], more].concat());

    for (flag, value, name) in [
        ("--model-dialect", "grpc", "invalid MODEL_DIALECT \"grpc\""),
        (
            "--model-answer-price",
            "0.0000000001",
            "invalid MODEL_ANSWER_PRICE ",
        ),
        ("--model-max-tokens", "0", "invalid MODEL_MAX_TOKENS "),
        ("--model-web-search", "perhaps", "invalid MODEL_WEB_SEARCH "),
        ("--model-background", "perhaps", "invalid MODEL_BACKGROUND "),
        (
            "--model-connect-timeout",
            "0s",
            "invalid MODEL_CONNECT_TIMEOUT ",
        ),
        (
            "--model-first-token-timeout",
            "x",
            "invalid MODEL_FIRST_TOKEN_TIMEOUT ",
        ),
        ("--model-idle-timeout", "-1s", "invalid MODEL_IDLE_TIMEOUT "),
        (
            "--model-total-timeout",
            "1y",
            "invalid MODEL_TOTAL_TIMEOUT ",
        ),
        ("--model-fallback", "human", "invalid MODEL_FALLBACK "),
        ("--cost-per-month", "-1", "invalid COST_PER_MONTH "),
        (
            "--service-cost-per-month",
            "a lot",
            "invalid SERVICE_COST_PER_MONTH ",
        ),
    ] {
        // A limit needs prices, which is another matter.
        let prices = ["--model-input-price=1", "--model-output-price=1"];
        let setting = format!("{flag}={value}");
        let problem = problem(&[&LOCAL[..], &prices, &[&setting]].concat());
        assert!(problem.starts_with(name), "{problem}");
    }
    assert!(with(&["--model-input-price", "1"]).contains("go together"));
    for url in ["ftp://model/v1", "model", "http://model/v1?key=1"] {
        let problem = problem(&["--model-base-url", url, "--model-name", "m"]);
        assert!(problem.starts_with("invalid MODEL_BASE_URL "), "{problem}");
    }
}

#[test]
fn a_key_is_never_shown() {
    let flags = [&LOCAL[..], &["--model-api-key", "sec ret"]].concat();
    let problem = problem(&flags);

    assert!(
        problem.contains("key") && !problem.contains("sec"),
        "{problem}"
    );
    let model = model(&[&LOCAL[..], &["--model-api-key", "s3cret"]].concat());
    assert!(!format!("{model:?}").contains("s3cret"));
}

#[test]
fn which_server_is_meant_has_to_be_clear() {
    let both = problem(&["--openai-api-key", "a", "--perplexity-api-key", "b"]);
    assert!(
        both.contains("PERPLEXITY_API_KEY and OPENAI_API_KEY"),
        "{both}"
    );

    for flag in ["--model-name", "--model-api-key"] {
        assert!(problem(&[flag, "x"]).contains("write MODEL_BASE_URL"));
    }
    let nameless = problem(&["--model-base-url", "http://model/v1"]);
    assert!(nameless.starts_with("MODEL_NAME is missing"), "{nameless}");
}

#[test]
fn a_limit_on_cost_needs_prices() {
    for flag in ["--cost-per-month", "--service-cost-per-month"] {
        let problem = problem(&[&LOCAL[..], &[flag, "1"]].concat());
        assert!(
            problem.contains("MODEL_INPUT_PRICE and MODEL_OUTPUT_PRICE"),
            "{problem}"
        );
        // What is built in costs nothing.
        check(&[flag, "1"]).unwrap();
    }
}

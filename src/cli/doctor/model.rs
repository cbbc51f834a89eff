//! Whether the language model's server is there, at no cost; and, where that is asked for, how it
//! answers a question.

use std::time::Duration;

use rust_decimal::Decimal;

use super::Report;
use crate::{
    advisor::{
        engine::Failure,
        model::{LanguageModel, Probe, Trial},
    },
    config::{self, Dialect},
};

const ABOUT: &str = "model";

/// Tokens of the answer to the one question. Some servers take no lower limit.
const TOKENS: u32 = 16;

/// Of the answer, what is shown.
const SHOWN: usize = 60;

pub(super) async fn check(settings: Option<config::ModelSettings>, ask: bool, report: &mut Report) {
    let Some(settings) = settings else {
        report.ok(ABOUT, "none is set; the built-in advisor answers");
        return;
    };
    let Some(model) = client(settings.clone(), report) else {
        return;
    };
    let (server, found) = model.probe().await;
    let (wanted, dialect) = (&settings.name, name_of(settings.dialect));
    let is_there = matches!(found, Probe::Models(_) | Probe::Unlisted(_));
    match found {
        Probe::Models(names) if names.is_empty() || names.contains(wanted) => report.ok(
            ABOUT,
            format_args!(
                "{server} answers, and lets us in; {wanted} is asked by the dialect {dialect}"
            ),
        ),
        Probe::Models(mut names) => {
            names.truncate(10);
            let names = names.join(", ");
            report.warn(
                ABOUT,
                format_args!(
                    "{server} lists no model {wanted}: check MODEL_NAME; it lists {names}"
                ),
            );
        }
        Probe::Unlisted(status) => report.ok(
            ABOUT,
            format_args!("{server} answers ({status}: it lists no models, so the key is untried)"),
        ),
        Probe::Refused(status) => report.fail(
            ABOUT,
            format_args!("{server} does not let us in ({status}): check the API key"),
        ),
        Probe::Unhealthy(status) => report.fail(
            ABOUT,
            format_args!("{server} answers {status}: ask whoever runs it, or try again later"),
        ),
        Probe::Unreachable(why) => report.fail(
            ABOUT,
            format_args!(
                "{server} cannot be reached ({why}): check MODEL_BASE_URL, and that this machine \
                 gets there"
            ),
        ),
    }
    if is_there && server != settings.base_url {
        let written = &settings.base_url;
        report.ok(
            ABOUT,
            format_args!("nothing is at {written}: write MODEL_BASE_URL={server}"),
        );
    }
    if ask {
        try_out(settings, report).await;
    }
}

fn client(settings: config::ModelSettings, report: &mut Report) -> Option<LanguageModel> {
    LanguageModel::new(settings)
        .inspect_err(|error| {
            report.fail(ABOUT, format_args!("its client cannot be made: {error}"));
        })
        .ok()
}

/// Asks the model a question, as it is asked by the server.
async fn try_out(settings: config::ModelSettings, report: &mut Report) {
    let settings = config::ModelSettings {
        max_tokens: TOKENS,
        ..settings
    };
    let Some(model) = client(settings.clone(), report) else {
        return;
    };
    let trial = model.try_out().await;
    if trial.failure == Some(Failure::WrongAddress)
        && let Some(other) = in_other_dialect(&settings)
        && let Some(model) = client(other.clone(), report)
    {
        let trial = model.try_out().await;
        if trial.failure != Some(Failure::WrongAddress) {
            let dialect = name_of(other.dialect);
            report.fail(
                ABOUT,
                format_args!(
                    "{} is where it answers: set MODEL_DIALECT={dialect}",
                    trial.url
                ),
            );
            return;
        }
    }
    if let Some(failure) = trial.failure {
        let setting = failure.setting().map(|name| format!(": check {name}"));
        let setting = setting.unwrap_or_default();
        let url = &trial.url;
        if trial.has_thought || !trial.text.is_empty() {
            report.warn(ABOUT, format_args!("{url} was asked: {failure}"));
        } else {
            report.fail(ABOUT, format_args!("{url} was asked: {failure}{setting}"));
            return;
        }
    } else {
        let text: String = trial.text.chars().take(SHOWN).collect();
        let named = trial.model.as_deref().unwrap_or("a model without a name");
        report.ok(
            ABOUT,
            format_args!(
                "{} answers by the dialect {}; {named} said {text:?}",
                trial.url,
                name_of(settings.dialect)
            ),
        );
    }
    about_answer(&trial, &settings, report);
}

fn in_other_dialect(settings: &config::ModelSettings) -> Option<config::ModelSettings> {
    let (dialect, path) = match settings.dialect {
        Dialect::Chat => (Dialect::Responses, "responses"),
        Dialect::Responses => (Dialect::Chat, "chat/completions"),
    };
    settings
        .assumed_path
        .as_ref()
        .map(|_| config::ModelSettings {
            url: format!("{}/{path}", settings.base_url),
            assumed_path: Some(path.to_owned()),
            dialect,
            background: false,
            ..settings.clone()
        })
}

fn about_answer(trial: &Trial, settings: &config::ModelSettings, report: &mut Report) {
    let changes: Vec<_> = trial.changes.iter().map(ToString::to_string).collect();
    match changes.as_slice() {
        [] => report.ok(ABOUT, "no parameter was refused"),
        _ => report.ok(
            ABOUT,
            format_args!(
                "parameters were refused; it is asked with {}",
                changes.join(", ")
            ),
        ),
    }
    report.ok(
        ABOUT,
        if trial.has_thought {
            "it thinks before it answers; nobody sees that, and it is paid for"
        } else {
            "it does not think before it answers"
        },
    );
    let seconds = |time: Duration| format!("{:.2} s", time.as_secs_f64());
    let first = trial.first_word.map_or_else(
        || "no word came".to_owned(),
        |first| format!("its first word came after {}", seconds(first)),
    );
    let took = seconds(trial.took);
    match trial.usage.filter(|usage| !usage.is_estimated) {
        Some(usage) => report.ok(
            ABOUT,
            format_args!(
                "{first}, all after {took}; {} tokens, {} of them from its cache and {} thinking",
                usage.tokens, usage.cached_tokens, usage.reasoning_tokens
            ),
        ),
        None => report.warn(
            ABOUT,
            format_args!("{first}, all after {took}; it reports no usage, so tokens are estimated"),
        ),
    }
    let cost = trial.usage.map_or(0, |usage| usage.cost);
    if cost > 0 {
        let dollars = Decimal::new(cost, 9).normalize();
        report.ok(ABOUT, format_args!("that cost {dollars} US dollars"));
    } else if settings.prices.is_none() {
        report.warn(
            ABOUT,
            "it reports no cost, and no prices are set: if it costs money, set \
             MODEL_INPUT_PRICE and MODEL_OUTPUT_PRICE",
        );
    } else {
        report.ok(ABOUT, "that cost nothing by the prices that are set");
    }
}

fn name_of(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Chat => "chat",
        Dialect::Responses => "responses",
    }
}

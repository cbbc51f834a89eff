//! The language model's server, asked for what costs nothing.

use super::Report;
use crate::{
    advisor::model::{Model, Probe},
    config,
};

const ABOUT: &str = "model";

pub(super) async fn check(settings: Option<config::Model>, report: &mut Report) {
    let Some(settings) = settings else {
        report.ok(ABOUT, "none is set; the built-in advisor answers");
        return;
    };
    let (server, wanted) = (settings.base_url.clone(), settings.name.clone());
    let model = match Model::new(settings) {
        Ok(model) => model,
        Err(error) => {
            report.fail(ABOUT, format_args!("its client cannot be made: {error}"));
            return;
        }
    };
    match model.probe().await {
        Probe::Models(names) if names.is_empty() || names.contains(&wanted) => {
            report.ok(ABOUT, format_args!("{server} answers, and lets us in"));
        }
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
        Probe::Unwell(status) => report.fail(
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
}

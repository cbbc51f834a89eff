//! The settings of how answers are written, and of what users may spend.

use std::time::Duration;

use clap::Args;

use super::{Environment, Model, check::Check};

/// Words a second, where people look at how an answer is written.
const DEVELOPMENT_PACE: u32 = 25;

/// As they were written.
#[derive(Args, Clone, Debug)]
pub struct GivenWriting {
    /// How long askAdvisor(wait: true) waits before it answers with the reading as it stands
    #[arg(long, env = "ASK_WAIT", default_value = "60s", global = true)]
    pub ask_wait: String,
    /// Answers one instance writes at the same time
    #[arg(long, env = "WRITERS", default_value = "64", global = true)]
    pub writers: String,
    /// After how much silence another instance takes over an unfinished answer
    #[arg(long, env = "LEASE", default_value = "15s", global = true)]
    pub lease: String,
    /// How long an answer is given again to the same question; 0s for never
    #[arg(long, env = "CACHE_LIFETIME", default_value = "30days", global = true)]
    pub cache_lifetime: String,
    /// Readings a user may ask for in a day (UTC); 0 for no limit
    #[arg(long, env = "READINGS_PER_DAY", default_value = "50", global = true)]
    pub readings_per_day: String,
    /// US dollars that a user's answers may cost in a month (UTC); by default no limit
    #[arg(long, env = "COST_PER_MONTH", global = true)]
    pub cost_per_month: Option<String>,
    /// US dollars that all answers may cost in a month (UTC); by default no limit
    #[arg(long, env = "SERVICE_COST_PER_MONTH", global = true)]
    pub service_cost_per_month: Option<String>,
    /// Words a second the built-in advisor writes; 0 for as fast as it can; by default 25 in development, else 0
    #[arg(long, env = "EMBEDDED_PACE", global = true)]
    pub embedded_pace: Option<String>,
}

/// How answers are written.
#[derive(Clone, Debug)]
pub struct Writing {
    pub ask_wait: Duration,
    pub writers: usize,
    pub lease: Duration,
    pub cache_lifetime: Duration,
    pub readings_per_day: Option<u32>,
    /// Nano-dollars, of one user.
    pub cost_per_month: Option<i64>,
    /// Nano-dollars, of all users.
    pub service_cost_per_month: Option<i64>,
    /// Between two words of the embedded engine.
    pub embedded_pause: Duration,
}

impl Check {
    pub(super) fn writing(
        &mut self,
        given: &GivenWriting,
        environment: Option<Environment>,
    ) -> Writing {
        let pace = given.embedded_pace.as_deref();
        let pace = pace.map(|text| self.number("EMBEDDED_PACE", text, 0..=1_000));
        let pace = pace.unwrap_or(match environment {
            Some(Environment::Development) => DEVELOPMENT_PACE,
            _ => 0,
        });
        let per_day = self.number("READINGS_PER_DAY", &given.readings_per_day, 0..=1_000_000);
        let mut limit = |name: &str, value: &Option<String>| {
            value.as_ref().map(|value| self.dollars(name, value))
        };
        let cost_per_month = limit("COST_PER_MONTH", &given.cost_per_month);
        let service_cost_per_month = limit("SERVICE_COST_PER_MONTH", &given.service_cost_per_month);
        Writing {
            ask_wait: self.duration(
                "ASK_WAIT",
                &given.ask_wait,
                Duration::ZERO..=Duration::from_mins(10),
            ),
            writers: self.number("WRITERS", &given.writers, 1..=100_000),
            lease: self.duration(
                "LEASE",
                &given.lease,
                Duration::from_secs(1)..=Duration::from_mins(5),
            ),
            cache_lifetime: self.duration(
                "CACHE_LIFETIME",
                &given.cache_lifetime,
                Duration::ZERO..=Duration::from_hours(24 * 3_650),
            ),
            readings_per_day: Some(per_day).filter(|limit| *limit > 0),
            cost_per_month,
            service_cost_per_month,
            embedded_pause: if pace == 0 {
                Duration::ZERO
            } else {
                Duration::from_secs(1) / pace
            },
        }
    }

    /// A limit on what answers may cost is kept by reserving the most one can cost before it is
    /// asked for, which nobody knows without prices.
    pub(super) fn prices_for_limits(&mut self, writing: &Writing, model: Option<&Model>) {
        let limited = [
            ("COST_PER_MONTH", writing.cost_per_month),
            ("SERVICE_COST_PER_MONTH", writing.service_cost_per_month),
        ];
        if model.is_none_or(|model| model.prices.is_some()) {
            return;
        }
        for (name, _) in limited.iter().filter(|(_, limit)| limit.is_some()) {
            self.problems.push(format!(
                "{name} cannot be kept without knowing what an answer may cost: write \
                 MODEL_INPUT_PRICE and MODEL_OUTPUT_PRICE too"
            ));
        }
    }
}

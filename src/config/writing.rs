//! The settings of how answers are written and shared, and of what users may spend.

use std::time::Duration;

use clap::Args;

use super::{Environment, ModelSettings, parser::Parser};

/// Words a second, where people look at how an answer is written.
const DEVELOPMENT_PACE: u32 = 25;

/// A limit of readings a day at most.
pub const READINGS_MAX: u32 = 1_000_000;

/// As they were written.
#[derive(Args, Clone, Debug)]
pub struct RawWriting {
    /// How long askAdvisor(wait: true) waits before it answers with the reading as it stands
    #[arg(long, env, default_value = "60s")]
    pub ask_wait: String,
    /// Answers one instance writes at the same time
    #[arg(long, env, default_value = "64")]
    pub writers: String,
    /// After how much silence another instance takes over an unfinished answer
    #[arg(long, env, default_value = "15s")]
    pub lease: String,
    /// How long an answer is given again to the same question; 0s for never
    #[arg(long, env, default_value = "30days")]
    pub cache_lifetime: String,
    /// Readings a user may ask for in a day (UTC); 0 for no limit
    #[arg(long, env, default_value = "50")]
    pub readings_per_day: String,
    /// Readings a guest may ask for in a day (UTC), and all guests at one address; 0 for no limit
    #[arg(long, env, default_value = "3")]
    pub guest_readings_per_day: String,
    /// US dollars that a user's answers may cost in a month (UTC); by default no limit
    #[arg(long, env)]
    pub cost_per_month: Option<String>,
    /// US dollars that all answers may cost in a month (UTC); by default no limit
    #[arg(long, env)]
    pub service_cost_per_month: Option<String>,
    /// Words a second the built-in advisor writes; 0 for as fast as it can; by default 25 in development, else 0
    #[arg(long, env)]
    pub embedded_pace: Option<String>,
    /// Whether users may make links that show one of their readings to anyone (true or false)
    #[arg(long, env, default_value = "false")]
    pub sharing: String,
}

/// Limits of each user who has none of their own. None: no limit.
#[derive(Clone, Copy, Debug)]
pub struct Quotas {
    pub readings_per_day: Option<u32>,
    /// Of a guest, and of all guests at one address.
    pub guest_readings_per_day: Option<u32>,
    /// Nano-dollars.
    pub cost_per_month: Option<i64>,
}

/// How answers are written and shared.
#[derive(Clone, Debug)]
pub struct WritingSettings {
    pub ask_wait: Duration,
    pub writers: usize,
    pub lease: Duration,
    pub cache_lifetime: Duration,
    pub quotas: Quotas,
    /// Nano-dollars, of all users.
    pub service_cost_per_month: Option<i64>,
    /// Between two words of the embedded engine.
    pub embedded_pause: Duration,
    /// Whether links to readings can be made, and work.
    pub sharing: bool,
}

impl Parser {
    pub(super) fn writing(
        &mut self,
        given: &RawWriting,
        environment: Option<Environment>,
    ) -> WritingSettings {
        let pace = given.embedded_pace.as_deref();
        let pace = pace.map(|text| self.number("EMBEDDED_PACE", text, 0..=1_000));
        let pace = pace.unwrap_or(match environment {
            Some(Environment::Development) => DEVELOPMENT_PACE,
            _ => 0,
        });
        let mut per_day = |name, value| {
            Some(self.number(name, value, 0..=READINGS_MAX)).filter(|limit| *limit > 0)
        };
        let readings_per_day = per_day("READINGS_PER_DAY", &given.readings_per_day);
        let guest_readings_per_day =
            per_day("GUEST_READINGS_PER_DAY", &given.guest_readings_per_day);
        let mut limit = |name: &str, value: &Option<String>| {
            value.as_ref().map(|value| self.dollars(name, value))
        };
        let cost_per_month = limit("COST_PER_MONTH", &given.cost_per_month);
        let service_cost_per_month = limit("SERVICE_COST_PER_MONTH", &given.service_cost_per_month);
        let sharing = self.bool("SHARING", &given.sharing);
        WritingSettings {
            sharing,
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
            quotas: Quotas {
                readings_per_day,
                guest_readings_per_day,
                cost_per_month,
            },
            service_cost_per_month,
            embedded_pause: if pace == 0 {
                Duration::ZERO
            } else {
                Duration::from_secs(1) / pace
            },
        }
    }

    /// A cost limit is kept by reserving the most that an answer can cost before it is asked for, which is
    /// unknown without prices.
    pub(super) fn prices_for_limits(
        &mut self,
        writing: &WritingSettings,
        model: Option<&ModelSettings>,
    ) {
        let limited = [
            ("COST_PER_MONTH", writing.quotas.cost_per_month),
            ("SERVICE_COST_PER_MONTH", writing.service_cost_per_month),
        ];
        if model.is_none_or(|model| model.prices.is_some()) {
            return;
        }
        for (name, _) in limited.iter().filter(|(_, limit)| limit.is_some()) {
            self.errors.push(without_prices(name));
        }
    }
}

/// The problem with a limit of costs where the model has no prices.
#[must_use]
pub fn without_prices(limit: &str) -> String {
    format!(
        "{limit} cannot be kept without knowing what an answer may cost: write MODEL_INPUT_PRICE and \
         MODEL_OUTPUT_PRICE too"
    )
}

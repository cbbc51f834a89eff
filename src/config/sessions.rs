//! The settings of how long sign-ins last.

use std::time::Duration;

use chrono::TimeDelta;
use clap::Args;

use super::parser::Parser;

const DAY: Duration = Duration::from_hours(24);

/// As they were written.
#[derive(Args, Clone, Debug)]
#[expect(
    clippy::doc_markdown,
    reason = "these texts are what --help prints, which knows no Markdown"
)]
pub struct RawSessions {
    /// How long an access token is accepted; a client extends its session for the next one
    #[arg(long, env, default_value = "24h")]
    pub token_lifetime: String,
    /// How long a session lasts that is not extended; by default 30 days, or TOKEN_LIFETIME if that is longer
    #[arg(long, env)]
    pub session_idle: Option<String>,
    /// How long a session lasts at most; by default 180 days, or SESSION_IDLE if that is longer
    #[arg(long, env)]
    pub session_max: Option<String>,
}

/// How long sign-ins last.
#[derive(Clone, Copy, Debug)]
pub struct SessionTimes {
    /// Of a token.
    pub token: TimeDelta,
    /// Of a session from its last extension on.
    pub idle: TimeDelta,
    /// Of a session from its start on.
    pub max: TimeDelta,
}

impl Parser {
    pub(super) fn sessions(&mut self, given: &RawSessions) -> SessionTimes {
        let range = |days| Duration::from_secs(1)..=DAY * days;
        let token = self.duration("TOKEN_LIFETIME", &given.token_lifetime, range(365));
        let idle = self.at_least(
            ("SESSION_IDLE", given.session_idle.as_deref(), 30 * DAY),
            ("TOKEN_LIFETIME", token),
        );
        let max = self.at_least(
            ("SESSION_MAX", given.session_max.as_deref(), 180 * DAY),
            ("SESSION_IDLE", idle),
        );
        let delta = |time| TimeDelta::from_std(time).expect("ten years are within its range");
        SessionTimes {
            token: delta(token),
            idle: delta(idle),
            max: delta(max),
        }
    }

    /// A time that may not be shorter than another; by default a certain one, or that other.
    fn at_least(
        &mut self,
        (name, given, default): (&str, Option<&str>, Duration),
        (least_name, least): (&str, Duration),
    ) -> Duration {
        let Some(given) = given.filter(|given| !given.trim().is_empty()) else {
            return default.max(least);
        };
        let time = self.duration(name, given, Duration::from_secs(1)..=DAY * 3650);
        if time < least {
            self.reject(name, given, &format!("expected at least {least_name}"));
        }
        time
    }
}

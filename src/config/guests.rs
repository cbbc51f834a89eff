//! The settings of guests.

use std::time::Duration;

use chrono::TimeDelta;
use clap::Args;

use super::{Environment, parser::Parser};

/// As they were written.
#[derive(Args, Clone, Debug)]
pub struct RawGuests {
    /// Whether people may ask without an account (true or false); by default only in development
    #[arg(long, env)]
    pub guests: Option<String>,
    /// How long a guest's account is kept that is not used
    #[arg(long, env, default_value = "30days")]
    pub guest_lifetime: String,
}

/// Whether there are new guests, and how long they are kept.
#[derive(Clone, Copy, Debug)]
pub struct GuestSettings {
    pub are_allowed: bool,
    pub lifetime: TimeDelta,
}

impl Parser {
    pub(super) fn guests(
        &mut self,
        given: &RawGuests,
        environment: Option<Environment>,
    ) -> GuestSettings {
        let allowed = given.guests.as_ref();
        let allowed = allowed.map(|text| self.bool("GUESTS", text));
        let lifetime = self.duration(
            "GUEST_LIFETIME",
            &given.guest_lifetime,
            Duration::from_hours(1)..=Duration::from_hours(24 * 3650),
        );
        GuestSettings {
            are_allowed: allowed.unwrap_or(environment == Some(Environment::Development)),
            lifetime: TimeDelta::from_std(lifetime).expect("ten years are within its range"),
        }
    }
}

//! Parses settings, and collects everything that is wrong with them.

use std::{fmt::Display, ops::RangeInclusive, str::FromStr, time::Duration};

use rust_decimal::{Decimal, prelude::ToPrimitive};

/// Nano-dollars in a dollar: what money is counted in.
const NANO: u32 = 1_000_000_000;

/// An amount of money, as it is written.
pub const DOLLARS: &str = "US dollars from 0 to 1000000 with at most nine decimals, such as 0.15";

/// The most of [`DOLLARS`], in nano-dollars.
pub const COST_MAX: i64 = 1_000_000 * NANO as i64;

/// The errors in the settings, one line each.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.iter().map(|line| format!("  - {line}")).collect::<Vec<_>>().join("\n"))]
pub struct SettingsErrors(pub Vec<String>);

/// Collects what is wrong; a value it hands back for a wrong one is never used.
#[derive(Default)]
pub(super) struct Parser {
    pub(super) errors: Vec<String>,
}

impl Parser {
    pub(super) fn reject(&mut self, name: &str, value: &str, write: &str) {
        self.errors
            .push(format!("invalid {name} {value:?}: {write}"));
    }

    pub(super) fn number<T: FromStr + PartialOrd + Display + Copy>(
        &mut self,
        name: &str,
        value: &str,
        range: RangeInclusive<T>,
    ) -> T {
        match value.trim().parse() {
            Ok(number) if range.contains(&number) => number,
            _ => {
                let (from, to) = (range.start(), range.end());
                self.reject(
                    name,
                    value,
                    &format!("write a whole number from {from} to {to}"),
                );
                *from
            }
        }
    }

    pub(super) fn duration(
        &mut self,
        name: &str,
        value: &str,
        range: RangeInclusive<Duration>,
    ) -> Duration {
        match humantime::parse_duration(value.trim()) {
            Ok(duration) if range.contains(&duration) => duration,
            _ => {
                let from = humantime::format_duration(*range.start());
                let to = humantime::format_duration(*range.end());
                self.reject(
                    name,
                    value,
                    &format!(
                        "write a time from {from} to {to}, such as 500ms, 30s, 5m, 24h or 30days"
                    ),
                );
                *range.start()
            }
        }
    }

    pub(super) fn bool(&mut self, name: &str, value: &str) -> bool {
        self.choice(
            name,
            value,
            &[
                ("true", true),
                ("false", false),
                ("1", true),
                ("0", false),
                ("yes", true),
                ("no", false),
            ],
        )
        .unwrap_or_default()
    }

    pub(super) fn choice<T: Copy>(
        &mut self,
        name: &str,
        value: &str,
        words: &[(&str, T)],
    ) -> Option<T> {
        let found = words
            .iter()
            .find(|(word, _)| word.eq_ignore_ascii_case(value.trim()))
            .map(|(_, meant)| *meant);
        if found.is_none() {
            let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            self.reject(name, value, &format!("write one of {}", words.join(", ")));
        }
        found
    }

    /// An amount of US dollars, exact, in nano-dollars.
    pub(super) fn dollars(&mut self, name: &str, value: &str) -> i64 {
        let nano = nano_dollars(value);
        if nano.is_none() {
            self.reject(name, value, &format!("write {DOLLARS}"));
        }
        nano.unwrap_or_default()
    }
}

/// Nano-dollars from an amount of [`DOLLARS`].
#[must_use]
pub fn nano_dollars(text: &str) -> Option<i64> {
    Decimal::from_str_exact(text.trim())
        .ok()
        .filter(|dollars| (Decimal::ZERO..=Decimal::from(1_000_000)).contains(dollars))
        .map(|dollars| dollars * Decimal::from(NANO))
        .filter(Decimal::is_integer)
        .and_then(|nano| nano.to_i64())
}

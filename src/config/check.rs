//! Parses settings, and collects everything that is wrong with them.

use std::{fmt::Display, ops::RangeInclusive, str::FromStr, time::Duration};

/// The errors in the settings, one line each.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.iter().map(|line| format!("  - {line}")).collect::<Vec<_>>().join("\n"))]
pub struct Problems(pub Vec<String>);

/// Collects what is wrong; a value it hands back for a wrong one is never used.
#[derive(Default)]
pub(super) struct Check {
    pub(super) problems: Vec<String>,
}

impl Check {
    pub(super) fn wrong(&mut self, name: &str, value: &str, write: &str) {
        self.problems
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
                self.wrong(
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
                self.wrong(
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

    pub(super) fn truth(&mut self, name: &str, value: &str) -> bool {
        self.one_of(
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

    pub(super) fn one_of<T: Copy>(
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
            self.wrong(name, value, &format!("write one of {}", words.join(", ")));
        }
        found
    }
}

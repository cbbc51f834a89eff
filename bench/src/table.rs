//! The table of results.

use std::time::Duration;

use crate::{compare::MULA, load::Outcome, usage::Usage};

/// A server under one load.
pub struct Row {
    pub server: &'static str,
    pub case: &'static str,
    pub connections: u32,
    pub outcome: Outcome,
    pub usage: Usage,
    /// Bytes, of the server.
    pub memory: u64,
}

impl Row {
    /// Of the same server under the same load, later.
    pub fn and(self, later: &Self) -> Self {
        Self {
            outcome: self.outcome.and(later.outcome),
            usage: self.usage.and(later.usage),
            memory: later.memory,
            ..self
        }
    }

    pub fn per_second(&self) -> f64 {
        count(self.outcome.requests) / self.outcome.took.as_secs_f64()
    }

    /// Microseconds of processor a request, of server and database.
    pub fn processor(&self) -> f64 {
        self.each(self.usage.server + self.usage.database.unwrap_or_default())
    }

    fn each(&self, time: Duration) -> f64 {
        time.as_secs_f64() * 1e6 / count(self.outcome.requests.max(1))
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "what is counted here is far below 2^52"
)]
fn count(number: u64) -> f64 {
    number as f64
}

const HEAD: [&str; 12] = [
    "case",
    "server",
    "connections",
    "requests/s",
    "p50 ms",
    "p99 ms",
    "CPU µs",
    "of server",
    "of database",
    "memory MB",
    "errors",
    "× plain, × pipelined",
];

/// One line a row, with the ratio of its requests a second to those of what it is compared with,
/// where that was measured under the same load.
pub fn table(rows: &[Row], markdown: bool) -> String {
    let mut lines = vec![HEAD.map(str::to_owned)];
    for row in rows {
        let ratio = |peer: &str| {
            let same = rows.iter().find(|other| {
                other.server == peer
                    && (other.case, other.connections) == (row.case, row.connections)
            })?;
            Some(format!("{:.2}", row.per_second() / same.per_second()))
        };
        let ratios = match row.server {
            MULA => [ratio("plain"), ratio("pipelined")],
            _ => [None, None],
        };
        let ratios: Vec<_> = ratios.into_iter().flatten().collect();
        lines.push([
            row.case.to_owned(),
            row.server.to_owned(),
            row.connections.to_string(),
            format!("{:.0}", row.per_second()),
            ms(row.outcome.median),
            ms(row.outcome.p99),
            format!("{:.0}", row.processor()),
            format!("{:.0}", row.each(row.usage.server)),
            row.usage
                .database
                .map_or_else(String::new, |time| format!("{:.0}", row.each(time))),
            format!("{:.1}", megabytes(row.memory)),
            row.outcome.errors.to_string(),
            ratios.join(", "),
        ]);
    }
    layout(&lines, markdown)
}

fn ms(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1e3)
}

pub fn megabytes(bytes: u64) -> f64 {
    count(bytes) / 1e6
}

/// The first two columns to the left, the others to the right.
fn layout(lines: &[[String; 12]], markdown: bool) -> String {
    let width = |column: usize| {
        let widths = lines.iter().map(|line| line[column].chars().count());
        widths.max().unwrap_or_default()
    };
    let mut text = String::new();
    for (n, line) in lines.iter().enumerate() {
        let cells = line.iter().enumerate().map(|(column, cell)| {
            let width = width(column);
            if column < 2 {
                format!("{cell:<width$}")
            } else {
                format!("{cell:>width$}")
            }
        });
        let cells: Vec<_> = cells.collect();
        let line = if markdown {
            format!("| {} |", cells.join(" | "))
        } else {
            cells.join("  ").trim_end().to_owned()
        };
        text.push_str(&line);
        text.push('\n');
        if markdown && n == 0 {
            text.push_str("| --- | --- |");
            text.push_str(&" ---: |".repeat(HEAD.len() - 2));
            text.push('\n');
        }
    }
    text
}

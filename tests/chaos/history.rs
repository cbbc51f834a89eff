//! The history of one deployment's run: operations, faults, and the first violation of a rule.

use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio_util::sync::CancellationToken;

use super::plan::Kind;

/// How long after a disruption its consequences still excuse an error or a lost answer.
const AFTERMATH: Duration = Duration::from_secs(5);

/// How long after an operation began a fault still meets it on its way.
const ONSET: Duration = Duration::from_secs(1);

/// Lines of a failure's history, at most; the latest ones.
const LINES: usize = 120;

pub struct History {
    start: Instant,
    inner: Mutex<Inner>,
    /// Cancelled when the run ends, at its time or at the first violation.
    pub over: CancellationToken,
}

#[derive(Default)]
struct Inner {
    events: Vec<Event>,
    faults: Vec<Fault>,
    failure: Option<Failure>,
}

/// An operation of a user.
struct Event {
    at: Duration,
    who: String,
    /// A reading's mark, a session's id, or another word for what concerns neither; empty for what
    /// concerns the whole account.
    about: String,
    /// The id of the session it is done with.
    session: String,
    what: String,
    /// With the time it took; none while it runs.
    result: Option<(Duration, String)>,
}

struct Fault {
    kind: Kind,
    what: String,
    began: Duration,
    ended: Option<Duration>,
}

/// The first violation of a rule.
#[derive(Clone, Debug)]
pub struct Failure {
    pub at: Duration,
    pub rule: &'static str,
    pub who: String,
    pub about: String,
    pub what: String,
}

impl History {
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
            inner: Mutex::default(),
            over: CancellationToken::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Time since the run began.
    pub fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// Notes that an operation begins.
    pub fn begin(&self, who: &str, about: &str, session: &str, what: String) -> usize {
        let at = self.now();
        let events = &mut self.lock().events;
        events.push(Event {
            at,
            who: who.to_owned(),
            about: about.to_owned(),
            session: session.to_owned(),
            what,
            result: None,
        });
        events.len() - 1
    }

    /// Notes how an operation ended.
    pub fn end(&self, event: usize, result: String) {
        let now = self.now();
        let event = &mut self.lock().events[event];
        event.result = Some((now.saturating_sub(event.at), result));
    }

    pub fn fault_begins(&self, kind: Kind, what: String) -> usize {
        let began = self.now();
        let faults = &mut self.lock().faults;
        faults.push(Fault {
            kind,
            what,
            began,
            ended: None,
        });
        faults.len() - 1
    }

    pub fn fault_ends(&self, fault: usize) {
        let now = self.now();
        self.lock().faults[fault].ended = Some(now);
    }

    /// Whether a fault since then, or a little earlier, explains an error or a lost answer.
    pub fn is_disturbed(&self, since: Duration) -> bool {
        self.was_disturbed(since, self.now())
    }

    /// Whether a fault in this time, or a little earlier, explains an error or a lost answer.
    pub fn was_disturbed(&self, from: Duration, to: Duration) -> bool {
        self.lock().faults.iter().any(|fault| {
            fault.kind.disrupts()
                && fault.began <= to
                && fault.ended.is_none_or(|ended| ended + AFTERMATH > from)
        })
    }

    /// Whether a fault explains what became of an operation: one in force, or just over, when it
    /// began or when it ended. One in between, of an operation that took long, broke nothing off.
    pub fn excuses(&self, began: Duration, ended: Duration) -> bool {
        self.was_disturbed(began, began + ONSET) || self.was_disturbed(ended, ended)
    }

    /// How many faults there were.
    pub fn faults(&self) -> usize {
        self.lock().faults.len()
    }

    /// How many operations there were, by what they were answered.
    pub fn operations(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for event in &self.lock().events {
            let result = event.result.as_ref().map_or("", |(_, result)| result);
            let result = result.split(" (").next().unwrap_or_default();
            *counts.entry(result.to_owned()).or_default() += 1;
        }
        counts
    }

    /// The operation that took longest.
    pub fn slowest(&self) -> String {
        let inner = self.lock();
        let ended = inner.events.iter().filter_map(|event| {
            let (took, result) = event.result.as_ref()?;
            Some((took, &event.what, result))
        });
        ended.max().map_or(String::new(), |(took, what, result)| {
            format!("{:.1} s for {what} -> {result}", took.as_secs_f64())
        })
    }

    /// Records a violation, if it is the first, and ends the run.
    pub fn fail(&self, rule: &'static str, who: &str, about: &str, what: String) {
        let at = self.now();
        let mut inner = self.lock();
        if inner.failure.is_none() {
            inner.failure = Some(Failure {
                at,
                rule,
                who: who.to_owned(),
                about: about.to_owned(),
                what,
            });
        }
        drop(inner);
        self.over.cancel();
    }

    pub fn failure(&self) -> Option<Failure> {
        self.lock().failure.clone()
    }

    /// Every event of a failure's object, in order, with the faults of that time.
    pub fn of(&self, failure: &Failure) -> String {
        let inner = self.lock();
        let concerns = |event: &&Event| {
            event.who == failure.who
                && (failure.about.is_empty()
                    || event.about.is_empty()
                    || event.about == failure.about
                    || event.session == failure.about)
        };
        let mut lines: Vec<(Duration, String)> = inner
            .events
            .iter()
            .filter(concerns)
            .map(|event| {
                let (took, result) = match &event.result {
                    Some((took, result)) => {
                        (format!("+{:.3}", took.as_secs_f64()), result.as_str())
                    }
                    None => ("…".to_owned(), "in flight"),
                };
                let Event { who, what, .. } = event;
                (event.at, format!("{took:>8}  {who}: {what} -> {result}"))
            })
            .collect();
        let first = lines.first().map_or(failure.at, |line| line.0);
        let before = if failure.who.is_empty() { 6 } else { 1 } * AFTERMATH;
        let first = first.min(failure.at.saturating_sub(before));
        for fault in &inner.faults {
            if fault.ended.is_none_or(|ended| ended + AFTERMATH > first) {
                let took = fault.ended.map_or_else(
                    || "…".to_owned(),
                    |ended| format!("+{:.3}", (ended.saturating_sub(fault.began)).as_secs_f64()),
                );
                lines.push((fault.began, format!("{took:>8}  FAULT {}", fault.what)));
            }
        }
        lines.sort_by_key(|line| line.0);
        let mut text = String::new();
        let left_out = lines.len().saturating_sub(LINES);
        if left_out > 0 {
            let _ = writeln!(text, "  ({left_out} earlier lines left out)");
        }
        for (at, line) in &lines[left_out..] {
            let _ = writeln!(text, "  {:>8.3} {line}", at.as_secs_f64());
        }
        text
    }
}

//! Reading an export back.
//!
//! All of it or nothing, in one transaction. Rows go in by batches of one kind; each batch is
//! compared with what is there before anything is written, so that the database has nothing left
//! to refuse, and every problem can be named by its line.

use std::{
    collections::HashSet,
    fmt,
    io::{self, BufRead, Read},
    mem::{Discriminant, discriminant},
};

use chrono::{DateTime, Utc};
use sea_orm::{DatabaseTransaction, DbErr};
use uuid::Uuid;

use super::{
    BrokenRule, Counts, batch, check, events, ledger,
    line::{End, FORMAT, Line, Scope, VERSION},
    scope::Scoped,
};
use crate::{account::name, db::Database};

/// Lines of a batch.
const BATCH: usize = 200;

/// Bytes of a line.
const LONGEST: u64 = 64 * 1024 * 1024;

/// Problems that are named; who has more has a problem of another kind.
const NAMED: usize = 100;

#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("nothing was imported")]
    Refused(Vec<LineError>),
    #[error(transparent)]
    Database(#[from] DbErr),
    #[error(transparent)]
    Input(#[from] io::Error),
}

/// A line that cannot be imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineError {
    /// From 1.
    pub line: u64,
    pub rule: BrokenRule,
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, rule } = self;
        write!(f, "line {line}: {}: {}", rule.code, rule.message)
    }
}

/// The result of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Usage: added, or raised to a higher count.
    pub added: Counts,
    /// There already, and the same.
    pub same: Counts,
}

/// Reads an export into the database, or only checks whether it could be. `progress` receives how many
/// rows were read, a batch at a time.
///
/// # Errors
///
/// [`ImportError::Refused`] with the lines that cannot be imported; whatever the error, the database is
/// as it was.
pub async fn import(
    db: &Database,
    input: impl BufRead,
    dry_run: bool,
    now: DateTime<Utc>,
    mut progress: impl FnMut(u64),
) -> Result<Imported, ImportError> {
    let tx = db.begin().await?;
    db.for_bulk(&tx).await?;
    let mut import = Import {
        tx: &tx,
        now,
        kind: None,
        batch: Vec::new(),
        keys: HashSet::new(),
        refused_users: HashSet::new(),
        scope: Scoped::All,
        imported: Imported::default(),
        problems: Vec::new(),
    };
    let mut lines = Lines {
        input,
        number: 0,
        buffer: Vec::new(),
    };
    import.read(&mut lines, &mut progress).await?;
    let Import {
        imported,
        mut problems,
        ..
    } = import;
    if !problems.is_empty() {
        problems.sort_by_key(|problem| problem.line);
        return Err(ImportError::Refused(problems));
    }
    if dry_run {
        tx.rollback().await?;
    } else {
        db.analyze(&tx).await?;
        tx.commit().await?;
    }
    Ok(imported)
}

struct Import<'a> {
    tx: &'a DatabaseTransaction,
    now: DateTime<Utc>,
    /// Of the lines in the batch.
    kind: Option<Discriminant<Line>>,
    batch: Vec<(u64, Line)>,
    /// The unique keys of the lines in the batch.
    keys: HashSet<String>,
    /// Users who are not let in: what is theirs is no problem of its own.
    refused_users: HashSet<Uuid>,
    scope: Scoped,
    imported: Imported,
    problems: Vec<LineError>,
}

impl Import<'_> {
    async fn read(
        &mut self,
        lines: &mut Lines<impl BufRead>,
        progress: &mut impl FnMut(u64),
    ) -> Result<(), ImportError> {
        let first = lines.next()?;
        match check_header(first.as_ref()) {
            Ok(scope) => self.scope = Scoped::new(scope),
            Err(rule) => {
                self.problem(lines.number.max(1), rule);
                return Ok(());
            }
        }
        let mut ended = false;
        while self.problems.len() < NAMED
            && let Some(line) = lines.next()?
        {
            if ended {
                self.problem(
                    lines.number,
                    BrokenRule::new("AFTER_END", "the end comes last"),
                );
                break;
            }
            match line.and_then(check::check) {
                Ok(Line::End(found)) => {
                    ended = true;
                    if let Err(rule) = check_end(&found, lines.number) {
                        self.problem(lines.number, rule);
                    }
                }
                Ok(Line::Header(_)) => {
                    self.problem(
                        lines.number,
                        BrokenRule::new("HEADER", "a header comes first"),
                    );
                }
                Ok(line) => match self.scope.check(&line) {
                    Ok(()) => self.take(lines.number, line).await?,
                    Err(rule) => self.problem(lines.number, rule),
                },
                Err(rule) => self.problem(lines.number, rule),
            }
            if lines.number.is_multiple_of(1000) {
                progress(lines.number);
            }
        }
        self.flush().await?;
        if self.problems.len() < NAMED && !ended {
            let rule = BrokenRule::new("CUT_SHORT", "the file ends here, without its last line");
            self.problem(lines.number, rule);
        }
        Ok(())
    }

    fn problem(&mut self, line: u64, rule: BrokenRule) {
        self.problems.push(LineError { line, rule });
    }

    /// Puts a line into the batch, after the batch before it if it does not go with that: another
    /// kind, or one of the same keys, which is then compared with what the first one became.
    async fn take(&mut self, number: u64, line: Line) -> Result<(), DbErr> {
        let kind = discriminant(&line);
        let keys = keys(&line);
        if self.kind.is_some_and(|other| other != kind)
            || self.batch.len() >= BATCH
            || keys.iter().any(|key| self.keys.contains(key))
        {
            self.flush().await?;
        }
        self.kind = Some(kind);
        self.keys.extend(keys);
        self.batch.push((number, line));
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), DbErr> {
        self.keys.clear();
        let (mut users, mut readings) = (Vec::new(), Vec::new());
        let (mut days, mut months, mut service_months) = (Vec::new(), Vec::new(), Vec::new());
        let mut events = Vec::new();
        for (number, line) in std::mem::take(&mut self.batch) {
            match line {
                Line::User(user) => users.push((number, user)),
                Line::Reading(reading) => readings.push((number, *reading)),
                Line::UsageDay(day) => days.push((number, day)),
                Line::UsageMonth(month) => months.push((number, month)),
                Line::ServiceMonth(month) => service_months.push((number, month)),
                // Of one user's file, which that user may have changed: they are there to be read.
                Line::AccountEvent(_) if self.scope.is_of_user() => {}
                Line::AccountEvent(event) => events.push((number, event)),
                Line::Session(_) | Line::Header(_) | Line::End(_) => {}
            }
        }
        let done = batch::users(self.tx, users).await?;
        self.refused_users.extend(&done.refused);
        self.count(|counts| &mut counts.users, done);
        let done = batch::readings(self.tx, readings, &self.refused_users, self.now).await?;
        self.count(|counts| &mut counts.readings, done);
        let done = events::insert(self.tx, events, &self.refused_users).await?;
        self.count(|counts| &mut counts.events, done);
        for done in [
            ledger::days(self.tx, days, &self.refused_users).await?,
            ledger::months(self.tx, months, &self.refused_users).await?,
            ledger::service_months(self.tx, service_months).await?,
        ] {
            self.count(|counts| &mut counts.usage, done);
        }
        Ok(())
    }

    fn count(&mut self, kind: impl Fn(&mut Counts) -> &mut u64, done: batch::Done) {
        *kind(&mut self.imported.added) += done.added;
        *kind(&mut self.imported.same) += done.same;
        self.problems.extend(done.problems);
    }
}

fn check_header(line: Option<&Result<Line, BrokenRule>>) -> Result<Scope, BrokenRule> {
    match line {
        Some(Ok(Line::Header(header))) if header.format == FORMAT => match header.version {
            VERSION => Ok(header.scope),
            other => Err(BrokenRule::new(
                "VERSION",
                format!("it has version {other} of the format, and this Mula reads {VERSION}"),
            )),
        },
        _ => Err(BrokenRule::new(
            "NO_HEADER",
            "this is not an export of Mula's",
        )),
    }
}

fn check_end(end: &End, number: u64) -> Result<(), BrokenRule> {
    // Without the header and the end itself.
    let lines = number - 2;
    if end.lines == lines {
        return Ok(());
    }
    let told = end.lines;
    Err(BrokenRule::new(
        "LINES_MISSING",
        format!("there should be {told} lines between the first and this one, not {lines}"),
    ))
}

/// The unique keys of a line.
fn keys(line: &Line) -> Vec<String> {
    match line {
        Line::User(user) => vec![
            user.id.to_string(),
            format!("email {}", name::stored(&user.email).key),
            format!("username {}", name::stored(&user.username).key),
        ],
        Line::UsageDay(day) => vec![format!("{} {}", day.user_id, day.day)],
        Line::UsageMonth(month) => vec![format!("{} {}", month.user_id, month.month)],
        Line::ServiceMonth(month) => vec![month.month.to_string()],
        Line::Session(session) => vec![session.id.to_string()],
        Line::AccountEvent(event) => vec![event.id.to_string()],
        Line::Reading(reading) => {
            let generations = reading.generations.iter().map(|one| one.id.to_string());
            let keys = reading.idempotency_keys.iter().flatten();
            let share = reading.share.iter();
            std::iter::once(reading.id.to_string())
                .chain(generations)
                .chain(keys.map(|key| format!("{} {}", reading.user_id, key.key)))
                .chain(share.map(|share| format!("share {}", share.token)))
                .collect()
        }
        Line::Header(_) | Line::End(_) => Vec::new(),
    }
}

/// Lines by their numbers, one in memory at a time.
struct Lines<R> {
    input: R,
    /// Of the last one read, from 1.
    number: u64,
    buffer: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    fn next(&mut self) -> io::Result<Option<Result<Line, BrokenRule>>> {
        self.buffer.clear();
        let read = self
            .input
            .by_ref()
            .take(LONGEST)
            .read_until(b'\n', &mut self.buffer)?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        if read as u64 == LONGEST {
            // What comes next would be its rest, and no line.
            io::copy(&mut self.input, &mut io::sink())?;
            let rule = BrokenRule::new("TOO_LONG", "a line has at most 64 MiB");
            return Ok(Some(Err(rule)));
        }
        let line = serde_json::from_slice(&self.buffer)
            .map_err(|error| BrokenRule::new("MALFORMED", error.to_string()));
        Ok(Some(line))
    }
}

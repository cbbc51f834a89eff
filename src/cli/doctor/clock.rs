//! This machine's clock beside others. Leases, tokens and limits go by it, and instances that
//! share a database by each their own.

use std::{path::Path, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DatabaseBackend, DbErr, Statement};

use super::Report;
use crate::{clock::Clock, db::Database};

/// Nothing that Mula does is finer.
const NOTICED: TimeDelta = TimeDelta::seconds(1);

/// Another clock's time, between two looks at ours.
async fn apart<E>(other: impl Future<Output = Result<DateTime<Utc>, E>>) -> Result<TimeDelta, E> {
    let clock = Clock::default();
    let before = clock.now();
    let other = other.await?;
    let after = clock.now();
    Ok(if other < before {
        other - before
    } else if other > after {
        other - after
    } else {
        TimeDelta::zero()
    })
}

pub(super) async fn against_database(db: &Database, lease: Duration, report: &mut Report) {
    match apart(database_time(db)).await {
        Ok(apart) => say("the database's", apart, lease, report),
        Err(error) => report.fail("clock", format_args!("the database does not tell: {error}")),
    }
}

async fn database_time(db: &Database) -> Result<DateTime<Utc>, DbErr> {
    let sql = "SELECT clock_timestamp()";
    let row = db
        .reads()
        .query_one_raw(Statement::from_string(DatabaseBackend::Postgres, sql))
        .await?;
    row.ok_or_else(|| DbErr::RecordNotFound(sql.to_owned()))?
        .try_get_by_index(0)
}

/// Where the database is a file, its file system may have another clock.
pub(super) async fn against_files(folder: &Path, lease: Duration, report: &mut Report) {
    let time = async {
        let file = tempfile::tempfile_in(folder)?;
        file.metadata()?.modified().map(DateTime::<Utc>::from)
    };
    // That no file can be made is said by the check of the disk.
    if let Ok(apart) = apart::<std::io::Error>(time).await {
        say("the file system's", apart, lease, report);
    }
}

fn say(whose: &str, apart: TimeDelta, lease: Duration, report: &mut Report) {
    let seconds = apart.num_seconds().abs();
    let direction = if apart < TimeDelta::zero() {
        "ahead of"
    } else {
        "behind"
    };
    let said = format!(
        "this machine's is {seconds} s {direction} {whose}: have both set by NTP, with chrony or \
         systemd-timesyncd"
    );
    if apart.abs() <= NOTICED {
        report.ok("clock", format_args!("agrees with {whose}"));
    } else if apart.abs().to_std().is_ok_and(|apart| apart < lease) {
        report.warn("clock", said);
    } else {
        report.fail("clock", said);
    }
}

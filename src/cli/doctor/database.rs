//! The database: there, whole, writable, and with the tables this Mula knows.

use std::{path::Path, time::Duration};

use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement};

use super::{Report, clock};
use crate::{
    config::DatabaseSettings,
    db::{self, Database},
};

/// As long as a lease is when the settings do not say.
const LEASE: Duration = Duration::from_secs(15);

/// The oldest PostgreSQL that is still maintained (<https://www.postgresql.org/support/versioning/>).
const OLDEST: i32 = 14;

const ABOUT: &str = "database";

pub(super) async fn check(
    settings: &DatabaseSettings,
    lease: Option<Duration>,
    report: &mut Report,
) {
    let named = settings.name();
    if let Some(path) = settings.sqlite_path()
        && !path.exists()
    {
        report.ok(
            ABOUT,
            format_args!("{named} is not there yet; mula serve makes it"),
        );
        return;
    }
    let opened = Database::connect(settings).await;
    let db = match opened {
        Ok(db) => db,
        Err(error) => {
            report.fail(
                ABOUT,
                format_args!(
                    "{named} cannot be opened: {}",
                    db::explain(&error, settings)
                ),
            );
            return;
        }
    };
    let lease = lease.unwrap_or(LEASE);
    let checked = match settings.sqlite_path() {
        Some(path) => sqlite(&db, &named, path, lease, report).await,
        None => postgres(&db, &named, settings, lease, report).await,
    };
    let checked = match checked {
        Ok(()) => steps(&db, report).await,
        Err(error) => Err(error),
    };
    if let Err(error) = checked {
        let why = db::explain(&error, settings);
        report.fail(ABOUT, format_args!("{named} cannot be read: {why}"));
    }
    db.close().await;
    if let Some(url) = &settings.read_url {
        let settings = DatabaseSettings {
            url: url.clone(),
            read_url: None,
            ..settings.clone()
        };
        replica(&settings, report).await;
    }
}

const STANDBY: &str = "
    SELECT CASE
        WHEN NOT pg_is_in_recovery() THEN 'is no standby'
        WHEN pg_is_wal_replay_paused() THEN 'is paused'
        WHEN NOT EXISTS (SELECT FROM pg_stat_wal_receiver) THEN 'receives nothing'
        ELSE 'follows'
    END";

/// Without it the primary answers, so little of this is a failure.
async fn replica(settings: &DatabaseSettings, report: &mut Report) {
    const ABOUT: &str = "replica";
    let named = settings.name();
    let looked = async {
        let db = Database::connect(settings).await?;
        let state = value(&db, STANDBY).await;
        db.close().await;
        state
    };
    let state = match looked.await {
        Ok(state) => state.unwrap_or_default(),
        Err(error) => {
            report.warn(
                ABOUT,
                format_args!(
                    "{named} cannot be read, and the primary answers in its place: {}. Check \
                     DATABASE_READ_URL, and that the replica is running",
                    db::explain(&error, settings)
                ),
            );
            return;
        }
    };
    match state.as_str() {
        "is no standby" => report.fail(
            ABOUT,
            format_args!(
                "{named} is no standby, and what it holds is not what the primary holds: name a \
                 streaming replica in DATABASE_READ_URL, or leave it out"
            ),
        ),
        "is paused" => report.warn(
            ABOUT,
            format_args!(
                "{named} replays nothing, and the primary answers ever more in its place: SELECT \
                 pg_wal_replay_resume() has it go on"
            ),
        ),
        "receives nothing" => report.warn(
            ABOUT,
            format_args!(
                "{named} receives nothing, and the primary answers ever more in its place: check \
                 primary_conninfo, and the log of the replica"
            ),
        ),
        _ => report.ok(ABOUT, format_args!("{named} follows its primary")),
    }
}

async fn sqlite(
    db: &Database,
    named: &str,
    path: &Path,
    lease: Duration,
    report: &mut Report,
) -> Result<(), DbErr> {
    let damage: Option<String> = value(db, "PRAGMA quick_check(1)").await?;
    if let Some(damage) = damage.filter(|damage| damage != "ok") {
        report.fail(
            ABOUT,
            format_args!("{named} is damaged ({damage}): put a backup in its place"),
        );
        return Ok(());
    }
    // Only this takes the lock: a writer elsewhere may hold it for a moment, and not for long.
    if let Err(error) = db.begin().await {
        report.fail(
            ABOUT,
            format_args!(
                "{named} cannot be written to: {error}. Check who owns the file and its folder, \
                 and that no program holds it locked"
            ),
        );
        return Ok(());
    }
    let orphans: Option<String> = value(db, "PRAGMA foreign_key_check").await?;
    let journal: Option<String> = value(db, "PRAGMA journal_mode").await?;
    if let Some(table) = orphans {
        report.fail(
            ABOUT,
            format_args!(
                "{named} has rows in {table} whose owner is gone: something changed it without \
                 PRAGMA foreign_keys=on; put a backup in its place, or delete those that PRAGMA \
                 foreign_key_check lists"
            ),
        );
    } else if journal.as_deref() != Some("wal") {
        report.warn(
            ABOUT,
            format_args!(
                "{named} is not in WAL mode, so that readers wait for writers: put it on a local \
                 file system"
            ),
        );
    } else {
        let version: Option<String> = value(db, "SELECT sqlite_version()").await?;
        let version = version.unwrap_or_default();
        report.ok(
            ABOUT,
            format_args!("{named} {version} is whole and can be written to"),
        );
    }
    if let Some(folder) = path.parent() {
        clock::against_files(folder, lease, report).await;
    }
    Ok(())
}

#[derive(FromQueryResult)]
struct Postgres {
    version: String,
    number: i32,
    is_read_only: bool,
    connections: i32,
    /// None: there are no tables yet.
    may_write: Option<bool>,
    may_create: bool,
}

const POSTGRES: &str = "
    SELECT current_setting('server_version') AS version,
        current_setting('server_version_num')::integer AS number,
        pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' AS is_read_only,
        current_setting('max_connections')::integer
            - current_setting('superuser_reserved_connections')::integer AS connections,
        (SELECT bool_and(has_table_privilege(oid, privilege))
            FROM pg_class, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS privilege
            WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace) AS may_write,
        coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS may_create";

async fn postgres(
    db: &Database,
    named: &str,
    settings: &DatabaseSettings,
    lease: Duration,
    report: &mut Report,
) -> Result<(), DbErr> {
    let pool_size = settings.pool_size;
    let row = db
        .reads()
        .query_one_raw(Statement::from_string(
            sea_orm::DatabaseBackend::Postgres,
            POSTGRES,
        ))
        .await?
        .ok_or_else(|| DbErr::RecordNotFound("the server's settings".to_owned()))?;
    let server = Postgres::from_query_result(&row, "")?;
    if server.is_read_only {
        report.fail(
            ABOUT,
            format_args!(
                "{named} can only be read: it is a standby, or default_transaction_read_only is \
                 on. Name the primary in DATABASE_URL"
            ),
        );
    } else if server.may_write == Some(false) {
        report.fail(
            ABOUT,
            format_args!(
                "this user may not read and change the tables of {named}: GRANT ALL ON ALL TABLES \
                 IN SCHEMA public, or name the tables' owner in DATABASE_URL"
            ),
        );
    } else if !server.may_create && !db.look_at_steps().await?.missing.is_empty() {
        report.fail(
            ABOUT,
            format_args!(
                "this user may not make tables in {named}, and some are missing: GRANT CREATE ON \
                 SCHEMA public, or name the owner of the database in DATABASE_URL"
            ),
        );
    } else if server.number / 10_000 < OLDEST {
        let version = server.version;
        report.warn(
            ABOUT,
            format_args!("{named} is version {version}, which is no longer maintained: upgrade"),
        );
    } else if i64::from(pool_size) > i64::from(server.connections) {
        let connections = server.connections;
        report.warn(
            ABOUT,
            format_args!(
                "DATABASE_POOL_SIZE={pool_size} is more than the {connections} connections that \
                 {named} takes from all instances: lower it, or raise max_connections"
            ),
        );
    } else {
        let version = server.version;
        report.ok(ABOUT, format_args!("{named} {version} can be written to"));
    }
    if let Err(error) = db.check_notifications().await {
        report.fail(ABOUT, db::explain(&error, settings));
    }
    clock::against_database(db, lease, report).await;
    Ok(())
}

async fn steps(db: &Database, report: &mut Report) -> Result<(), DbErr> {
    let steps = db.look_at_steps().await?;
    let newer = steps.unknown.join(", ");
    if !steps.unknown.is_empty() && steps.missing.is_empty() {
        report.warn(
            "migrations",
            format_args!(
                "a newer Mula made {newer}: this version runs with them; see docs/upgrade.md"
            ),
        );
    } else if !steps.unknown.is_empty() {
        report.fail(
            "migrations",
            format_args!(
                "the database has steps that this Mula does not know ({newer}) and lacks others \
                 ({}): run the version that made them",
                steps.missing.join(", ")
            ),
        );
    } else if steps.missing.is_empty() {
        report.ok("migrations", "all steps are applied");
    } else {
        let names = steps.missing.join(", ");
        report.warn(
            "migrations",
            format_args!(
                "not applied yet: {names}. mula serve applies them when it starts, or: mula \
                 migrate up"
            ),
        );
    }
    Ok(())
}

/// The first column of the first row.
async fn value(db: &Database, sql: &str) -> Result<Option<String>, DbErr> {
    let reads = db.reads();
    let row = reads
        .query_one_raw(Statement::from_string(reads.get_database_backend(), sql))
        .await?;
    row.map(|row| row.try_get_by_index(0)).transpose()
}

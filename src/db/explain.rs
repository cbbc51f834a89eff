//! Why a database cannot be used, and the fix, in words for the person who runs Mula.

use std::io::ErrorKind;

use sea_orm::{
    DbErr, RuntimeErr,
    sqlx::{self, postgres::PgConnectOptions},
};

use crate::{config::DatabaseSettings, error::root_cause};

const ENCODE: &str =
    "a password with @ / : # ? or % has to be percent-encoded (@ is %40, / is %2F)";

/// Explains an error, with the setting to change and without a password.
#[must_use]
pub fn explain(error: &DbErr, settings: &DatabaseSettings) -> String {
    let Some(driver) = driver_error(error) else {
        return match error {
            DbErr::Custom(why) => why.clone(),
            error => error.to_string(),
        };
    };
    match settings.sqlite_path() {
        Some(path) => sqlite(driver, &path.display().to_string()),
        None => postgres(driver, settings),
    }
}

/// Whether a start may wait for the database: nothing is wrong with the settings as far as anyone
/// can tell.
#[must_use]
pub fn is_away(error: &DbErr) -> bool {
    match driver_error(error) {
        // A name that does not resolve may be one of a container that is being started.
        Some(sqlx::Error::Io(error)) => of_handshake(error).is_none(),
        Some(sqlx::Error::PoolTimedOut) => true,
        // Connection exceptions, too many connections, starting up or shutting down.
        Some(sqlx::Error::Database(error)) => error.code().is_some_and(|code| {
            code.starts_with("08") || matches!(&*code, "53300" | "57P01" | "57P02" | "57P03")
        }),
        Some(_) => false,
        None => matches!(error, DbErr::ConnectionAcquire(_)),
    }
}

fn driver_error(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => Some(error),
        _ => None,
    }
}

fn postgres(error: &sqlx::Error, settings: &DatabaseSettings) -> String {
    let server = settings.server();
    let Ok(options) = settings.url.parse::<PgConnectOptions>() else {
        return error.to_string();
    };
    match error {
        sqlx::Error::Io(error) => match of_handshake(error) {
            Some(error) => tls(error, &server),
            None => unreachable(error, &options, &server),
        },
        sqlx::Error::Database(error) => {
            refused(error.code().as_deref(), error.message(), &options, &server)
        }
        sqlx::Error::PoolTimedOut => format!(
            "{server} gave no connection within DATABASE_ACQUIRE_TIMEOUT. Check that PostgreSQL \
             runs and has connections left (max_connections)"
        ),
        sqlx::Error::Tls(error) => tls(root_cause(error.as_ref()), &server),
        sqlx::Error::Configuration(error) => {
            format!("invalid DATABASE_URL: {}", root_cause(error.as_ref()))
        }
        // This connection does not LISTEN: it is shared with another client that does.
        sqlx::Error::Protocol(why) if why.contains("NotificationResponse") => {
            transaction_pooler(&server, why)
        }
        sqlx::Error::Protocol(why) => format!(
            "{server} does not speak PostgreSQL's protocol ({why}). Check the host and the port in \
             DATABASE_URL"
        ),
        error => error.to_string(),
    }
}

fn transaction_pooler(server: &str, why: &str) -> String {
    format!(
        "{server} is a pooler in transaction mode ({why}). Connect directly, or to the pooler in \
         session mode"
    )
}

/// The error of a TLS handshake, which the driver returns as one of input.
fn of_handshake(error: &std::io::Error) -> Option<&(dyn std::error::Error + 'static)> {
    let is_invalid = error.kind() == ErrorKind::InvalidData;
    let error = error.get_ref().filter(|_| is_invalid)?;
    Some(error)
}

fn unreachable(error: &std::io::Error, options: &PgConnectOptions, server: &str) -> String {
    if let Some(folder) = options.get_socket() {
        return format!(
            "no PostgreSQL listens on the Unix socket in {} ({error}). Start it, or correct host in \
             DATABASE_URL",
            folder.display()
        );
    }
    match error.kind() {
        ErrorKind::ConnectionRefused => format!(
            "nothing listens at {server} (connection refused). Start PostgreSQL, or correct the \
             host and the port in DATABASE_URL"
        ),
        // The standard library has no kind for a failed lookup.
        _ if is_lookup(error) => format!(
            "the host {:?} of DATABASE_URL does not resolve. Correct the host; {ENCODE}",
            options.get_host()
        ),
        _ => format!(
            "{server} cannot be reached ({error}). Check the host and the port in DATABASE_URL, and \
             that PostgreSQL runs"
        ),
    }
}

fn is_lookup(error: &std::io::Error) -> bool {
    error.raw_os_error().is_none() && error.to_string().contains("lookup")
}

fn refused(code: Option<&str>, message: &str, options: &PgConnectOptions, server: &str) -> String {
    let user = options.get_username();
    let database = options.get_database().unwrap_or(user);
    match code {
        Some("28P01") => format!(
            "{server} rejected the password of the user {user:?}. Correct the user and the password \
             in DATABASE_URL; {ENCODE}"
        ),
        Some("28000") => format!(
            "{server} does not admit the user {user:?} ({message}). Correct the user in \
             DATABASE_URL, or pg_hba.conf on the server"
        ),
        Some("3D000") => format!(
            "the database {database:?} does not exist at {server}. Correct DATABASE_URL, or create \
             it there: CREATE DATABASE \"{database}\" OWNER \"{user}\";"
        ),
        Some("42501") => format!(
            "the user {user:?} of DATABASE_URL lacks a right ({message}). Make it the owner: ALTER \
             DATABASE \"{database}\" OWNER TO \"{user}\"; or: GRANT ALL ON SCHEMA public TO \
             \"{user}\";"
        ),
        // A statement that was prepared on another connection, or on this one by another client.
        Some("26000" | "42P05") => transaction_pooler(server, message),
        Some("53300") => format!(
            "{server} has no connection left ({message}). Lower DATABASE_POOL_SIZE, or raise \
             max_connections"
        ),
        _ => format!("{server}: {message}"),
    }
}

fn tls(error: &dyn std::error::Error, server: &str) -> String {
    let text = error.to_string();
    let fix = if text.contains("CaUsedAsEndEntity") || text.contains("UnknownIssuer") {
        "its certificate is self-signed or of an unknown authority: name the authority's PEM file \
         in DATABASE_URL (sslrootcert=/a/file.pem), or write sslmode=require, which does not verify"
    } else if text.contains("not valid for name") {
        "its certificate is for another name: write that name as the host, or sslmode=verify-ca"
    } else if text.contains("certificate expired") {
        "its certificate has expired: renew it on the server"
    } else if text.contains("not valid yet") {
        "its certificate is not valid yet: compare the clocks of both machines"
    } else {
        "check sslmode and sslrootcert in DATABASE_URL"
    };
    format!("no TLS connection to {server} ({text}); {fix}")
}

fn sqlite(error: &sqlx::Error, path: &str) -> String {
    let sqlx::Error::Database(error) = error else {
        return format!("{path}: {error}. Check DATABASE_URL or DATA_DIR");
    };
    let code = error.code().and_then(|code| code.parse::<i32>().ok());
    // The low byte of an extended code is its primary code (https://www.sqlite.org/rescode.html).
    let fix = match code.map(|code| code & 0xff) {
        Some(11) => "the file is damaged: restore a backup (docs/backup.md)",
        Some(26) => "the file is not a SQLite database: name another in DATABASE_URL or DATA_DIR",
        Some(14) => "check that the user of Mula owns the file and its folder (DATA_DIR)",
        Some(8) => "the file is read-only: make it and its folder writable for the user of Mula",
        Some(5 | 6) => "another program holds the file locked: stop it",
        Some(13) => "the disk is full: make room",
        _ => "check DATABASE_URL or DATA_DIR",
    };
    format!("{path}: {}; {fix}", error.message())
}

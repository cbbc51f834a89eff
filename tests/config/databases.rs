//! Database URLs: accepted forms, and errors.

use super::{POSTGRES, problem};
use crate::support::{SECRET, settings};

#[test]
fn databases_are_named_as_people_name_them() {
    let url = |given: &str| {
        settings(&["--database-url", given, "--secret-key", SECRET])
            .database
            .url
    };
    for same in [
        "postgresql://a:b@db/c",
        "postgres://a:b@db/c",
        "postgresql+asyncpg://a:b@db/c",
        " postgres://a:b@db/c ",
    ] {
        assert_eq!(url(same), "postgres://a:b@db/c");
    }
    assert_eq!(url("sqlite:///srv/mula.db"), "sqlite:///srv/mula.db");
    let name = |given: &str| {
        settings(&["--database-url", given, "--secret-key", SECRET])
            .database
            .name()
    };
    for (given, shown) in [
        (
            "postgres://a:b@[::1]:6543/c",
            "c at [::1]:6543 as a (PostgreSQL)",
        ),
        (
            "postgres://a:b@[::1]/c",
            "c at [::1]:5432 as a (PostgreSQL)",
        ),
        (
            "postgres://a:b@/c?host=/run/pg",
            "c at /run/pg as a (PostgreSQL)",
        ),
        (
            "postgres:///c?host=/run/pg&user=a",
            "c at /run/pg as a (PostgreSQL)",
        ),
        (
            "postgres://a@%2Frun%2Fpg:6543/c",
            "c at /run/pg as a (PostgreSQL)",
        ),
        (
            "postgres://a@localhost/c?host=/run/pg",
            "c at /run/pg as a (PostgreSQL)",
        ),
        (
            "host=/run/pg dbname=c user=a password='b c'",
            "c at /run/pg as a (PostgreSQL)",
        ),
        (
            "postgres://a:p%40ss%2Fw@db/c",
            "c at db:5432 as a (PostgreSQL)",
        ),
        ("postgres://a:p@ss@db/c", "c at db:5432 as a (PostgreSQL)"),
        ("postgres://a:b@db", "a at db:5432 as a (PostgreSQL)"),
        (
            "postgres://a:b@db/c?sslmode=require&channel_binding=require",
            "c at db:5432 as a (PostgreSQL)",
        ),
        ("sqlite:///srv/mula.db?mode=rwc", "/srv/mula.db (SQLite)"),
    ] {
        assert_eq!(name(given), shown, "{given}");
    }
    for bad in [
        "",
        "postgres://",
        "sqlite://",
        "sqlite://:memory:",
        "mysql://a@b/c",
        "db.example.com",
    ] {
        let flag = format!("--database-url={bad}");
        assert!(
            problem(&[&flag, "--secret-key", SECRET]).starts_with("invalid DATABASE_URL: "),
            "{bad}"
        );
    }
}

#[test]
fn nothing_secret_is_ever_shown() {
    let secrets = [
        "--secret-key",
        SECRET,
        "--secret-key-previous",
        "Q7yTn2vLw9rXk4sFc1zBm6hJd3gPf8aE",
    ];
    let shown = format!("{:?}", settings(&[&POSTGRES[..], &secrets].concat()));
    for secret in [SECRET, secrets[3], "hush"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    let wrong = problem(&[
        "--database-url",
        "mariadb://root:hush@db/mula",
        "--secret-key",
        SECRET,
    ]);
    assert!(!wrong.contains("hush"), "{wrong}");
}

#[test]
fn a_replica_is_of_postgresql() {
    let replica = ["--database-read-url", "postgres://mula@replica/mula"];
    assert!(problem(&replica).contains("SQLite"));
    let with = |url| {
        [
            [
                "--database-url",
                "postgres://mula@primary/mula",
                "--secret-key",
                SECRET,
            ],
            ["--database-read-url", url, "--port", "0"],
        ]
        .concat()
    };
    assert!(problem(&with("sqlite://other.db")).contains("DATABASE_READ_URL"));
    let read_url = settings(&with("postgresql://mula@replica/mula"))
        .database
        .read_url;
    assert_eq!(read_url.as_deref(), Some("postgres://mula@replica/mula"));
    // As Compose sets what is not set.
    assert_eq!(settings(&with("")).database.read_url, None);
}

/// Each names the setting and the fix, and none the password.
#[test]
fn wrong_connection_strings_are_explained() {
    for (given, why) in [
        ("mysql://ann:hush@db/mula", "mysql:// is not supported"),
        ("\"postgres://ann:hush@db/mula\"", "remove the quotes"),
        ("postgres://ann:hush/hush@db/mula", "%2F"),
        ("postgres://ann:hush#hush@db/mula", "%23"),
        ("postgres://ann:hush?hush@db/mula", "%3F"),
        ("postgres://ann:hush@db:54x/mula", "its port"),
        ("postgres://ann:hush@one:1,two:2/mula", "several hosts"),
        (
            "postgres://ann:hush@db/mula?sslmode=bogus",
            "sslmode is not one of disable",
        ),
        (
            "postgres://ann:hush@db/mula?sslrootcert=/nope.pem",
            "sslrootcert=/nope.pem",
        ),
        ("host=db password='hush", "does not end"),
        ("sqlite://", "names no file"),
        ("sqlite://:memory:", "in memory"),
    ] {
        let flag = format!("--database-url={given}");
        let problem = problem(&[&flag, "--secret-key", SECRET]);
        assert!(
            problem.starts_with("invalid DATABASE_URL: ") && problem.contains(why),
            "{given}: {problem}"
        );
        assert!(!problem.contains("hush"), "{problem}");
    }
}

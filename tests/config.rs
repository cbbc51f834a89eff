//! The settings: what is refused, and what to do instead.

use std::{collections::HashSet, os::unix::fs::PermissionsExt};

use futures_util::future::join_all;

use crate::support::{SECRET, given, settings};

/// All that is wrong, a line each.
fn problems(flags: &[&str]) -> Vec<String> {
    given(flags)
        .check()
        .err()
        .map(|problems| problems.0)
        .unwrap_or_default()
}

/// The one thing that is wrong.
#[track_caller]
fn problem(flags: &[&str]) -> String {
    let mut problems = problems(flags);
    assert_eq!(problems.len(), 1, "{flags:?}: {problems:?}");
    problems.remove(0)
}

const POSTGRES: [&str; 2] = ["--database-url", "postgres://mula:hush@db/mula"];

#[test]
fn all_that_is_wrong_is_named_at_once() {
    let wrong = [
        ("--environment", "staging", "ENVIRONMENT"),
        ("--host", "localhost", "HOST"),
        ("--port", "65536", "PORT"),
        ("--database-url", "mysql://db/mula", "DATABASE_URL"),
        ("--database-pool-size", "0", "DATABASE_POOL_SIZE"),
        (
            "--database-acquire-timeout",
            "5 parsecs",
            "DATABASE_ACQUIRE_TIMEOUT",
        ),
        ("--database-ping", "maybe", "DATABASE_PING"),
        ("--database-echo", "2", "DATABASE_ECHO"),
        ("--secret-key", "short", "SECRET_KEY"),
        ("--secret-key-previous", "short, too", "SECRET_KEY_PREVIOUS"),
        ("--token-lifetime", "0s", "TOKEN_LIFETIME"),
        ("--bcrypt-cost", "3", "BCRYPT_COST"),
        ("--allowed-origins", "*", "ALLOWED_ORIGINS"),
        ("--graphiql", "on", "GRAPHIQL"),
        ("--page-size", "0", "PAGE_SIZE"),
        ("--page-size-max", "many", "PAGE_SIZE_MAX"),
        ("--question-min", "-1", "QUESTION_MIN"),
        ("--question-max", "10001", "QUESTION_MAX"),
        ("--log-format", "xml", "LOG_FORMAT"),
        ("--log-level", "mula=loud", "LOG_LEVEL"),
        ("--shutdown-timeout", "1h", "SHUTDOWN_TIMEOUT"),
        ("--trusted-proxies", "10.0.0.0/33", "TRUSTED_PROXIES"),
        ("--login-rate", "60", "LOGIN_RATE"),
        ("--register-rate", "0/1h", "REGISTER_RATE"),
        ("--ask-rate", "10/2days", "ASK_RATE"),
        ("--ask-wait", "", "ASK_WAIT"),
        ("--writers", "0", "WRITERS"),
        ("--lease", "10ms", "LEASE"),
        ("--cache-lifetime", "forever", "CACHE_LIFETIME"),
        ("--readings-per-day", "1.5", "READINGS_PER_DAY"),
        ("--embedded-pace", "1001", "EMBEDDED_PACE"),
        ("--metrics-address", "9090", "METRICS_ADDRESS"),
        ("--sentry-dsn", "https://sentry.example.com/1", "SENTRY_DSN"),
    ];
    let flags: Vec<_> = wrong
        .iter()
        .map(|(flag, value, _)| format!("{flag}={value}"))
        .collect();

    let problems = problems(&flags.iter().map(String::as_str).collect::<Vec<_>>());

    for (flag, _, name) in wrong {
        let named = |line: &&String| {
            line.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with(['=', ' ']))
        };
        assert_eq!(
            problems.iter().filter(named).count(),
            1,
            "{flag}: {problems:#?}"
        );
    }
    assert_eq!(problems.len(), wrong.len(), "{problems:#?}");
}

#[test]
fn the_defaults_are_good() {
    let dir = tempfile::tempdir().unwrap();
    let settings = settings(&["--data-dir", dir.path().to_str().unwrap()]);

    assert_eq!(
        (settings.host.to_string().as_str(), settings.port),
        ("127.0.0.1", 8000)
    );
    assert!(settings.database.is_sqlite() && settings.graphiql);
    assert_eq!(settings.bcrypt_cost, 12);
    assert_eq!(settings.token_lifetime.as_secs(), 24 * 60 * 60);
    let limits = settings.limits;
    assert_eq!([limits.page_size, limits.page_size_max], [20, 100]);
    assert_eq!([limits.question_min, limits.question_max], [5, 500]);
}

#[test]
fn limits_fit_together() {
    assert!(
        problem(&[
            "--page-size",
            "50",
            "--page-size-max",
            "40",
            "--secret-key",
            SECRET
        ])
        .contains("PAGE_SIZE_MAX")
    );
    assert!(
        problem(&[
            "--question-min",
            "50",
            "--question-max",
            "40",
            "--secret-key",
            SECRET
        ])
        .contains("QUESTION_MAX")
    );
}

#[test]
fn a_secret_is_required_where_there_are_several_instances_or_strangers() {
    for flags in [&POSTGRES[..], &["--environment", "production"]] {
        let problem = problem(flags);
        assert!(
            problem.starts_with("SECRET_KEY") && problem.contains("openssl rand"),
            "{problem}"
        );
        settings(&[flags, &["--secret-key", SECRET]].concat());
    }
}

#[test]
fn a_secret_that_is_none_is_refused() {
    for (secret, why) in [
        ("", "shorter"),
        ("0123456789abcdef0123456789abcde", "shorter"),
        ("your-secret-key-change-in-production", "well-known"),
        ("YOUR-SECRET-KEY-change-in-production!!", "well-known"),
        (
            "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
            "well-known",
        ),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "random"),
        ("abcabcabcabcabcabcabcabcabcabcabcabcabc", "random"),
    ] {
        for (flag, more) in [
            ("--secret-key", &[][..]),
            ("--secret-key-previous", &["--secret-key", SECRET]),
        ] {
            let problem = problem(&[&[flag, secret], more].concat());
            assert!(
                problem.contains(why) && problem.contains("openssl rand"),
                "{secret:?}: {problem}"
            );
            assert!(
                secret.is_empty() || !problem.contains(secret),
                "it is repeated: {problem}"
            );
        }
    }
}

#[test]
fn the_example_files_values_are_no_secrets() {
    let example = include_str!("../.env.example");

    for line in example.lines().filter(|line| line.contains("SECRET_KEY")) {
        let Some((_, value)) = line.split_once('=') else {
            continue;
        };
        if value.len() >= 32 {
            assert!(!problems(&["--secret-key", value]).is_empty(), "{line}");
        }
    }
}

#[test]
fn a_secret_is_made_once_and_for_the_owner_only() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("new/data");
    let flags = ["--data-dir", data.to_str().unwrap()];

    let first = settings(&flags).secrets.current;

    assert!(first.len() >= 32);
    let key = data.join("secret.key");
    assert_eq!(
        std::fs::metadata(&key).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(std::fs::read_dir(&data).unwrap().count(), 1);
    assert_eq!(settings(&flags).secrets.current, first);
    // One that was spoilt is not used, nor replaced.
    std::fs::write(&key, "short").unwrap();
    assert!(problem(&flags).contains("DATA_DIR"));
}

#[tokio::test]
async fn starts_at_once_agree_on_the_secret() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_str().unwrap().to_owned();

    let starts = (0..16).map(|_| {
        let path = path.clone();
        tokio::task::spawn_blocking(move || settings(&["--data-dir", &path]).secrets.current)
    });
    let secrets: HashSet<_> = join_all(starts)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();

    assert_eq!(secrets.len(), 1);
}

#[test]
fn a_start_that_is_refused_leaves_no_trace() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");

    problem(&["--data-dir", data.to_str().unwrap(), "--port", "http"]);

    assert!(!data.exists());
}

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
            problem(&[&flag, "--secret-key", SECRET]).starts_with("DATABASE_URL"),
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
fn origins_are_what_browsers_send() {
    let origins = |given: &str| {
        settings(&["--allowed-origins", given, "--secret-key", SECRET]).allowed_origins
    };
    assert_eq!(origins(""), Vec::<String>::new());
    assert_eq!(
        origins("https://App.example.com/, http://localhost:3000,,http://[::1]:5173"),
        [
            "https://app.example.com",
            "http://localhost:3000",
            "http://[::1]:5173"
        ]
    );
    for bad in [
        "*",
        "app.example.com",
        "https://",
        "https://a.example/path",
        "ftp://a.example",
        "https://*.example.com",
        "null",
    ] {
        let problem = problem(&["--allowed-origins", bad, "--secret-key", SECRET]);
        assert!(problem.starts_with("ALLOWED_ORIGINS"), "{bad}: {problem}");
    }
}

#[test]
fn how_often_and_whom_to_believe() {
    let clients = settings(&[]).clients;
    assert!(clients.trusted_proxies.is_empty());
    let rate = clients.login.unwrap();
    assert_eq!((rate.count.get(), rate.per.as_secs()), (60, 600));

    let clients = settings(&[
        "--trusted-proxies",
        " 10.0.0.7, 172.16.0.0/12,fd00::/8 ",
        "--login-rate",
        "5 / 1m",
        "--register-rate",
        "OFF",
    ])
    .clients;
    let proxies: Vec<_> = clients
        .trusted_proxies
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(proxies, ["10.0.0.7/32", "172.16.0.0/12", "fd00::/8"]);
    assert_eq!(clients.login.unwrap().per.as_secs(), 60);
    assert_eq!(clients.register, None);
    assert_eq!(clients.ask.unwrap().count.get(), 10);
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

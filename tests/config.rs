//! The settings: what is refused, and what to do instead.

mod databases;
mod secrets;

use crate::support::{SECRET, given, settings};

/// The errors in these settings, one line each.
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
        ("--host", "not a host", "HOST"),
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
        ("--session-idle", "a while", "SESSION_IDLE"),
        ("--session-max", "11years", "SESSION_MAX"),
        ("--session-cookie", "on", "SESSION_COOKIE"),
        ("--guests", "some", "GUESTS"),
        ("--guest-lifetime", "10s", "GUEST_LIFETIME"),
        ("--guest-readings-per-day", "-1", "GUEST_READINGS_PER_DAY"),
        ("--bcrypt-cost", "3", "BCRYPT_COST"),
        ("--allowed-origins", "*", "ALLOWED_ORIGINS"),
        ("--web", "on", "WEB"),
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
            line.strip_prefix("invalid ")
                .unwrap_or(line)
                .strip_prefix(name)
                .is_some_and(|rest| rest.starts_with([':', ' ']))
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
    assert!(settings.database.is_sqlite() && settings.web && settings.graphiql);
    assert_eq!(settings.bcrypt_cost, 12);
    assert!(settings.guests.are_allowed && !settings.http.session_cookie);
    let sessions = settings.sessions;
    let days = [sessions.token, sessions.idle, sessions.max].map(|time| time.num_days());
    assert_eq!(days, [1, 30, 180]);
    let limits = settings.limits;
    assert_eq!([limits.page_size, limits.page_size_max], [20, 100]);
    assert_eq!([limits.question_min, limits.question_max], [5, 500]);
}

#[test]
fn the_built_in_advisor_writes_to_be_watched_in_development_alone() {
    let pause = |flags: &[&str]| {
        let dir = tempfile::tempdir().unwrap();
        let data = ["--data-dir", dir.path().to_str().unwrap()];
        settings(&[&data[..], flags].concat())
            .writing
            .embedded_pause
            .as_millis()
    };
    let production = ["--environment", "production", "--secret-key", SECRET];

    assert_eq!(pause(&[]), 40);
    assert_eq!(pause(&["--embedded-pace", "0"]), 0);
    assert_eq!(pause(&production), 0);
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
fn sessions_last_at_least_as_long_as_their_tokens() {
    let days = |flags: &[&str]| {
        let sessions = settings(&[flags, &["--secret-key", SECRET]].concat()).sessions;
        [sessions.token, sessions.idle, sessions.max].map(|time| time.num_days())
    };
    // As before there were sessions that are extended.
    assert_eq!(days(&["--token-lifetime", "365days"]), [365, 365, 365]);
    assert_eq!(days(&["--session-idle", "200days"]), [1, 200, 200]);
    assert_eq!(
        days(&["--session-idle", "", "--session-max", "90days"]),
        [1, 30, 90]
    );
    for (flags, name) in [
        (["--session-idle", "1h"], "SESSION_IDLE"),
        (["--session-max", "7days"], "SESSION_MAX"),
    ] {
        let problem = problem(&[&flags[..], &["--secret-key", SECRET]].concat());
        assert!(problem.contains(name), "{problem}");
    }
}

#[test]
fn a_start_that_is_refused_leaves_no_trace() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");

    problem(&["--data-dir", data.to_str().unwrap(), "--port", "http"]);

    assert!(!data.exists());
}

#[test]
fn origins_are_what_browsers_send() {
    for bad in [
        "*",
        "app.example.com",
        "https://",
        "https://a.example/path",
        "https://*",
        "https://*.com",
        "https://a*.example.com",
        "https://a.*.example.com",
        "https://a.example:port",
        "*://a.example",
        "null",
    ] {
        let problem = problem(&["--allowed-origins", bad, "--secret-key", SECRET]);
        assert!(
            problem.starts_with("invalid ALLOWED_ORIGINS"),
            "{bad}: {problem}"
        );
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
fn log_levels_are_levels() {
    for (given, write) in [
        ("warning", "write warn"),
        ("CRITICAL", "write error"),
        ("loud", "write one of error, warn"),
        ("info,mula", "write one of error, warn"),
        ("", "write one of error, warn"),
        ("mula=loud", "write for example"),
    ] {
        let flag = format!("--log-level={given}");
        let problem = problem(&[&flag, "--secret-key", SECRET]);
        assert!(
            problem.starts_with(&format!("invalid LOG_LEVEL {given:?}: "))
                && problem.contains(write),
            "{problem}"
        );
    }
    for good in [
        "info",
        "WARN",
        "off",
        "info,mula=debug",
        "mula::http=trace,warn",
    ] {
        settings(&["--log-level", good, "--secret-key", SECRET]);
    }
}

#[test]
fn the_server_listens_where_people_write() {
    for (given, address) in [
        ("localhost", "127.0.0.1"),
        ("[::]", "::"),
        ("::", "::"),
        ("0.0.0.0", "0.0.0.0"),
    ] {
        let host = settings(&["--host", given, "--secret-key", SECRET]).host;
        assert_eq!(host.to_string(), address);
    }
    let metrics = [
        "--metrics-address",
        "localhost:9090",
        "--secret-key",
        SECRET,
    ];
    let metrics = settings(&metrics).http.metrics_address;
    assert_eq!(metrics.unwrap().to_string(), "127.0.0.1:9090");
}

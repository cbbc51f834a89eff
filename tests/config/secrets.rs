//! The secret key: when it is required, and how one is generated.

use std::{collections::HashSet, os::unix::fs::PermissionsExt};

use futures_util::future::join_all;

use super::{POSTGRES, problem, problems};
use crate::support::{SECRET, settings};

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
    let example = include_str!("../../.env.example");

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

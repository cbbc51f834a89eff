//! The build in `mula --version`: the target, and for a release the commit and its date,
//! from git or, where there is none, from `MULA_COMMIT` and `MULA_COMMIT_DATE`.

use std::{env, process::Command};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = env::var("TARGET").unwrap_or_default();
    println!("cargo:rustc-env=MULA_TARGET={target}");
    // Only then: a debug build would be made anew after each commit.
    let is_release = env::var("PROFILE").as_deref() == Ok("release");
    for (name, format) in [("MULA_COMMIT", "%h"), ("MULA_COMMIT_DATE", "%cs")] {
        println!("cargo:rerun-if-env-changed={name}");
        let given = env::var(name).ok().filter(|value| !value.is_empty());
        let value = given.or_else(|| is_release.then(|| git(format)).flatten());
        println!("cargo:rustc-env={name}={}", value.unwrap_or_default());
    }
    if is_release {
        println!("cargo:rerun-if-changed=.git/HEAD");
    }
}

fn git(format: &str) -> Option<String> {
    let log = ["log", "-1", "--abbrev=12", &format!("--format={format}")].map(str::to_owned);
    let output = Command::new("git").args(log).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned()).filter(|text| output.status.success() && !text.is_empty())
}

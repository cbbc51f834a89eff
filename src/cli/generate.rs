//! Texts that are made from the command line's declaration: completions, the manual page, the version.

use std::io::{self, Write};

use clap_complete::Shell;

use super::{Error, command, parser};

#[derive(Debug, clap::Args)]
pub struct Completions {
    /// The shell to complete in
    shell: Shell,
}

pub fn completions(arguments: &Completions) -> Result<(), Error> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut parser(command()), "mula", &mut script);
    io::stdout().lock().write_all(&script)?;
    Ok(())
}

pub fn man() -> Result<(), Error> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command()).render(&mut page)?;
    io::stdout().lock().write_all(&page)?;
    Ok(())
}

/// The version, the commit and its date, and the target: `0.1.0 (5f75cb9 2026-11-29,
/// x86_64-unknown-linux-gnu)`.
pub(super) fn version() -> String {
    let commit = match (env!("MULA_COMMIT"), env!("MULA_COMMIT_DATE")) {
        ("", _) => "no commit".to_owned(),
        (commit, date) => format!("{commit} {date}"),
    };
    format!(
        "{} ({}, {})",
        env!("CARGO_PKG_VERSION"),
        commit.trim_end(),
        env!("MULA_TARGET")
    )
}

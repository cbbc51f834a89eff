//! docs/settings.md and docs/commands.md, from the declaration of the command line.

use std::fmt::Write;

use clap::{Arg, Command};

const SETTINGS: &str = "<!-- Printed from the command line's declaration by `make reference`; a test compares. -->

# Settings

Each setting is a flag (`--log-level`), an environment variable (`LOG_LEVEL`), or a line of a file `.env` in the folder
where Mula is started; [.env.example](../.env.example) has them all. Flags win over the environment, and the environment
over the file. An empty value is unset. A secret can be in a file: `SECRET_KEY_FILE=/run/secrets/key`, and so on for
every key and every URL with a password.

All settings are checked at start, misspelt names included, and all mistakes are listed together, each with the value,
the rule and the fix. `mula doctor` checks them without serving. Durations are written as `500ms`, `30s`, `10m`, `24h` or
`30days`; rates as a number and a duration, `60/10m`; lists with commas between.

[accounts.md](accounts.md) explains those of sessions, [models.md](models.md) those of a language model,
[deployment.md](deployment.md) those that a server on the internet needs, [scaling.md](scaling.md) those that depend on
its size.

| setting | default | meaning |
| --- | --- | --- |
";

const COMMANDS: &str = "<!-- Printed from the command line's declaration by `make reference`; a test compares. -->

# Commands

`mula` alone serves. Every command takes the [settings](settings.md) that it needs, and `--help`. The exit code is 0, or 1
if the command failed, or 2 if the command line or a setting is invalid. `cargo run --release -- user list` runs a command
from the source.
";

/// A text of the help in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}

fn help(arg: &Arg) -> String {
    let help = arg.get_long_help().or(arg.get_help());
    let help = help.unwrap_or_else(|| panic!("{} is described", arg.get_id()));
    let words: Vec<_> = help
        .to_string()
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    words.join(" ")
}

fn default(arg: &Arg) -> String {
    let values = arg.get_default_values().iter();
    let values: Vec<_> = values
        .map(|value| format!("`{}`", value.to_string_lossy()))
        .collect();
    values.join(", ")
}

fn settings() -> String {
    let mut page = SETTINGS.to_owned();
    for arg in mula::cli::command().get_arguments() {
        if let Some(name) = arg.get_env() {
            let name = name.to_string_lossy();
            writeln!(
                page,
                "| `{name}` | {} | {} |",
                default(arg),
                cell(&help(arg))
            )
            .unwrap();
        }
    }
    page
}

/// A command and those under it; `path` is how it is called.
fn describe(page: &mut String, path: &str, command: &Command) {
    let own = |arg: &&Arg| arg.get_env().is_none() && !arg.is_hide_set();
    let arguments: Vec<_> = command.get_arguments().filter(own).collect();
    let positional = arguments.iter().filter(|arg| arg.is_positional());
    let usage = positional.fold(format!("mula{path}"), |usage, arg| {
        let name = arg
            .get_value_names()
            .map_or(arg.get_id().as_str(), |names| names[0].as_str());
        if arg.is_required_set() {
            format!("{usage} <{name}>")
        } else {
            format!("{usage} [{name}]")
        }
    });
    let about = command
        .get_about()
        .unwrap_or_else(|| panic!("{path} is described"));
    let level = "#".repeat(path.split(' ').count());
    writeln!(page, "\n{level} `{usage}`\n\n{about}.").unwrap();
    if !arguments.is_empty() {
        writeln!(
            page,
            "\n| argument | default | meaning |\n| --- | --- | --- |"
        )
        .unwrap();
    }
    for arg in arguments {
        let names = arg.get_value_names().unwrap_or_default();
        let value = names.first().map_or("", |name| name.as_str());
        let name = match arg.get_long() {
            Some(long) if arg.get_action().takes_values() => format!("--{long} <{value}>"),
            Some(long) => format!("--{long}"),
            None => value.to_owned(),
        };
        let name = name.replace('|', "\\|");
        let default = if arg.get_action().takes_values() {
            default(arg)
        } else {
            String::new()
        };
        writeln!(page, "| `{name}` | {default} | {} |", cell(&help(arg))).unwrap();
    }
    for command in command.get_subcommands() {
        describe(page, &format!("{path} {}", command.get_name()), command);
    }
}

fn commands() -> String {
    let mut page = COMMANDS.to_owned();
    for command in mula::cli::command().get_subcommands() {
        describe(&mut page, &format!(" {}", command.get_name()), command);
    }
    page
}

/// As printed, or printed anew.
#[track_caller]
fn assert_current(path: &str, page: &str) {
    if std::env::var_os("PRINT_REFERENCE").is_some() {
        std::fs::write(path, page).unwrap();
    }
    let printed = std::fs::read_to_string(path).unwrap();
    assert_eq!(printed, page, "print it anew with: make reference");
}

#[test]
fn the_settings_are_listed() {
    assert_current("docs/settings.md", &settings());
}

#[test]
fn the_commands_are_listed() {
    assert_current("docs/commands.md", &commands());
}

//! `mula user create`, `reset-password` and `reset-link`: accounts with a password that is generated and
//! printed, or read from standard input, or chosen by their owner.

use std::io::{self, BufRead, Write};

use serde_json::json;

use super::{Error, Opened, count, user_show::typed};
use crate::{
    account::{operator, password::Hasher},
    clock::Clock,
    config::AccountSettings,
};

/// The password, and whether it was generated.
fn password(from_stdin: bool) -> Result<(String, bool), Error> {
    if !from_stdin {
        let generated = operator::new_password().map_err(|error| Error::Operator(error.into()))?;
        return Ok((generated, true));
    }
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    read.map_err(|error| Error::File {
        path: "standard input".into(),
        error,
    })?;
    let password = line.trim_end_matches(['\n', '\r']);
    Ok((password.to_owned(), false))
}

/// # Errors
///
/// If the names or the password fail their rules, or a name is taken.
pub(super) async fn create(
    opened: &Opened,
    settings: &AccountSettings,
    email: &str,
    username: &str,
    from_stdin: bool,
    as_json: bool,
) -> Result<(), Error> {
    let (password, is_generated) = password(from_stdin)?;
    let passwords = Hasher::start(settings.bcrypt_cost).map_err(Error::Runtime)?;
    let now = Clock::default().now();
    let names = (email, username);
    let created = operator::create(&opened.database, &passwords, names, &password, now).await;
    let user = created.map_err(|error| failed(opened, email, error))?;
    let mut out = io::stdout().lock();
    let shown = is_generated.then_some(&password);
    if as_json {
        let created = json!({
            "id": typed(user.id, "user"),
            "uuid": user.id,
            "email": user.email,
            "username": user.username,
            "password": shown,
        });
        writeln!(out, "{created:#}")?;
    } else {
        writeln!(out, "{} is created: {}", user.email, typed(user.id, "user"))?;
        print(&mut out, shown)?;
    }
    Ok(())
}

/// # Errors
///
/// If there is no such account, or the password fails its rules.
pub(super) async fn reset(
    opened: &Opened,
    settings: &AccountSettings,
    email: &str,
    from_stdin: bool,
    as_json: bool,
) -> Result<(), Error> {
    let (password, is_generated) = password(from_stdin)?;
    let passwords = Hasher::start(settings.bcrypt_cost).map_err(Error::Runtime)?;
    let now = Clock::default().now();
    let reset = operator::reset_password(&opened.database, &passwords, email, &password, now).await;
    let ended = reset.map_err(|error| failed(opened, email, error))?;
    let mut out = io::stdout().lock();
    let shown = is_generated.then_some(&password);
    if as_json {
        let reset = json!({ "email": email, "password": shown, "ended_sessions": ended });
        writeln!(out, "{reset:#}")?;
    } else {
        let ended = count(ended, "session");
        writeln!(out, "{email} has a new password; {ended} ended")?;
        print(&mut out, shown)?;
    }
    Ok(())
}

/// # Errors
///
/// If there is no such account, or `APP_URL` is not set.
pub(super) async fn reset_link(
    opened: &Opened,
    settings: &AccountSettings,
    email: &str,
    as_json: bool,
) -> Result<(), Error> {
    let app_url = settings.app_url.as_ref().ok_or(Error::NoAppUrl)?;
    let now = Clock::default().now();
    let link = operator::reset_link(&opened.database, app_url, email, now).await;
    let link = link.map_err(|error| failed(opened, email, error))?;
    let mut out = io::stdout().lock();
    if as_json {
        writeln!(out, "{:#}", json!({ "email": email, "link": link }))?;
    } else {
        writeln!(out, "{link}")?;
    }
    Ok(())
}

fn print(out: &mut impl Write, password: Option<&String>) -> io::Result<()> {
    match password {
        Some(password) => writeln!(out, "password: {password}"),
        None => Ok(()),
    }
}

fn failed(opened: &Opened, email: &str, error: operator::Error) -> Error {
    match error {
        operator::Error::Database(error) => opened.failed(&error),
        operator::Error::NoSuchUser => Error::NoSuchUser(email.to_owned()),
        error => Error::Operator(error),
    }
}

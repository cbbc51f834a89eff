//! `mula user create`, `reset-password` and `reset-link`: accounts with a password that is generated and
//! printed, or read from standard input, or chosen by their owner.

use std::io::{self, BufRead};

use serde_json::json;

use super::{Error, Opened, count, print, user_show::typed};
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
    let (names, clock) = ((email, username), Clock::default());
    let created = operator::create(&opened.database, &passwords, names, &password, &clock).await;
    let user = opened.changed(email, created)?;
    let id = typed(user.id, "user");
    let shown = is_generated.then_some(&password);
    let json = json!({
        "id": id,
        "uuid": user.id,
        "email": user.email,
        "username": user.username,
        "password": shown,
    });
    let text = format!("{} is created: {id}{}", user.email, line(shown));
    print(as_json, &json, text)
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
    let clock = Clock::default();
    let reset = operator::reset_password(&opened.database, &passwords, email, &password, &clock);
    let reset = reset.await;
    let ended = opened.changed(email, reset)?;
    let shown = is_generated.then_some(&password);
    let json = json!({ "email": email, "password": shown, "ended_sessions": ended });
    let ended = count(ended, "session");
    let text = format!("{email} has a new password; {ended} ended{}", line(shown));
    print(as_json, &json, text)
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
    let link = opened.changed(email, link)?;
    print(as_json, &json!({ "email": email, "link": link }), &link)
}

/// A further line with the password, where it is to be shown.
fn line(password: Option<&String>) -> String {
    password.map_or_else(String::new, |password| format!("\npassword: {password}"))
}

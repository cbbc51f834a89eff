//! `mula user`: accounts, for whoever runs the service.

use std::io::{self, IsTerminal, Write};

use super::{Error, Opened, count};
use crate::{account, clock::Clock, config::DatabaseSettings};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List all accounts, oldest first
    List,
    /// Let an account sign in again
    Activate {
        /// The account's email
        email: String,
    },
    /// Keep an account out, at once; its readings are kept
    Deactivate {
        /// The account's email
        email: String,
    },
    /// Delete an account with its sessions and readings, for good
    Delete {
        /// The account's email
        email: String,
        /// Confirm that it is to be deleted
        #[arg(long)]
        yes: bool,
    },
}

pub async fn run(command: Command, settings: &DatabaseSettings) -> Result<(), Error> {
    if let Command::Delete { email, yes: false } = command {
        return Err(Error::NotConfirmed(email));
    }
    let opened = Opened::migrated(settings).await?;
    let (found, email, done) = match command {
        Command::List => return list(opened).await,
        Command::Activate { email } => (
            set_active(&opened, &email, true).await?,
            email,
            "can sign in",
        ),
        Command::Deactivate { email } => (
            set_active(&opened, &email, false).await?,
            email,
            "is kept out, from now on",
        ),
        Command::Delete { email, .. } => {
            let found = account::delete_by_email(&opened.database, &email).await;
            (opened.named(found)?, email, "is deleted")
        }
    };
    opened.database.close().await;
    if !found {
        return Err(Error::NoSuchUser(email));
    }
    writeln!(io::stdout(), "{email} {done}")?;
    Ok(())
}

async fn set_active(opened: &Opened, email: &str, active: bool) -> Result<bool, Error> {
    opened.named(account::set_active(&opened.database, email, active, Clock::default().now()).await)
}

const HEAD: [&str; 5] = ["EMAIL", "USERNAME", "ACTIVE", "SESSIONS", "SINCE (UTC)"];

async fn list(opened: Opened) -> Result<(), Error> {
    let show_progress = io::stderr().is_terminal();
    let mut rows: Vec<[String; 5]> = Vec::new();
    let mut inactive = 0_u64;
    let listed = account::list(
        &opened.database,
        |user, live_sessions| {
            inactive += u64::from(!user.is_active);
            rows.push([
                user.email.clone(),
                user.username.clone(),
                if user.is_active { "yes" } else { "no" }.to_owned(),
                live_sessions.to_string(),
                user.created_at.format("%Y-%m-%d %H:%M").to_string(),
            ]);
            if show_progress && rows.len().is_multiple_of(500) {
                eprint!("\r{} read", count(rows.len(), "account"));
            }
        },
        Clock::default().now(),
    )
    .await;
    if show_progress && rows.len() >= 500 {
        eprint!("\r\x1b[K");
    }
    opened.named(listed)?;
    opened.database.close().await;

    let mut out = io::BufWriter::new(io::stdout().lock());
    if !rows.is_empty() {
        let widths: [usize; 5] = std::array::from_fn(|column| {
            rows.iter()
                .map(|row| row[column].chars().count())
                .fold(HEAD[column].len(), usize::max)
        });
        let [email, username, active, sessions, _] = widths;
        for row in
            std::iter::once(HEAD).chain(rows.iter().map(|row| row.each_ref().map(String::as_str)))
        {
            writeln!(
                out,
                "{:<email$}  {:<username$}  {:<active$}  {:>sessions$}  {}",
                row[0], row[1], row[2], row[3], row[4]
            )?;
        }
        writeln!(out)?;
    }
    writeln!(
        out,
        "{}, {inactive} of them inactive",
        count(rows.len(), "account")
    )?;
    out.flush()?;
    Ok(())
}

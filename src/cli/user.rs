//! `mula user`: accounts, for operators.

use std::io::{self, IsTerminal, Write};

use serde_json::json;

use super::{
    Error, Opened, count,
    table::table,
    user_change::{self, Revoke},
    user_password, user_quota, user_show,
};
use crate::{
    account::operator,
    clock::Clock,
    config::{AccountSettings, DatabaseSettings},
    entity::user,
};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List all accounts, oldest first
    List {
        /// Print a JSON array
        #[arg(long)]
        json: bool,
    },
    /// Show an account: sessions, last sign-in, readings, usage, limits reached, the newest events
    Show {
        /// The account's email or id, or the id of a session or reading of its own, as logs or the API
        /// write it
        #[arg(value_name = "EMAIL|ID")]
        account: String,
        /// Print a JSON object
        #[arg(long)]
        json: bool,
    },
    /// Make an account
    Create {
        /// The account's email
        email: String,
        /// The account's username
        #[arg(long)]
        username: String,
        /// Read the password from standard input; without it, one is generated and printed
        #[arg(long)]
        stdin: bool,
        /// Print a JSON object
        #[arg(long)]
        json: bool,
    },
    /// Give an account a new password, and end its sessions
    ResetPassword {
        /// The account's email
        email: String,
        /// Read the password from standard input; without it, one is generated and printed
        #[arg(long)]
        stdin: bool,
        /// Print a JSON object
        #[arg(long)]
        json: bool,
    },
    /// Print a link by which its owner chooses a new password, once and within an hour; needs the address that links begin with
    ResetLink {
        /// The account's email
        email: String,
        /// Print a JSON object
        #[arg(long)]
        json: bool,
    },
    /// Change an account's address, without a message to it or to the earlier one; nobody has confirmed it then
    SetEmail {
        /// The account's email or id
        #[arg(value_name = "EMAIL|ID")]
        account: String,
        /// The new address
        new: String,
        /// Print a JSON object
        #[arg(long)]
        json: bool,
    },
    /// List an account's live sessions, or end them: within a second on every instance
    Sessions {
        /// The account's email or id
        #[arg(value_name = "EMAIL|ID")]
        account: String,
        /// End all of them
        #[arg(long, conflicts_with = "revoke")]
        revoke_all: bool,
        /// End this one
        #[arg(long, value_name = "SESSION")]
        revoke: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show or set an account's own limits of readings a day and cost a month
    Quota(user_quota::Arguments),
    /// Let an account sign in again
    Activate {
        /// The account's email
        email: String,
    },
    /// Sign an account out everywhere and refuse its sign-ins; its readings are kept
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

pub async fn run(
    command: Command,
    database: &DatabaseSettings,
    settings: &AccountSettings,
) -> Result<(), Error> {
    if let Command::Delete { email, yes: false } = command {
        return Err(Error::NotConfirmed(email));
    }
    let opened = Opened::migrated(database).await?;
    let (found, email, done) = match command {
        Command::List { json } => return list(opened, json).await,
        Command::Show { account, json } => {
            return user_show::run(&opened, &account, settings, json).await;
        }
        Command::Create {
            email,
            username,
            stdin,
            json,
        } => return user_password::create(&opened, settings, &email, &username, stdin, json).await,
        Command::ResetPassword { email, stdin, json } => {
            return user_password::reset(&opened, settings, &email, stdin, json).await;
        }
        Command::ResetLink { email, json } => {
            return user_password::reset_link(&opened, settings, &email, json).await;
        }
        Command::SetEmail { account, new, json } => {
            return user_change::set_email(&opened, &account, &new, json).await;
        }
        Command::Sessions {
            account,
            revoke_all,
            revoke,
            json,
        } => {
            let revoke = match (revoke, revoke_all) {
                (Some(session), _) => Revoke::One(session),
                (None, true) => Revoke::All,
                (None, false) => Revoke::None,
            };
            return user_change::sessions(&opened, &account, revoke, json).await;
        }
        Command::Quota(arguments) => return user_quota::run(&opened, arguments, settings).await,
        Command::Activate { email } => {
            let found = set_active(&opened, &email, true).await?;
            (found, email, "can sign in")
        }
        Command::Deactivate { email } => {
            let found = set_active(&opened, &email, false).await?;
            (found, email, "is deactivated and signed out")
        }
        Command::Delete { email, .. } => {
            let found = operator::delete(&opened.database, &email).await;
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
    opened
        .named(operator::set_active(&opened.database, email, active, Clock::default().now()).await)
}

const HEAD: [&str; 6] = [
    "EMAIL",
    "USERNAME",
    "ACTIVE",
    "SESSIONS",
    "SINCE (UTC)",
    "ID",
];

struct Row {
    user: user::Model,
    sessions: u64,
}

async fn list(opened: Opened, as_json: bool) -> Result<(), Error> {
    let show_progress = io::stderr().is_terminal();
    let mut rows = Vec::new();
    let listed = operator::list(
        &opened.database,
        |user, sessions| {
            let user = user.clone();
            rows.push(Row { user, sessions });
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
    if as_json {
        let rows: Vec<_> = rows.iter().map(json).collect();
        writeln!(out, "{:#}", serde_json::Value::from(rows))?;
    } else {
        text(&mut out, &rows)?;
    }
    out.flush()?;
    Ok(())
}

fn json(Row { user, sessions }: &Row) -> serde_json::Value {
    json!({
        "id": user_show::typed(user.id, "user"),
        "uuid": user.id,
        "email": user.email,
        "username": user.username,
        "is_active": user.is_active,
        "is_guest": user.is_guest,
        "own_limits": user_quota::own_json(user),
        "sessions": sessions,
        "created_at": user.created_at,
    })
}

fn text(out: &mut impl Write, rows: &[Row]) -> io::Result<()> {
    let inactive = rows.iter().filter(|row| !row.user.is_active).count();
    let cells = rows.iter().map(|Row { user, sessions }| {
        [
            user.email.clone(),
            user.username.clone(),
            if user.is_active { "yes" } else { "no" }.to_owned(),
            sessions.to_string(),
            user.created_at.format("%Y-%m-%d %H:%M").to_string(),
            user.id.to_string(),
        ]
    });
    let cells: Vec<_> = cells.collect();
    if !cells.is_empty() {
        table(out, HEAD, &cells)?;
        writeln!(out)?;
    }
    writeln!(
        out,
        "{}, {inactive} of them inactive",
        count(rows.len(), "account")
    )
}

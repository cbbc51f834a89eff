//! Measures Mula as it is built for production: `make bench`, or some of its cases by name.
//! docs/performance.md says what the figures mean.
//!
//! ```text
//! main       the command line
//! run        which cases, in which order
//! ├── beside     those in which something else goes on meanwhile
//! ├── dataset    what is in the database
//! ├── cases      what is asked, and the right answers
//! ├── load       asks it
//! ├── attack     asks what hurts
//! ├── server     who is asked: Mula, and what it is compared with
//! ├── postgres   a database for them
//! ├── usage      what they take of the machine
//! ├── table      what is printed
//! └── compare    what its rows say of one another
//! ```

mod attack;
#[path = "../../tests/support/attacks.rs"]
mod attacks;
mod cases;
mod compare;
mod dataset;
mod load;
mod postgres;
mod run;
mod server;
mod table;
mod usage;

use std::process::ExitCode;

use clap::{Parser, ValueEnum};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Measures Mula as it is built for production
#[derive(Parser)]
struct Arguments {
    /// Cases to measure; all by default
    cases: Vec<Case>,
    /// Readings in the database, a fifth of them one user's
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(50_000..=4_000_000))]
    readings: u64,
    /// How long each load lasts
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
    /// Print the table in Markdown
    #[arg(long)]
    markdown: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Case {
    /// The signed-in user
    Profile,
    /// The first page of 200,000 readings
    First,
    /// The first pages of many users, with all columns of their readings; takes 500,000 readings
    Whole,
    /// A page after 150,000 of them
    Deep,
    /// The first page of one advisor's
    Filtered,
    /// A page before a reading deep in the list
    Backwards,
    /// A question, stored and answered by the built-in advisor
    Ask,
    /// Sign-ins, against what the bcrypt crate verifies by itself
    Login,
    /// The profile at 200 a second while sign-ins take all they can get
    Steady,
    /// The costliest requests, and profile and first page beside one who sends them without pause
    Costly,
    /// Profile and first page at a steady rate, alone and while attackers do all they can
    Attack,
    /// Profile and first page with 64, 128 and 1,000 connections; the last, of many users
    Connections,
    /// From start to first answer
    Start,
    /// Profile and first page on SQLite
    Sqlite,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run::run(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

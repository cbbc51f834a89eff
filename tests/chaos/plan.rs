//! The plan of a run: its seed, its length, its users and its kinds of faults.

use std::{path::PathBuf, time::Duration};

use clap::ValueEnum;

use super::transport::Via;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Clients that hang up in the middle of an operation.
    HangUp,
    /// Many clients at once that start a mutation and hang up.
    Burst,
    /// SIGKILL to an instance, and a new start.
    Kill,
    /// SIGTERM to an instance, and a new start.
    Terminate,
    /// SIGSTOP to an instance, then SIGCONT.
    Freeze,
    /// A restart with a shifted clock.
    Skew,
    /// SIGSTOP to all of PostgreSQL, then SIGCONT.
    PausePostgres,
    /// A crash of PostgreSQL, and a new start.
    CrashPostgres,
    /// All connections between clients and an instance are cut.
    CutClients,
    /// Delays of traffic between clients and an instance.
    DelayClients,
    /// All connections to PostgreSQL are cut.
    CutDatabase,
    /// Delays of traffic between instances and PostgreSQL.
    DelayDatabase,
    /// Nothing comes through to PostgreSQL for a while.
    StallDatabase,
    /// A metrics scrape that reads slowly, or hangs up.
    Scrape,
    /// No file may grow.
    FullDisk,
    /// The model provider refuses, loses a request, stalls, breaks off or leaves the usage out.
    Provider,
}

impl Kind {
    /// Whether operations of others may fail by it, or get no answer. Late bytes, clients that
    /// leave, wrong clocks and providers that misbehave are no excuse.
    pub fn disrupts(self) -> bool {
        !matches!(
            self,
            Self::HangUp
                | Self::Burst
                | Self::Skew
                | Self::DelayClients
                | Self::DelayDatabase
                | Self::Scrape
                | Self::Provider
        )
    }

    pub fn needs_postgres(self) -> bool {
        matches!(
            self,
            Self::PausePostgres
                | Self::CrashPostgres
                | Self::CutDatabase
                | Self::DelayDatabase
                | Self::StallDatabase
        )
    }
}

/// The two deployments that are driven at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kept {
    Sqlite,
    Postgres,
}

#[derive(Clone, Debug, clap::Args)]
pub struct Plan {
    /// Decides who does what and which faults come when; timing is the machine's
    #[arg(long, default_value_t = fastrand::u64(..1_000_000))]
    pub seed: u64,
    /// How long users and faults go on
    #[arg(long, default_value_t = 60)]
    pub seconds: u64,
    /// Users of each deployment, each with two devices
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u64).range(1..=100))]
    pub users: u64,
    /// The program, where it is not the one built with this
    #[arg(long, default_value = env!("CARGO_BIN_EXE_mula"))]
    pub program: PathBuf,
    /// Only these kinds of faults
    #[arg(long, num_args = 0.., value_delimiter = ',')]
    pub faults: Option<Vec<Kind>>,
    /// Only these transports
    #[arg(long, value_delimiter = ',')]
    pub via: Option<Vec<Via>>,
    /// Only these deployments
    #[arg(long, value_delimiter = ',')]
    pub on: Option<Vec<Kept>>,
}

impl Plan {
    pub fn length(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    pub fn has(&self, kind: Kind) -> bool {
        self.faults
            .as_ref()
            .is_none_or(|kinds| kinds.contains(&kind))
    }

    /// The transports that an operation may take; a subscription takes none by POST.
    pub fn transports(&self) -> Vec<Via> {
        self.via
            .clone()
            .unwrap_or_else(|| Via::value_variants().to_vec())
    }

    pub fn deployments(&self) -> Vec<Kept> {
        self.on
            .clone()
            .unwrap_or_else(|| vec![Kept::Sqlite, Kept::Postgres])
    }

    /// Random numbers of a part of the run, the same for the same seed.
    pub fn random(&self, on: Kept, part: u64) -> fastrand::Rng {
        let stream = part * 2 + u64::from(on == Kept::Postgres);
        fastrand::Rng::with_seed(self.seed ^ stream.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// As the command line has it.
    pub fn arguments(&self) -> String {
        let Self {
            seed,
            seconds,
            users,
            ..
        } = self;
        let lists = [
            (self.faults.as_deref().map(names), "faults"),
            (self.via.as_deref().map(names), "via"),
            (self.on.as_deref().map(names), "on"),
        ];
        let lists = lists
            .into_iter()
            .filter_map(|(names, flag)| names.map(|names| format!(" --{flag} {names}")));
        let lists: String = lists.collect();
        format!("--seed {seed} --seconds {seconds} --users {users}{lists}")
    }
}

fn names<T: ValueEnum>(values: &[T]) -> String {
    let names = values.iter().filter_map(|value| {
        let value = value.to_possible_value()?;
        Some(value.get_name().to_owned())
    });
    names.collect::<Vec<_>>().join(",")
}

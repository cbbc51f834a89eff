//! Chaos with an oracle: users, faults and a provider that misbehaves, drawn from a seed, against
//! two instances on one PostgreSQL and one on SQLite, at the same time. `make chaos`;
//! docs/chaos.md says what is checked.
//!
//! ```text
//! main        the command line
//! plan        the seed, the length, the kinds of faults
//! deployment  a database, its instances, and what is around them
//! ├── instance, reaper, proxy, provider
//! ├── user        who does what
//! │   ├── device      one thing after another
//! │   ├── accounts, readings, lists, following, keeping, sharing
//! │   └── transport, streams
//! ├── faults      what goes wrong meanwhile
//! ├── person, asked, kept, links   what the oracle knows
//! ├── watch       what it checks all the time
//! ├── settle, money, ledger   what it checks at the end
//! ├── history     what happened
//! └── shrink      the same with less
//! ```

#![expect(
    clippy::unwrap_used,
    reason = "a run that cannot go on fails where it stands"
)]

#[path = "../support/mod.rs"]
#[expect(
    dead_code,
    unused_imports,
    unused_macros,
    reason = "the tests use the rest"
)]
mod support;

mod accounts;
mod asked;
mod deployment;
mod device;
mod faults;
mod following;
mod history;
mod ids;
mod instance;
mod keeping;
mod kept;
mod ledger;
mod links;
mod lists;
mod money;
mod person;
mod plan;
mod provider;
mod proxy;
mod readings;
mod reaper;
mod settle;
mod sharing;
mod shrink;
mod streams;
mod transport;
mod user;
mod watch;

use std::{path::PathBuf, process::ExitCode, sync::Arc, time::Instant};

use clap::Parser;
use futures_util::future::join_all;
use tokio::{
    signal::unix::{SignalKind, signal},
    task::JoinSet,
};

use self::{
    deployment::Deployment,
    faults::Hand,
    history::Failure,
    plan::{Kept, Plan},
    reaper::Reaper,
};

/// Drives Mula with random users and faults, and checks what it promises
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    plan: Plan,
    /// How long a failure is repeated with fewer users, faults and transports, to shorten it
    #[arg(long, default_value_t = 60)]
    shrink: u64,
}

/// A run that found something.
struct Failed {
    plan: Plan,
    kept: Kept,
    failure: Failure,
    history: String,
    /// The instances' logs, and the database where it is a file.
    dir: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { plan, shrink } = Arguments::parse();
    let mut terminate = signal(SignalKind::terminate()).unwrap();
    let reaper = Reaper::start();
    println!("chaos {}", plan.arguments());
    let work = async {
        let Some(failed) = run(&plan, &reaper).await else {
            return ExitCode::SUCCESS;
        };
        if shrink > 0 {
            let shorter = shrink::shrink(failed, shrink, &reaper).await;
            println!("\nThe shortest history:\n{shorter}");
        }
        ExitCode::FAILURE
    };
    // Either way all that was started ends with what is dropped.
    tokio::select! {
        code = work => code,
        _ = tokio::signal::ctrl_c() => ExitCode::FAILURE,
        _ = terminate.recv() => ExitCode::FAILURE,
    }
}

/// Drives all deployments of a plan at the same time. Returns the first failure.
async fn run(plan: &Plan, reaper: &Reaper) -> Option<Failed> {
    let runs = plan.deployments().into_iter();
    let runs = runs.map(|kept| drive(kept, plan, reaper));
    let failures = join_all(runs).await;
    let failures = failures.into_iter().flatten();
    failures.min_by_key(|failed| failed.failure.at)
}

async fn drive(kept: Kept, plan: &Plan, reaper: &Reaper) -> Option<Failed> {
    let started = Instant::now();
    let deployment = Arc::new(Deployment::start(kept, plan, reaper).await?);
    let took = started.elapsed().as_secs_f64();
    let over = deployment.history.over.clone();
    let mut tasks = JoinSet::new();
    for number in 0..plan.users {
        tasks.spawn(user::place(deployment.clone(), number));
    }
    tasks.spawn(watch::watch(deployment.clone()));
    let mut hands = JoinSet::new();
    for hand in Hand::all(&deployment) {
        hands.spawn(hand.play());
    }
    let time = tokio::time::sleep(plan.length());
    over.run_until_cancelled(time).await;
    over.cancel();
    // A fault is always played to its end.
    while let Some(played) = hands.join_next().await {
        played.unwrap();
    }
    deployment.restore().await;
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    if deployment.history.failure().is_none()
        && let Err(error) = settle::check(&deployment).await
    {
        let what = format!("the database fails: {error}");
        let history = &deployment.history;
        history.fail("the database is back", "", "", what);
    }
    for instance in &deployment.instances {
        instance.kill().await;
    }
    println!(
        "{}: {} users, {:?}, {} faults, {} provider calls; started in {took:.1} s, over after {:.1} s",
        deployment.name(),
        deployment.people().len(),
        deployment.history.operations(),
        deployment.history.faults(),
        deployment.provider.calls().len(),
        deployment.history.now().as_secs_f64(),
    );
    println!("  the slowest: {}", deployment.history.slowest());
    let Some(failure) = deployment.history.failure() else {
        std::fs::remove_dir_all(&deployment.dir).unwrap();
        return None;
    };
    let failed = Failed {
        plan: plan.clone(),
        kept,
        history: deployment.history.of(&failure),
        failure,
        dir: deployment.dir.clone(),
    };
    println!("\n{failed}\n");
    Some(failed)
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Failure {
            at,
            rule,
            who,
            about,
            what,
        } = &self.failure;
        writeln!(
            f,
            "FAILED on {:?} after {:.1} s: {rule}",
            self.kept,
            at.as_secs_f64()
        )?;
        writeln!(f, "  {who} {about}: {what}")?;
        writeln!(f, "{}", self.history)?;
        writeln!(f, "  logs: {}", self.dir.display())?;
        let arguments = self.plan.arguments();
        write!(f, "  again: cargo test --test chaos -- {arguments}")
    }
}

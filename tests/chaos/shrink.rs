//! From a failure to a shorter one: the same seed with fewer users, faults and transports, as long
//! as the same rule is violated.

use std::time::{Duration, Instant};

use super::{
    Failed,
    plan::{Kind, Plan},
    reaper::Reaper,
    run,
    transport::Via,
};
use clap::ValueEnum;

/// Repeats a failure for so many seconds; returns the shortest. Timing is not repeated, so an
/// attempt that finds nothing proves nothing, and costs only its time.
pub async fn shrink(found: Failed, seconds: u64, reaper: &Reaper) -> Failed {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    let mut shortest = found;
    let mut tried = Vec::new();
    loop {
        let next = candidates(&shortest)
            .into_iter()
            .find(|plan| !tried.contains(&plan.arguments()));
        let Some(plan) = next.filter(|_| Instant::now() < deadline) else {
            return shortest;
        };
        tried.push(plan.arguments());
        println!("shrinking: {}", plan.arguments());
        let Some(failed) = run(&plan, reaper).await else {
            continue;
        };
        if failed.failure.rule == shortest.failure.rule {
            shortest = failed;
        } else {
            println!("  another failure: {}", failed.failure.rule);
        }
    }
}

/// Plans with less, the greatest steps first.
fn candidates(failed: &Failed) -> Vec<Plan> {
    let seconds = failed.failure.at.as_secs() * 2 + 5;
    let base = Plan {
        on: Some(vec![failed.kept]),
        seconds: seconds.min(failed.plan.seconds),
        ..failed.plan.clone()
    };
    let kinds = base
        .faults
        .clone()
        .unwrap_or_else(|| Kind::value_variants().to_vec());
    let (first, second) = kinds.split_at(kinds.len() / 2);
    let without = |kind| kinds.iter().copied().filter(|it| *it != kind).collect();
    let some: Vec<Vec<Kind>> = [Vec::new(), first.to_vec(), second.to_vec()]
        .into_iter()
        .chain(kinds.iter().copied().map(without))
        .collect();
    let fewer_faults = some.into_iter().map(|faults| Plan {
        faults: Some(faults),
        ..base.clone()
    });
    let fewer_users = (base.users > 1).then(|| Plan {
        users: base.users / 2,
        ..base.clone()
    });
    let all: Vec<Via> = base.transports();
    let one_transport = all.iter().filter(|_| all.len() > 1).map(|via| Plan {
        via: Some(vec![*via]),
        ..base.clone()
    });
    std::iter::once(base.clone())
        .chain(fewer_faults)
        .chain(one_transport)
        .chain(fewer_users)
        .collect()
}

//! Any sequence of questions, ends, cancellations and deletions, against accounts kept by hand.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use chrono::TimeDelta;
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::json;
use tokio::sync::Mutex;

use super::{end, priced, usage};
use crate::support::{Call, Member, Provider, Server, Service, Told, Via, for_all, on_both};

/// A dollar: what each answer may cost at most, and is taken to have cost if nobody says.
const DOLLAR: i64 = 1_000_000_000;

/// The limits of a user and of all, in dollars.
const OF_USER: i64 = 4;
const OF_ALL: i64 = 6;

/// An operation of one of two people. Picks one of their unended readings by the remainder.
#[derive(Clone, Debug)]
enum Step {
    Ask(usize),
    /// The answer comes to its end, for so many nano-dollars.
    End(usize, i64),
    Cancel(usize),
    Delete(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let cost = prop_oneof![Just(0), Just(1), Just(DOLLAR), 0..2 * DOLLAR];
    prop_oneof![
        4 => (0..2_usize).prop_map(Step::Ask),
        3 => (0..4_usize, cost).prop_map(|(which, cost)| Step::End(which, cost)),
        1 => (0..4_usize).prop_map(Step::Cancel),
        1 => (0..4_usize).prop_map(Step::Delete),
    ]
}

struct Unended {
    whose: usize,
    id: String,
    call: Call,
}

/// A month, as it is and as it should be.
struct Month<'a> {
    server: &'a Server,
    members: [Member; 2],
    unended: Vec<Unended>,
    spent: [i64; 2],
    asked: usize,
}

impl Month<'_> {
    async fn take(&mut self, provider: &mut Provider, step: &Step) {
        if let Step::Ask(whose) = *step {
            return self.ask(provider, whose).await;
        }
        let (Step::End(which, _) | Step::Cancel(which) | Step::Delete(which)) = *step else {
            return;
        };
        if self.unended.is_empty() {
            return;
        }
        let Unended { whose, id, call } = self.unended.remove(which % self.unended.len());
        let who = &self.members[whose];
        self.spent[whose] += match *step {
            Step::End(_, cost) => {
                let mut follower = self.server.follow(Via::Events, who, &id, 0).await;
                end(call, &format!("{cost}e-9")).await;
                let mut told = Told::default();
                told.listen_to_end(&mut follower).await;
                assert_eq!(told.status.as_deref(), Some("COMPLETED"));
                cost
            }
            Step::Cancel(_) => {
                self.server.cancel(who, &id).await.data();
                call.closed().await;
                DOLLAR
            }
            _ => {
                self.server.delete_reading(who, &id).await.data();
                call.closed().await;
                DOLLAR
            }
        };
    }

    async fn ask(&mut self, provider: &mut Provider, whose: usize) {
        let unended = |whose| self.unended.iter().filter(|one| one.whose == whose).count();
        let held = [unended(0), unended(1)].map(|count| DOLLAR * i64::try_from(count).unwrap());
        // A third at a time is refused for another reason.
        if held[whose] == 2 * DOLLAR {
            return;
        }
        self.asked += 1;
        let question = format!("Which way, for the {}th time?", self.asked);
        let more = json!({ "wait": false });
        let answer = self
            .server
            .ask_with(&self.members[whose], &question, more)
            .await;

        let mine = self.spent[whose] + held[whose] + DOLLAR;
        let all = self.spent.iter().chain(&held).sum::<i64>() + DOLLAR;
        if mine > OF_USER * DOLLAR || all > OF_ALL * DOLLAR {
            assert_eq!(answer.code(), "QUOTA_EXCEEDED");
            return;
        }
        let id = &answer.data()["askAdvisor"]["reading"]["id"];
        let id = id.as_str().unwrap().to_owned();
        let call = provider.call().await;
        self.unended.push(Unended { whose, id, call });
    }

    async fn assert_exact(&self) {
        for (who, spent) in self.members.iter().zip(self.spent) {
            let cost = usage(self.server, who).await["usage"]["costThisMonth"].clone();
            assert_eq!(cost, Decimal::new(spent, 9).normalize().to_string());
        }
        let all: i64 = self.spent.iter().sum();
        let now = self.server.clock.now().format("%Y-%m-01");
        let update =
            format!("UPDATE service_months SET cost = cost WHERE cost = {all} AND month = '{now}'");
        let as_expected = self.server.database.execute(&update).await;
        assert!(as_expected == 1 || all == 0, "not {all} in {now}");
    }
}

on_both! {
    async fn whatever_is_done_the_accounts_are_exact(server: Server) {
        let provider = Provider::start().await;
        let (of_user, of_all) = (OF_USER.to_string(), OF_ALL.to_string());
        let limits = ["--cost-per-month", &of_user, "--service-cost-per-month", &of_all];
        let server = priced(server, &provider, &limits).await;
        let shared = Arc::new((server, Mutex::new(provider), AtomicUsize::new(0)));

        for_all(12, prop::collection::vec(step(), 1..25), async move |steps: Vec<Step>| {
            let (server, provider, cases) = &*shared;
            let mut provider = provider.lock().await;
            // A month of its own, and two people who have spent nothing.
            server.clock.advance(TimeDelta::days(31));
            let case = cases.fetch_add(1, Ordering::Relaxed);
            let join = async |name| server.join(&format!("{name}{case}")).await;
            let mut month = Month {
                server,
                members: [join("ama").await, join("kofi").await],
                unended: Vec::new(),
                spent: [0, 0],
                asked: 0,
            };
            for step in &steps {
                month.take(&mut provider, step).await;
            }
            month.assert_exact().await;
            while !month.unended.is_empty() {
                month.take(&mut provider, &Step::End(0, 7)).await;
            }
            month.assert_exact().await;
        })
        .await;
    }
}

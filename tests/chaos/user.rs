//! Users: each has two devices that do random things until a quota or the end of the account, and
//! then another user comes.

use std::{sync::Arc, time::Duration};

use super::{accounts::password, deployment::Deployment, device::Device, person::Person};

/// A place that is always taken by one user or another, until the run is over.
pub async fn place(deployment: Arc<Deployment>, number: u64) {
    let mut random = deployment.plan.random(deployment.kept, 100 + number);
    for generation in 0.. {
        if deployment.history.over.is_cancelled() {
            return;
        }
        let name = format!("u{number}g{generation}");
        let person = Arc::new(Person::new(name, password(&mut random)));
        deployment.people.lock().unwrap().push(person.clone());
        let mut devices = [random.fork(), random.fork()]
            .map(|random| Device::new(deployment.clone(), person.clone(), random));
        let [first, second] = &mut devices;
        tokio::join!(first.live(), second.live());
    }
}

impl Device {
    /// Until the account is deleted, or of no more use.
    async fn live(&mut self) {
        // An account that was deleted still has tokens to try.
        let mut afterwards = 6;
        while !self.is_over() {
            let (registered, leaving, worn) = {
                let state = self.person.lock();
                (state.registered, state.deleting, state.refused > 12)
            };
            if leaving {
                afterwards -= 1;
            }
            if afterwards == 0 || worn && self.random.u8(..20) == 0 {
                return;
            }
            if registered {
                self.act().await;
            } else {
                self.register().await;
            }
            self.pause(Duration::from_millis(60)).await;
        }
    }

    async fn act(&mut self) {
        self.find_out().await;
        // A link needs no session.
        if self.random.u8(..10) == 0
            && let Some(link) = self.random.choice(self.links())
        {
            self.follow_link(link).await;
            return;
        }
        let Some(session) = self.draw_session() else {
            return self.log_in().await;
        };
        let reading = self.draw_reading();
        match (self.random.u8(..120), reading) {
            (0..7, _) => self.log_in().await,
            (7..10, _) => self.log_out(session, false).await,
            (10..12, _) => self.log_out(session, true).await,
            (12..15, _) => {
                let count = self.person.lock().sessions.len();
                let target = self.random.usize(..count);
                self.revoke(session, target).await;
            }
            (15..18, _) => self.change_password(session).await,
            (18..20, _) => self.delete_with_old_password(session).await,
            (20, _) => self.delete_account(session).await,
            (21..24, _) => self.race_for_the_account(session).await,
            (24..29, _) => self.list(session).await,
            (29..33, _) => self.usage(session).await,
            (33..55, _) | (_, None) => self.ask(session).await,
            (55..66, Some(reading)) => self.look(session, reading).await,
            (66..82, Some(reading)) => self.follow(session, reading).await,
            (82..86, Some(reading)) => self.cancel(session, reading).await,
            (86..92, Some(reading)) => self.regenerate(session, reading).await,
            (92..95, Some(reading)) => self.delete(session, reading).await,
            (95..100, Some(reading)) => self.race_for_a_reading(session, reading).await,
            (100..107, Some(reading)) => self.keep(session, reading).await,
            (107..116, Some(reading)) => self.share(session, reading).await,
            (_, Some(reading)) => self.unshare(session, reading).await,
        }
    }

    /// Two operations on one reading in the same moment.
    async fn race_for_a_reading(&mut self, session: usize, reading: usize) {
        let mut other = self.fork();
        match self.random.u8(..4) {
            0 | 1 => tokio::join!(
                self.regenerate(session, reading),
                other.delete(session, reading)
            ),
            2 => tokio::join!(
                self.cancel(session, reading),
                other.delete(session, reading)
            ),
            _ => tokio::join!(
                self.regenerate(session, reading),
                other.cancel(session, reading)
            ),
        };
    }

    /// Two operations on the account in the same moment.
    async fn race_for_the_account(&mut self, session: usize) {
        let mut other = self.fork();
        match self.random.u8(..8) {
            0..4 => tokio::join!(self.change_password(session), other.log_in()),
            4..7 => tokio::join!(self.log_out(session, true), other.log_in()),
            _ => tokio::join!(self.delete_account(session), other.ask(session)),
        };
    }
}

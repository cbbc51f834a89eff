//! Measurements beside other load: sign-ins, attackers.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::task::JoinSet;

use super::{Bench, COST, Subject};
use crate::{
    Result,
    attack::{self, Answers},
    cases,
    compare::MULA,
    dataset::{PASSWORD, QUICK, USERS, User},
    load::{Load, Outcome, Pressure},
    server::Server,
    table::{Row, megabytes},
    usage::{Usage, forget_peak, memory, peak},
};

/// Sign-ins at a time: enough to keep all threads busy that check passwords.
const LOGINS: u32 = 16;

/// How many of them are counted, at least, in seconds: a second has few.
const LOGIN_SECONDS: u32 = 10;

/// How long attackers are at it, at least, in seconds: all of what is slow has to be cut once.
const ATTACK_SECONDS: u32 = 40;

impl Bench {
    pub(super) async fn logins(&mut self, on: Subject<'_>) -> Result<()> {
        let possible = verifications_per_second()?;
        let pressure = Pressure {
            connections: LOGINS,
            seconds: self.seconds.max(LOGIN_SECONDS),
        };
        let row = self.turn(on, "sign-in", &logins(), pressure).await?;
        let reached = row.per_second();
        self.add(row);
        self.notes.push(format!(
            "sign-ins: {reached:.1} a second; bcrypt alone, on all cores: {possible:.1}; {:.0} %",
            100.0 * reached / possible
        ));
        Ok(())
    }

    /// The profile at a steady rate, while sign-ins take what they can get.
    pub(super) async fn steady(
        &mut self,
        mula: &Arc<Server>,
        postgres: u32,
        profile: &Arc<Load>,
    ) -> Result<()> {
        let seconds = self.seconds.max(LOGIN_SECONDS);
        // Somewhat longer than what is measured beside it.
        let pressure = Pressure {
            connections: LOGINS,
            seconds: seconds + 2,
        };
        let number = self.numbers();
        let logins = logins();
        // Those that an earlier load did not wait for are in the queue still, in front of this one.
        let last = logins.requests[0].body.to_string();
        mula.ask(None, last).await?;
        let steady = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let before = Usage::of(mula.pid(), Some(postgres))?;
            let outcome = profile.steady(mula, 200, seconds).await?;
            let usage = Usage::of(mula.pid(), Some(postgres))?.since(before);
            Result::Ok((outcome, usage))
        };
        let (signed_in, steady) =
            tokio::join!(logins.run(mula, pressure, number, self.dir.path()), steady);
        let (signed_in, (outcome, usage)) = (signed_in?, steady?);
        self.add(Row {
            server: MULA,
            case: "profile at 200/s, sign-ins beside it",
            connections: LOGINS,
            outcome,
            usage,
            memory: memory(mula.pid())?,
        });
        let per_second =
            f64::from(u32::try_from(signed_in.requests)?) / signed_in.took.as_secs_f64();
        self.notes.push(format!(
            "sign-ins beside the profile at 200/s: {per_second:.1} a second, {} errors",
            signed_in.errors
        ));
        Ok(())
    }

    /// Users at a steady rate: alone, and beside attackers. They come by a proxy, as the attackers
    /// that ask something do; those that hold sockets come themselves.
    pub(super) async fn attacked(
        &mut self,
        url: &str,
        postgres: u32,
        profile: &Arc<Load>,
        first: &Arc<Load>,
    ) -> Result<()> {
        let flags = ["--trusted-proxies", "127.0.0.1"];
        let mula = Arc::new(Server::limited(MULA, url, self.dir.path(), &flags)?);
        let seconds = self.seconds.max(ATTACK_SECONDS);
        // Warm before it is measured.
        profile.steady(&mula, 200, 2).await?;
        let alone = self.users(MULA, &mula, Some(postgres), profile, first, ATTACK_SECONDS);
        let alone = alone.await?;

        let before = memory(mula.pid())?;
        let answers = Answers::default();
        let attackers = attack::begin(&mula, &answers).await?;
        // Until all sockets are there.
        tokio::time::sleep(Duration::from_secs(6)).await;
        let (beside, sampled) = tokio::join!(
            self.users(
                "mula, attacked",
                &mula,
                Some(postgres),
                profile,
                first,
                seconds
            ),
            sample(mula.pid(), seconds),
        );
        drop(attackers);
        tokio::time::sleep(Duration::from_secs(5)).await;
        let ((early, late), after) = (sampled?, memory(mula.pid())?);

        for (case, alone, beside) in alone
            .into_iter()
            .zip(beside?)
            .map(|((case, alone), (_, beside))| (case, alone, beside))
        {
            let ratio = beside.p99.as_secs_f64() / alone.p99.as_secs_f64();
            self.notes.push(format!(
                "{case}, attacked: p99 {ratio:.1} × what it is alone, {} errors",
                beside.errors
            ));
        }
        self.notes.push(format!(
            "memory, attacked: {:.1} MB before, {:.1} MB in the first tenth of it, {:.1} MB in the \
             last, {:.1} MB after",
            megabytes(before),
            megabytes(early),
            megabytes(late),
            megabytes(after)
        ));
        let lines = answers.lines().into_iter();
        self.notes
            .extend(lines.map(|line| format!("answered to {line}")));
        Ok(())
    }

    /// The costliest requests that are let through: each by itself, and users beside one who sends
    /// them without pause.
    pub(super) async fn costly(
        &mut self,
        (on, url, postgres): (&'static str, &str, Option<u32>),
        profile: &Arc<Load>,
        first: &Arc<Load>,
    ) -> Result<()> {
        const TIMES: u32 = 20;
        let mula = Arc::new(Server::limited(on, url, self.dir.path(), &[])?);
        let token: Arc<str> = mula.login(attack::COSTLY_USER).await?.into();
        profile.steady(&mula, 200, 2).await?;
        for (name, document) in attack::costliest() {
            let body = json!({ "query": document }).to_string();
            // Caches fill first: what they keep is the cost of no single request.
            for _ in 0..TIMES {
                mula.ask(Some(&token), body.clone()).await?;
            }
            let resident = memory(mula.pid())?;
            forget_peak(mula.pid())?;
            let before = Usage::of(mula.pid(), postgres)?;
            let mut bytes = 0;
            for _ in 0..TIMES {
                bytes = mula.ask(Some(&token), body.clone()).await?.bytes;
            }
            let used = Usage::of(mula.pid(), postgres)?.since(before);
            let more = peak(mula.pid())?.saturating_sub(resident);
            self.notes.push(format!(
                "{on}, {name}: {:.1?} of the server's CPU and {:.1?} of PostgreSQL's, {bytes} \
                 bytes, at most {:.1} MB more",
                used.server / TIMES,
                used.database.unwrap_or_default() / TIMES,
                megabytes(more)
            ));
        }

        let alone = self.users(on, &mula, postgres, profile, first, self.seconds);
        let alone = alone.await?;
        let (answers, mut attackers) = (Answers::default(), JoinSet::new());
        attack::begin_costly(&mula, &token, &answers, &mut attackers);
        forget_peak(mula.pid())?;
        let seconds = self.seconds.max(ATTACK_SECONDS);
        let name = match postgres {
            Some(_) => "mula, beside the costliest",
            None => "mula, SQLite, beside the costliest",
        };
        let beside = self.users(name, &mula, postgres, profile, first, seconds);
        let beside = beside.await?;
        drop(attackers);
        for ((case, alone), (_, beside)) in alone.into_iter().zip(beside) {
            self.notes.push(format!(
                "{on}, {case}, beside the costliest: p99 {:.1?}, alone {:.1?}; {} errors",
                beside.p99, alone.p99, beside.errors
            ));
        }
        self.notes.push(format!(
            "{on}, memory beside the costliest: at most {:.1} MB",
            megabytes(peak(mula.pid())?)
        ));
        let lines = answers.lines().into_iter();
        self.notes
            .extend(lines.map(|line| format!("answered to {line}")));
        Ok(())
    }

    /// Two rows of the table, measured at the same time.
    async fn users(
        &mut self,
        name: &'static str,
        mula: &Arc<Server>,
        postgres: Option<u32>,
        profile: &Arc<Load>,
        first: &Arc<Load>,
        seconds: u32,
    ) -> Result<[(&'static str, Outcome); 2]> {
        let before = Usage::of(mula.pid(), postgres)?;
        let (profiles, pages) = tokio::join!(
            profile.steady(mula, 200, seconds),
            first.steady(mula, 50, seconds)
        );
        let usage = Usage::of(mula.pid(), postgres)?.since(before);
        let outcomes = [
            ("profile at 200/s", profiles?),
            ("first page at 50/s", pages?),
        ];
        for (case, outcome) in outcomes {
            self.add(Row {
                server: name,
                case,
                connections: 0,
                outcome,
                usage,
                memory: memory(mula.pid())?,
            });
        }
        Ok(outcomes)
    }
}

/// Users sign in whose passwords are hashed as the settings have it.
fn logins() -> Load {
    cases::login((QUICK..USERS).map(User))
}

/// The most memory of a server, in the first tenth of so many seconds and in the last.
async fn sample(pid: u32, seconds: u32) -> Result<(u64, u64)> {
    let (tenth, mut early, mut late) = (seconds.div_ceil(10), 0, 0);
    for second in 0..seconds {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let now = memory(pid)?;
        if second < tenth {
            early = early.max(now);
        }
        if second >= seconds - tenth {
            late = late.max(now);
        }
    }
    Ok((early, late))
}

/// Verifications per second of the crate on an idle machine.
fn verifications_per_second() -> Result<f64> {
    const EACH: u32 = 12;
    let hash = bcrypt::hash(PASSWORD, COST)?;
    let threads = u32::try_from(thread::available_parallelism()?.get())?;
    let begun = Instant::now();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| (0..EACH).all(|_| bcrypt::verify(PASSWORD, &hash).unwrap_or(false)));
        }
    });
    Ok(f64::from(EACH * threads) / begun.elapsed().as_secs_f64())
}

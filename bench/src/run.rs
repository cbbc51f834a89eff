//! The cases in their order: what is compared is measured one after the other, on databases with
//! the same rows.

use std::{
    fs,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::{
    Arguments, Case, Result,
    attack::{self, Answers},
    cases::{self, Tokens},
    dataset::{Dataset, PASSWORD, QUICK, USERS, User},
    load::{self, Load, Outcome, Pressure},
    postgres::Postgres,
    server::{self, Server},
    table::{Row, megabytes, table},
    usage::{Usage, memory},
};

/// Of bcrypt, as the settings have it by default.
const COST: u32 = 12;

/// Connections, where it is not their number that is measured.
const CONNECTIONS: u32 = 32;

/// Sign-ins at a time: enough to keep all threads busy that check passwords.
const LOGINS: u32 = 16;

/// How many of them are counted, at least, in seconds: a second has few.
const LOGIN_SECONDS: u32 = 10;

/// How long attackers are at it, at least, in seconds: all of what is slow has to be cut once.
const ATTACK_SECONDS: u32 = 40;

/// Users whose requests are mixed.
const MEMBERS: u64 = 1_000;

/// Sessions of the heavy user's.
const SESSIONS: usize = 64;

/// Names in the table.
const MULA: &str = "mula";
const ON_SQLITE: &str = "mula, SQLite";
const FIRST_PAGE: &str = "first page";

/// Measures, and prints what came of it.
pub async fn run(arguments: &Arguments) -> Result<()> {
    load::find_wrk()?;
    let wants = |case| arguments.cases.is_empty() || arguments.cases.contains(&case);
    let dir = tempfile::Builder::new().prefix("mula-bench-").tempdir()?;
    let mut bench = Bench {
        dataset: Dataset {
            readings: arguments.readings,
        },
        seconds: arguments.seconds,
        dir,
        rows: Vec::new(),
        notes: Vec::new(),
        number: 0,
    };
    if arguments.cases != [Case::Sqlite] {
        bench.on_postgres(wants).await?;
    }
    if wants(Case::Sqlite) {
        bench.on_sqlite().await?;
    }
    bench.compare_pages();
    bench.compare_databases();
    bench.measure_program()?;
    println!("\n{}", table(&bench.rows, arguments.markdown));
    for note in &bench.notes {
        println!("{}{note}", if arguments.markdown { "- " } else { "" });
    }
    Ok(())
}

struct Bench {
    dataset: Dataset,
    /// How long a load lasts.
    seconds: u32,
    dir: TempDir,
    rows: Vec<Row>,
    /// What is no row of the table.
    notes: Vec<String>,
    /// Where the next requests begin that are distinct.
    number: u64,
}

/// A server that is measured, and the first process of its database where that is a server too.
#[derive(Clone, Copy)]
struct Subject<'a> {
    server: &'a Server,
    database: Option<u32>,
}

impl Bench {
    async fn on_postgres(&mut self, wants: impl Fn(Case) -> bool) -> Result<()> {
        let postgres = Postgres::start()?;
        let url = &postgres.url;
        let tokens = self.prepare(url).await?;
        if wants(Case::Start) {
            self.starts(url, &tokens).await?;
        }
        let dir = self.dir.path();
        let mula = Arc::new(Server::mula(MULA, url, dir, &[])?);
        let peers = [
            Server::peer("plain", url, dir)?,
            Server::peer("pipelined", url, dir)?,
        ];
        let on = |server| Subject {
            server,
            database: Some(postgres.pid),
        };

        let profile = Arc::new(cases::profile(&tokens));
        let first = cases::first(self.dataset, &tokens);
        let deep = cases::deep(self.dataset, &tokens);
        for (case, name, load) in [
            (Case::Profile, "profile", &*profile),
            (Case::First, FIRST_PAGE, &first),
            (Case::Deep, "deep page", &deep),
        ] {
            if wants(case) {
                for server in [&*mula].into_iter().chain(&peers) {
                    self.measure(on(server), name, load, CONNECTIONS).await?;
                }
            }
        }
        let mula_alone = on(&mula);
        for (case, name, load) in [
            (
                Case::Filtered,
                "filtered page",
                cases::filtered(self.dataset, &tokens),
            ),
            (
                Case::Backwards,
                "page backwards",
                cases::backwards(self.dataset, &tokens),
            ),
            (Case::Ask, "ask", cases::ask(&tokens)),
        ] {
            if wants(case) {
                self.measure(mula_alone, name, &load, CONNECTIONS).await?;
            }
        }
        if wants(Case::Connections) {
            for connections in [64, 128, 1_000] {
                self.measure(mula_alone, "profile", &profile, connections)
                    .await?;
                self.measure(mula_alone, FIRST_PAGE, &first, connections)
                    .await?;
            }
        }
        if wants(Case::Login) {
            self.logins(mula_alone).await?;
        }
        if wants(Case::Steady) {
            self.steady(&mula, postgres.pid, &profile).await?;
        }
        if wants(Case::Attack) {
            let first = Arc::new(first);
            self.attacked(url, postgres.pid, &profile, &first).await?;
        }
        let used = megabytes(memory(mula.pid())?);
        self.notes
            .push(format!("memory after all of it: {used:.1} MB"));
        Ok(())
    }

    async fn on_sqlite(&mut self) -> Result<()> {
        let path = self.dir.path().join("mula.db");
        let url = format!("sqlite://{}", path.display());
        let tokens = self.prepare(&url).await?;
        let server = Server::mula(ON_SQLITE, &url, self.dir.path(), &[])?;
        let subject = Subject {
            server: &server,
            database: None,
        };
        let profile = cases::profile(&tokens);
        self.measure(subject, "profile", &profile, CONNECTIONS)
            .await?;
        let first = cases::first(self.dataset, &tokens);
        self.measure(subject, FIRST_PAGE, &first, CONNECTIONS).await
    }

    /// Fills a database, and signs users in.
    async fn prepare(&self, url: &str) -> Result<Tokens> {
        let begun = Instant::now();
        server::migrate(url)?;
        self.dataset.seed(url, COST).await?;
        let server = Server::mula("sign-in", url, self.dir.path(), &["--bcrypt-cost", "4"])?;
        let mut members = Vec::new();
        for user in (1..=MEMBERS).map(User) {
            members.push((user, server.login(user).await?));
        }
        let mut heavy = Vec::new();
        for _ in 0..SESSIONS {
            heavy.push(server.login(User(0)).await?);
        }
        eprintln!(
            "{} readings in {:.0?}",
            self.dataset.readings,
            begun.elapsed()
        );
        Ok(Tokens { members, heavy })
    }

    /// One row of the table.
    async fn measure(
        &mut self,
        on: Subject<'_>,
        case: &'static str,
        load: &Load,
        connections: u32,
    ) -> Result<()> {
        let warm_up = Pressure {
            connections,
            seconds: 1,
        };
        load.check(on.server).await?;
        let number = self.numbers();
        load.run(on.server, warm_up, number, self.dir.path())
            .await?;
        let pressure = Pressure {
            seconds: self.seconds,
            ..warm_up
        };
        self.measure_warm(on, case, load, pressure).await
    }

    async fn measure_warm(
        &mut self,
        on: Subject<'_>,
        case: &'static str,
        load: &Load,
        pressure: Pressure,
    ) -> Result<()> {
        let number = self.numbers();
        let before = Usage::of(on.server.pid(), on.database)?;
        let outcome = load
            .run(on.server, pressure, number, self.dir.path())
            .await?;
        let usage = Usage::of(on.server.pid(), on.database)?.since(before);
        let row = Row {
            server: on.server.name,
            case,
            connections: pressure.connections,
            outcome,
            usage,
            memory: memory(on.server.pid())?,
        };
        load.verify(on.server, outcome, pressure.connections)
            .await?;
        self.add(row);
        Ok(())
    }

    fn add(&mut self, row: Row) {
        eprintln!(
            "{}, {}, {} connections: {:.0}/s",
            row.case,
            row.server,
            row.connections,
            row.per_second()
        );
        self.rows.push(row);
    }

    fn numbers(&mut self) -> u64 {
        self.number += 1_000_000;
        self.number
    }

    /// From the start of the program to its first answer, the database being there.
    async fn starts(&mut self, url: &str, tokens: &Tokens) -> Result<()> {
        let profile = cases::profile(tokens);
        let mut times = Vec::new();
        for _ in 0..7 {
            let begun = Instant::now();
            let server = Server::mula(MULA, url, self.dir.path(), &[])?;
            let request = &profile.requests[0];
            let body = request.body.to_string();
            server.ask(Some(&request.token), body).await?;
            times.push(begun.elapsed());
        }
        times.sort_unstable();
        self.notes.push(format!(
            "from start to first answer: {:.0?}, the median of {}",
            times[times.len() / 2],
            times.len()
        ));
        Ok(())
    }

    async fn logins(&mut self, on: Subject<'_>) -> Result<()> {
        let possible = verifications_per_second()?;
        let pressure = Pressure {
            connections: LOGINS,
            seconds: self.seconds.max(LOGIN_SECONDS),
        };
        self.measure_warm(on, "sign-in", &logins(), pressure)
            .await?;
        let reached = self.rows.last().map_or(0.0, Row::per_second);
        self.notes.push(format!(
            "sign-ins: {reached:.1} a second; bcrypt alone, on all cores: {possible:.1}; {:.0} %",
            100.0 * reached / possible
        ));
        Ok(())
    }

    /// The profile at a steady rate, while sign-ins take what they can get.
    async fn steady(
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
    async fn attacked(
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
        let alone = self.users(MULA, &mula, postgres, profile, first, ATTACK_SECONDS);
        let alone = alone.await?;

        let before = memory(mula.pid())?;
        let answers = Answers::default();
        let attackers = attack::begin(&mula, &answers)?;
        // Until all sockets are there.
        tokio::time::sleep(Duration::from_secs(6)).await;
        let (beside, sampled) = tokio::join!(
            self.users("mula, attacked", &mula, postgres, profile, first, seconds),
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

    /// Two rows of the table, measured at the same time.
    async fn users(
        &mut self,
        name: &'static str,
        mula: &Arc<Server>,
        postgres: u32,
        profile: &Arc<Load>,
        first: &Arc<Load>,
        seconds: u32,
    ) -> Result<[(&'static str, Outcome); 2]> {
        let before = Usage::of(mula.pid(), Some(postgres))?;
        let (profiles, pages) = tokio::join!(
            profile.steady(mula, 200, seconds),
            first.steady(mula, 50, seconds)
        );
        let usage = Usage::of(mula.pid(), Some(postgres))?.since(before);
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

    fn row(&self, server: &str, case: &str) -> Option<&Row> {
        self.rows
            .iter()
            .find(|row| (row.server, row.case, row.connections) == (server, case, CONNECTIONS))
    }

    /// What later pages take, against the first.
    fn compare_pages(&mut self) {
        let mut notes = Vec::new();
        if let Some(first) = self.row(MULA, FIRST_PAGE) {
            for case in ["deep page", "filtered page", "page backwards"] {
                if let Some(page) = self.row(MULA, case) {
                    let ratio = page.processor() / first.processor();
                    notes.push(format!("CPU of a {case}: {ratio:.2} × the first page's"));
                }
            }
        }
        self.notes.extend(notes);
    }

    fn compare_databases(&mut self) {
        let mut notes = Vec::new();
        for case in ["profile", FIRST_PAGE] {
            if let (Some(sqlite), Some(postgres)) =
                (self.row(ON_SQLITE, case), self.row(MULA, case))
            {
                let ratio = sqlite.per_second() / postgres.per_second();
                notes.push(format!(
                    "SQLite, {case}: {ratio:.2} × the requests/s on PostgreSQL"
                ));
            }
        }
        self.notes.extend(notes);
    }

    fn measure_program(&mut self) -> Result<()> {
        let size = megabytes(fs::metadata(server::mula()?)?.len());
        self.notes.push(format!("the program: {size:.1} MB"));
        Ok(())
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

/// What the crate does when nothing else does anything.
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

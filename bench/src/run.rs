//! The cases in their order: what is compared is measured in turns, on databases with the same
//! rows.

mod beside;

use std::{fs, sync::Arc, time::Instant};

use tempfile::TempDir;

use crate::{
    Arguments, Case, Result,
    cases::{self, Tokens},
    compare::{
        self, CONNECTIONS, DEEP_PAGE, FILTERED_PAGE, FIRST_PAGE, MULA, ON_SQLITE, PAGE_BACKWARDS,
        PROFILE, STREWN_PAGES, WHOLE_PAGE,
    },
    dataset::{Dataset, User},
    load::{self, Load, Pressure},
    postgres::Postgres,
    server::{self, Server},
    table::{Row, megabytes, table},
    usage::{Usage, memory},
};

/// Of bcrypt, as the settings have it by default.
const COST: u32 = 12;

/// Users whose requests are mixed.
const MEMBERS: u64 = 1_000;

/// Sessions of the heavy user's.
const SESSIONS: usize = 64;

/// In how many turns each of those that are compared gets its seconds: what a machine is worth
/// changes from one second to the next.
const TURNS: u32 = 8;

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
    bench.run(wants).await?;
    bench.notes.extend(compare::pages(&bench.rows));
    bench.notes.extend(compare::databases(&bench.rows));
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
    /// Notes beside the table's rows.
    notes: Vec<String>,
    /// Where the next requests begin that are distinct.
    number: u64,
}

/// A load, and who answers it: a row of the table.
struct Contender<'a> {
    subject: Subject<'a>,
    case: &'static str,
    load: &'a Load,
}

/// A server that is measured, and the first process of its database where that is a server too.
#[derive(Clone, Copy)]
struct Subject<'a> {
    server: &'a Server,
    database: Option<u32>,
}

impl Bench {
    #[expect(
        clippy::too_many_lines,
        reason = "a list of the measurements, in order"
    )]
    async fn run(&mut self, wants: impl Fn(Case) -> bool) -> Result<()> {
        let postgres = Postgres::start()?;
        let url = &postgres.url;
        let tokens = self.prepare(url).await?;
        if wants(Case::Start) {
            self.starts(url, &tokens).await?;
        }
        let dir = self.dir.path().to_owned();
        let mula = Arc::new(Server::mula(MULA, url, &dir, &[])?);
        let peers = [
            Server::peer("plain", url, &dir)?,
            Server::peer("pipelined", url, &dir)?,
        ];
        let on = |server| Subject {
            server,
            database: Some(postgres.pid),
        };
        let mula_alone = on(&mula);

        let profile = Arc::new(cases::profile(&tokens));
        let first = Arc::new(cases::first(self.dataset, &tokens));
        let whole = cases::whole(self.dataset, &tokens);
        let deep = cases::deep(self.dataset, &tokens);
        let strewn = cases::strewn(self.dataset, &tokens);
        let filtered = cases::filtered(self.dataset, &tokens);
        let backwards = cases::backwards(self.dataset, &tokens);
        let all = [&*mula, &peers[0], &peers[1]];
        let mut contenders = Vec::new();
        for (case, name, load, servers) in [
            (Case::Profile, PROFILE, &*profile, &all[..]),
            (Case::First, FIRST_PAGE, &first, &all),
            (Case::Whole, WHOLE_PAGE, &whole, &[&*mula, &peers[1]]),
            (Case::Deep, DEEP_PAGE, &deep, &all),
            (Case::Deep, STREWN_PAGES, &strewn, &all),
            (Case::Filtered, FILTERED_PAGE, &filtered, &all[..1]),
            (Case::Backwards, PAGE_BACKWARDS, &backwards, &all[..1]),
        ] {
            for server in servers.iter().filter(|_| wants(case)) {
                contenders.push(Contender {
                    subject: on(server),
                    case: name,
                    load,
                });
            }
        }
        self.in_turns(&contenders, CONNECTIONS).await?;

        if wants(Case::Ask) {
            let ask = cases::ask(&tokens);
            self.measure(mula_alone, "ask", &ask, CONNECTIONS).await?;
        }
        if wants(Case::Connections) {
            // One user has at most 128 operations at a time.
            for (connections, name, page) in [
                (64, FIRST_PAGE, &*first),
                (128, FIRST_PAGE, &first),
                (1_000, WHOLE_PAGE, &whole),
            ] {
                self.measure(mula_alone, PROFILE, &profile, connections)
                    .await?;
                self.measure(mula_alone, name, page, connections).await?;
            }
        }
        if wants(Case::Login) {
            self.logins(mula_alone).await?;
        }
        if wants(Case::Steady) {
            self.steady(&mula, postgres.pid, &profile).await?;
        }
        if wants(Case::Costly) {
            let database = (MULA, url.as_str(), Some(postgres.pid));
            self.costly(database, &profile, &first).await?;
        }
        if wants(Case::Attack) {
            self.attacked(url, postgres.pid, &profile, &first).await?;
        }
        let used = megabytes(memory(mula.pid())?);
        self.notes
            .push(format!("memory after all of it: {used:.1} MB"));
        drop(mula);
        if wants(Case::Sqlite) || wants(Case::Costly) {
            let url = format!("sqlite://{}", dir.join("mula.db").display());
            let tokens = self.prepare(&url).await?;
            let on_sqlite = [
                Arc::new(cases::profile(&tokens)),
                Arc::new(cases::first(self.dataset, &tokens)),
            ];
            if wants(Case::Costly) {
                let [profile, first] = &on_sqlite;
                let database = (ON_SQLITE, url.as_str(), None);
                self.costly(database, profile, first).await?;
            }
            if wants(Case::Sqlite) {
                let postgres = (&postgres, [&*profile, &*first]);
                self.on_both(postgres, (&url, &on_sqlite)).await?;
            }
        }
        Ok(())
    }

    /// The same rows in a SQLite file, against PostgreSQL.
    async fn on_both(
        &mut self,
        (postgres, loads): (&Postgres, [&Load; 2]),
        (url, [profile, first]): (&str, &[Arc<Load>; 2]),
    ) -> Result<()> {
        let dir = self.dir.path().to_owned();
        let sqlite = Server::mula(ON_SQLITE, url, &dir, &[])?;
        let on_postgres = Server::mula(compare::ON_POSTGRES, &postgres.url, &dir, &[])?;
        let mut contenders = Vec::new();
        for (server, database, [profile, first]) in [
            (&on_postgres, Some(postgres.pid), loads),
            (&sqlite, None, [&**profile, &**first]),
        ] {
            let subject = Subject { server, database };
            for (case, load) in [(PROFILE, profile), (FIRST_PAGE, first)] {
                contenders.push(Contender {
                    subject,
                    case,
                    load,
                });
            }
        }
        self.in_turns(&contenders, CONNECTIONS).await
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

    /// A row of the table each, measured turn and turn about.
    async fn in_turns(&mut self, contenders: &[Contender<'_>], connections: u32) -> Result<()> {
        for one in contenders {
            self.warm_up(one.subject, one.load, connections).await?;
        }
        let pressure = Pressure {
            connections,
            seconds: (self.seconds / TURNS).max(1),
        };
        let mut rows: Vec<Option<Row>> = contenders.iter().map(|_| None).collect();
        for _ in 0..TURNS {
            for (one, row) in contenders.iter().zip(&mut rows) {
                let turn = self.turn(one.subject, one.case, one.load, pressure).await?;
                *row = Some(match row.take() {
                    Some(before) => before.and(&turn),
                    None => turn,
                });
            }
        }
        rows.into_iter().flatten().for_each(|row| self.add(row));
        Ok(())
    }

    /// One row of the table.
    async fn measure(
        &mut self,
        on: Subject<'_>,
        case: &'static str,
        load: &Load,
        connections: u32,
    ) -> Result<()> {
        self.warm_up(on, load, connections).await?;
        let pressure = Pressure {
            connections,
            seconds: self.seconds,
        };
        let row = self.turn(on, case, load, pressure).await?;
        self.add(row);
        Ok(())
    }

    async fn warm_up(&mut self, on: Subject<'_>, load: &Load, connections: u32) -> Result<()> {
        let pressure = Pressure {
            connections,
            seconds: 1,
        };
        load.check(on.server).await?;
        let number = self.numbers();
        load.run(on.server, pressure, number, self.dir.path())
            .await
            .map(|_| ())
    }

    async fn turn(
        &mut self,
        on: Subject<'_>,
        case: &'static str,
        load: &Load,
        pressure: Pressure,
    ) -> Result<Row> {
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
        Ok(row)
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

    fn measure_program(&mut self) -> Result<()> {
        let size = megabytes(fs::metadata(server::mula()?)?.len());
        self.notes.push(format!("the program: {size:.1} MB"));
        Ok(())
    }
}

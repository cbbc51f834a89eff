//! The commands of the documentation, run as they are written there.

mod page;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use page::{Block, blocks, named};

use crate::{
    original::{PASSLIB, original},
    support::{Cluster, PROGRAM, Service, Serving, mula, postgres, run},
};

/// How long the commands of a block may take.
const PATIENCE: Duration = Duration::from_mins(2);

/// Commands that are not run here, by how they begin, and why.
const ELSEWHERE: [(&str, &str); 12] = [
    (
        "docker run ",
        "needs Docker; deploy/image-check runs the image in CI",
    ),
    (
        "docker exec ",
        "needs Docker; deploy/image-check runs the image in CI",
    ),
    (
        "docker compose ",
        "needs Docker, and builds the image; .ci/manifests checks compose.yaml",
    ),
    (
        "for instance in mula-1 mula-2",
        "needs Docker, and builds the image",
    ),
    ("make image", "needs Docker; CI runs it"),
    ("deploy/image ", "needs Docker; make image runs it in CI"),
    (
        "cargo run --release",
        "compiles everything for ten minutes; make release does so for each release",
    ),
    ("make bench", "measures for ten minutes"),
    (
        "kubectl ",
        "needs a cluster; .ci/manifests checks the manifest",
    ),
    (
        "systemctl ",
        "needs systemd and its root; .ci/manifests checks the unit",
    ),
    ("systemd-run ", "needs systemd and its root"),
    ("npx gql.tada ", "needs Node; make conformance runs it"),
];

/// The words before the program's arguments where it runs elsewhere.
const IN_A_CONTAINER: [&str; 4] = [
    " mula mula ",
    " mula-1 mula ",
    " -- mula ",
    "DATA_DIR=/var/lib/mula mula ",
];

/// The state in which the reader of a page runs its commands.
enum Given {
    /// A server runs, with nothing in it.
    Serving,
    /// Ama has an account and a reading; no server runs.
    Ama,
    /// The tables of the original as well, and an empty database of PostgreSQL.
    Original,
}

macro_rules! pages {
    ($($name:ident: $page:literal, $given:ident;)*) => {
        const PAGES: &[&str] = &[$($page),*];
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                run_all($page, Given::$given).await;
            }
        )*
    };
}

pages! {
    readme: "README.md", Serving;
    accounts: "docs/accounts.md", Ama;
    backup: "docs/backup.md", Ama;
    data: "docs/data.md", Original;
    deployment: "docs/deployment.md", Serving;
    models: "docs/models.md", Ama;
    privacy: "docs/privacy.md", Ama;
    upgrade: "docs/upgrade.md", Ama;
}

fn read(page: &str) -> String {
    fs::read_to_string(page).unwrap_or_else(|error| panic!("{page}: {error}"))
}

/// All pages for users, operators and contributors.
fn pages() -> Vec<String> {
    let of_docs = fs::read_dir("docs").unwrap();
    let of_docs = of_docs.map(|entry| entry.unwrap().path());
    let of_docs = of_docs.filter(|path| path.extension().is_some_and(|found| found == "md"));
    let of_docs = of_docs.map(|path| path.to_str().unwrap().to_owned());
    let beside = ["README.md", "CONTRIBUTING.md", "SECURITY.md"];
    let beside = beside.into_iter().map(str::to_owned);
    of_docs.chain(beside).collect()
}

fn elsewhere(command: &str) -> Option<&'static str> {
    let is_it = |(begin, _): &&(&'static str, &str)| command.starts_with(begin);
    ELSEWHERE.iter().find(is_it).map(|(begin, _)| *begin)
}

#[test]
fn every_command_is_run_or_has_a_reason() {
    let mut reasons = BTreeSet::new();
    for page in pages() {
        for Block { line, commands } in blocks(&read(&page)) {
            for command in commands {
                match elsewhere(&command) {
                    Some(begin) => {
                        reasons.insert(begin);
                    }
                    None => assert!(
                        PAGES.contains(&&*page),
                        "{page}:{line}: no test runs the commands of this page: add it to pages! in \
                         tests/documented.rs, or fence what is no command as ```text: {command}"
                    ),
                }
            }
        }
    }
    let unused = ELSEWHERE.iter().find(|(begin, _)| !reasons.contains(begin));
    assert_eq!(unused, None, "no page has it any more");
}

/// Those within sentences, too, and those for containers: as far as the command line goes.
#[test]
fn every_command_of_ours_exists() {
    let make = read("Makefile");
    for page in pages() {
        let text = read(&page);
        let blocks = blocks(&text).into_iter().flat_map(|block| block.commands);
        let within = blocks.filter_map(|command| {
            let mut before = IN_A_CONTAINER.iter();
            let (_, command) = before.find_map(|before| command.split_once(before))?;
            let command = command.split(['|', '<', '>']).next()?;
            Some(format!("mula {command}"))
        });
        for command in named(&text, "mula").map(str::to_owned).chain(within) {
            is_ours(&page, &command);
        }
        for command in named(&text, "make") {
            let target = command.split(' ').nth(1).unwrap_or("help");
            let rule = format!("\n{target}:");
            assert!(make.contains(&rule), "{page}: {command}");
        }
    }
}

/// Every word that is not a value is a command or a flag.
fn is_ours(page: &str, command: &str) {
    let mut at = mula::cli::command();
    for word in command.split_whitespace().skip(1) {
        if let Some(flag) = word.strip_prefix("--") {
            let flag = flag.split('=').next().unwrap();
            let is_known = at.get_arguments().any(|arg| arg.get_long() == Some(flag))
                || mula::cli::command()
                    .get_arguments()
                    .any(|arg| arg.get_long() == Some(flag));
            assert!(is_known, "{page}: {command}: there is no --{flag}");
        } else if let Some(below) = at.find_subcommand(word) {
            at = below.clone();
        } else if at.has_subcommands() && word.chars().all(|c| c.is_lowercase() || c == '-') {
            panic!("{page}: {command}: there is no command {word}");
        }
    }
}

/// A folder with the program in PATH, and what the page takes for given.
struct Place {
    dir: tempfile::TempDir,
    cluster: Option<&'static Cluster>,
    /// Texts of the page that stand for a value of the reader's, with the value here.
    values: Vec<(String, String)>,
    server: Option<Serving>,
}

impl Place {
    /// None where the page takes a PostgreSQL, and there is none.
    async fn new(page: &str, given: &Given) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().to_owned();
        fs::create_dir(path.join("bin")).unwrap();
        std::os::unix::fs::symlink(PROGRAM, path.join("bin/mula")).unwrap();
        let mut place = Self {
            dir,
            cluster: None,
            values: Vec::new(),
            server: None,
        };
        match given {
            Given::Serving => {
                let server = Serving::serve(mula(&path, &["serve", "--port", "0"]));
                place.is_for("127.0.0.1:8000", server.address.to_string());
                place.server = Some(server);
            }
            Given::Ama | Given::Original => Self::serves_ama(&path).await,
        }
        match page {
            "docs/backup.md" => {
                let cluster = postgres::cluster().await?;
                fs::create_dir(path.join("backups")).unwrap();
                place.is_for("/backups/", format!("{}/backups/", path.display()));
                place.is_for("postgres://.../mula_restored", cluster.url("mula_restored"));
                place.is_for("$DATABASE_URL", cluster.url(&cluster.migrated().await));
                place.cluster = Some(cluster);
            }
            "docs/data.md" => {
                let cluster = postgres::cluster().await?;
                let theirs = original("timestamptz", "varchar(50)", PASSLIB).await?;
                place.is_for("postgres://user:password@host:5432/original", theirs.url());
                place.is_for("postgres://...", cluster.url(&cluster.empty().await));
                place.cluster = Some(cluster);
            }
            "docs/deployment.md" => {
                for dir in ["usr/local/bin", "etc/systemd/system"] {
                    fs::create_dir_all(path.join(dir)).unwrap();
                }
                // As a release is unpacked.
                fs::copy(PROGRAM, path.join("mula")).unwrap();
                fs::create_dir(path.join("deploy")).unwrap();
                fs::copy("deploy/mula.service", path.join("deploy/mula.service")).unwrap();
                for dir in ["/usr/local/bin/", "/etc/"] {
                    place.is_for(dir, format!("{}{dir}", path.display()));
                }
            }
            "docs/upgrade.md" => place.is_for("--steps N", "--steps 1".to_owned()),
            _ => {}
        }
        Some(place)
    }

    async fn serves_ama(dir: &Path) {
        let server = Serving::serve(mula(dir, &["serve", "--port", "0"]));
        let ama = server.join("ama").await;
        let ada = server.join("ada").await;
        for who in [ama, ada] {
            server.begin(&who, "Why does every door stay shut?").await;
        }
        server.signal("TERM");
        let (code, log) = server.end().await;
        assert_eq!(code, Some(0), "{log}");
    }

    fn is_for(&mut self, written: &str, value: String) {
        self.values.push((written.to_owned(), value));
    }

    fn shell(&self, script: &str) -> Command {
        let mut script = script.to_owned();
        for (written, value) in &self.values {
            script = script.replace(written, value);
        }
        let mut path = vec![self.dir.path().join("bin")];
        path.extend(self.cluster.map(Cluster::programs));
        let rest = std::env::var_os("PATH").unwrap();
        path.extend(std::env::split_paths(&rest).collect::<Vec<PathBuf>>());
        let mut bash = Command::new("bash");
        bash.env_clear()
            .envs(std::env::vars().filter(|(name, _)| name.starts_with("LLVM_")))
            .env("EMBEDDED_PACE", "0");
        bash.env("PORT", "0");
        bash.env("PATH", std::env::join_paths(path).unwrap());
        if let Some(cluster) = self.cluster {
            bash.env("PGHOST", cluster.host()).env("PGUSER", "mula");
        }
        bash.args(["-e", "-o", "pipefail", "-c", &script])
            .current_dir(self.dir.path())
            .stdin(Stdio::null());
        bash
    }
}

/// Whether a command is the server, which goes on until it is told to stop.
fn serves(command: &str) -> bool {
    let command = command.split('#').next().unwrap_or_default();
    command.split_whitespace().last() == Some("mula")
}

/// Runs what is to be run here of a page, a block after the other, in one folder.
async fn run_all(page: &str, given: Given) {
    let Some(place) = Place::new(page, &given).await else {
        return;
    };
    let mut outputs = String::new();
    let mut run_here = 0;
    for Block { line, commands } in blocks(&read(page)) {
        let (servers, commands): (Vec<_>, Vec<_>) = commands
            .into_iter()
            .filter(|command| elsewhere(command).is_none())
            .partition(|command| serves(command));
        for command in servers {
            Serving::serve(place.shell(&format!("exec env {command}")));
            run_here += 1;
        }
        if commands.is_empty() {
            continue;
        }
        let script = commands.join("\n");
        let done = tokio::time::timeout(PATIENCE, run(place.shell(&script)));
        let done = done
            .await
            .unwrap_or_else(|_| panic!("{page}:{line}: it takes too long"));
        let (code, output, error) = done;
        // It only says what would be lost.
        let wanted = if script.contains("migrate down") {
            2
        } else {
            0
        };
        assert_eq!(
            code,
            Some(wanted),
            "{page}:{line}: {script}\n{output}\n{error}"
        );
        assert!(!output.contains("\"errors\""), "{page}:{line}: {output}");
        outputs.push_str(&output);
        run_here += 1;
    }
    assert!(run_here > 0, "{page}: nothing was run");
    if let Some(server) = place.server {
        server.signal("TERM");
        let (code, log) = server.end().await;
        assert_eq!(code, Some(0), "{log}");
    }
    if page == "README.md" {
        assert!(outputs.contains("\"status\":\"COMPLETED\""), "{outputs}");
        assert!(outputs.contains("\"totalCount\":2"), "{outputs}");
    }
}

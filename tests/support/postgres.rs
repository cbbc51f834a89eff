//! A PostgreSQL of this test process's own: started on first use from the server binaries the
//! machine has, gone with the process however it ends.

use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{ChildStdin, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use sea_orm::{ConnectionTrait, DatabaseConnection};
use tokio::sync::{Mutex, OnceCell};

use super::settings;

/// Makes it, says so, then waits for the end of its input: that of the test process, however it
/// came about, for the system closes the pipe. In a process group of its own and deaf to signals, so
/// that what ends the tests does not end it before it has cleaned up.
const SUPERVISE: &str = r#"
trap '' HUP INT PIPE TERM
bin=$1 dir=$2 more=$3
cd "$dir" &&
"$bin/initdb" -D data -U mula --auth=trust --no-sync -E UTF8 --locale=C >log 2>&1 </dev/null &&
"$bin/pg_ctl" -D data -w -t 60 -l log -o "-k '$dir' -c listen_addresses= -c fsync=off \
  -c synchronous_commit=off -c full_page_writes=off -c max_connections=500 \
  -c shared_buffers=64MB -c wal_level=minimal -c max_wal_senders=0 -c autovacuum=off $more" \
  start >>log 2>&1 </dev/null &&
echo ready || { cat log; echo; echo failed; }
cat >/dev/null
for cluster in standby data; do "$bin/pg_ctl" -D $cluster -m immediate stop >/dev/null 2>&1; done
cd / && rm -rf "$dir"
"#;

/// The options of a cluster that can be replicated.
pub const REPLICATES: &str = "-c wal_level=replica -c max_wal_senders=4 -c hot_standby=on";

/// The template of every test's database.
const TEMPLATE: &str = "migrated";

pub struct Cluster {
    binaries: PathBuf,
    socket_dir: PathBuf,
    next: AtomicU32,
    /// How a template is copied fastest where nothing has to survive: file by file, which is what
    /// versions before 15 do and later ones have to be told.
    strategy: &'static str,
    /// Two copies of one template cannot be made at the same time.
    copying: Mutex<()>,
    /// Whose it is, where that is not us.
    owner: Option<(u32, u32)>,
    /// Open as long as this process lives.
    _leash: ChildStdin,
}

/// The cluster, or none where there are no server binaries.
pub async fn cluster() -> Option<&'static Cluster> {
    static CLUSTER: OnceCell<Option<Cluster>> = OnceCell::const_new();
    CLUSTER.get_or_init(|| Cluster::start("")).await.as_ref()
}

impl Cluster {
    /// One that a test has for itself, to do with it what others would not like. `more` are
    /// options of its server.
    pub async fn alone(more: &str) -> Option<&'static Self> {
        let cluster = Self::start(more).await?;
        Some(Box::leak(Box::new(cluster)))
    }

    async fn start(more: &str) -> Option<Self> {
        let Some(bin) = server_binaries() else {
            say_that_there_is_none();
            return None;
        };
        let dir = tempfile::Builder::new()
            .prefix("mula-pg-")
            .tempdir()
            .unwrap()
            .keep();
        // PostgreSQL refuses to run as root.
        let owner = (fs::metadata(&dir).unwrap().uid() == 0).then(unprivileged);
        let mut supervisor = Command::new("sh");
        if let Some((uid, gid)) = owner {
            chown(&dir, Some(uid), Some(gid)).unwrap();
            supervisor.uid(uid).gid(gid);
        }
        #[expect(
            clippy::zombie_processes,
            reason = "it outlives this process, to clean up after it"
        )]
        let mut supervisor = supervisor
            .args(["-c", SUPERVISE, "supervise"])
            .args([&bin, &dir])
            .arg(more)
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let leash = supervisor.stdin.take().unwrap();
        let mut output = BufReader::new(supervisor.stdout.take().unwrap());
        let mut first = String::new();
        output.read_line(&mut first).unwrap();
        if first.trim() != "ready" {
            drop(leash);
            let mut rest = String::new();
            output.read_to_string(&mut rest).unwrap();
            panic!(
                "PostgreSQL of {} did not start:\n{first}{rest}",
                bin.display()
            );
        }
        let version = fs::read_to_string(dir.join("data/PG_VERSION")).unwrap();
        let cluster = Self {
            binaries: bin,
            strategy: match version.trim().parse::<f32>().unwrap() {
                15.0.. => "STRATEGY FILE_COPY",
                _ => "",
            },
            socket_dir: dir,
            next: AtomicU32::new(0),
            copying: Mutex::new(()),
            owner,
            _leash: leash,
        };
        cluster.make_template().await;
        Some(cluster)
    }

    async fn make_template(&self) {
        self.execute(&format!("CREATE DATABASE {TEMPLATE}")).await;
        let url = self.url(TEMPLATE);
        let settings = settings(&["--database-url", &url, "--secret-key", super::SECRET]);
        let template = mula::db::Database::connect(&settings.database)
            .await
            .unwrap();
        template.migrate_up().await.unwrap();
        template.close().await;
    }

    /// A program that comes with the server, such as `pg_dump`: where the server really is, or in
    /// PATH.
    pub fn program(&self, name: &str) -> Command {
        let server = fs::canonicalize(self.binaries.join("postgres")).unwrap();
        let beside = server.with_file_name(name);
        let mut program = Command::new(if beside.is_file() {
            beside
        } else {
            PathBuf::from(name)
        });
        program.stdin(Stdio::null());
        program
    }

    /// The folder of those programs.
    pub fn programs(&self) -> PathBuf {
        let dump = self.program("pg_dump");
        Path::new(dump.get_program()).parent().unwrap().to_owned()
    }

    /// The folder of its socket, which is libpq's `PGHOST`.
    pub fn host(&self) -> &Path {
        &self.socket_dir
    }

    /// Ends the server at once, as a crash would.
    pub async fn crash(&self) {
        self.pg_ctl("data", &["-m", "immediate", "stop"]).await;
    }

    /// Starts it again, as it was.
    pub async fn recover(&self) {
        // `pg_ctl restart` alone would remember by itself.
        let options = fs::read_to_string(self.socket_dir.join("data/postmaster.opts")).unwrap();
        let (_, options) = options.trim().split_once(" \"").unwrap();
        let options = format!("\"{options}");
        self.pg_ctl(
            "data",
            &["-w", "-t", "60", "-l", "log", "-o", &options, "start"],
        )
        .await;
    }

    /// Makes a standby of it that replicates by streaming, and starts it. Takes a cluster whose
    /// options let it: see [`REPLICATES`].
    pub async fn replicate(&self) {
        let mut backup = self.as_owner("pg_basebackup");
        backup.arg("-h").arg(&self.socket_dir);
        backup.args([
            "-U",
            "mula",
            "-D",
            "standby",
            "-R",
            "--no-sync",
            "-c",
            "fast",
        ]);
        let status = tokio::task::spawn_blocking(move || backup.status()).await;
        assert!(status.unwrap().unwrap().success());
        // At the same port, so in another folder.
        let options = format!(
            "-k '{}' -c listen_addresses= -c fsync=off -c max_connections=500 {REPLICATES}",
            self.socket_dir.join("standby").display()
        );
        self.pg_ctl(
            "standby",
            &["-w", "-t", "60", "-l", "log", "-o", &options, "start"],
        )
        .await;
    }

    /// Ends the standby.
    pub async fn end_standby(&self) {
        self.pg_ctl("standby", &["-m", "immediate", "stop"]).await;
    }

    /// The same database on the standby.
    pub fn standby_url(&self, name: &str) -> String {
        let folder = self.socket_dir.join("standby");
        format!("postgres://mula@localhost/{name}?host={}", folder.display())
    }

    async fn pg_ctl(&self, cluster: &str, arguments: &[&str]) {
        let mut command = self.as_owner("pg_ctl");
        command.args(["-D", cluster]).args(arguments);
        let status = tokio::task::spawn_blocking(move || command.status()).await;
        assert!(status.unwrap().unwrap().success(), "{arguments:?}");
    }

    /// A program of the server's, run as its owner, in its folder.
    fn as_owner(&self, name: &str) -> Command {
        let mut program = self.program(name);
        if let Some((uid, gid)) = self.owner {
            program.uid(uid).gid(gid);
        }
        program
            .current_dir(&self.socket_dir)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        program
    }

    /// Where it listens.
    pub fn socket(&self) -> PathBuf {
        self.socket_dir.join(".s.PGSQL.5432")
    }

    /// Copies a file into its folder, for it alone to read. Returns the copy.
    pub fn take_over(&self, file: &Path) -> PathBuf {
        let copy = self.socket_dir.join(file.file_name().unwrap());
        fs::copy(file, &copy).unwrap();
        fs::set_permissions(&copy, fs::Permissions::from_mode(0o600)).unwrap();
        if let Some((uid, gid)) = self.owner {
            chown(&copy, Some(uid), Some(gid)).unwrap();
        }
        copy
    }

    /// A migrated database that nobody else uses.
    pub async fn migrated(&self) -> String {
        let strategy = self.strategy;
        self.create(&format!("TEMPLATE {TEMPLATE} {strategy}"))
            .await
    }

    /// A database with nothing in it.
    pub async fn empty(&self) -> String {
        self.create("").await
    }

    async fn create(&self, how: &str) -> String {
        let name = format!("test_{}", self.next.fetch_add(1, Ordering::Relaxed));
        let _one_at_a_time = self.copying.lock().await;
        self.execute(&format!("CREATE DATABASE {name} {how}")).await;
        name
    }

    /// Ends all connections to the database and refuses new ones: it is gone, for its users.
    pub async fn take_away(&self, name: &str) {
        self.execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
            .await;
        self.cut(name).await;
    }

    /// Ends all connections to the database.
    async fn cut(&self, name: &str) {
        self.execute(&format!(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{name}'"
        ))
        .await;
    }

    /// Existing connections keep their mode: clients have to reconnect.
    pub async fn set_read_only(&self, name: &str, read_only: bool) {
        self.execute(&format!(
            "ALTER DATABASE {name} SET default_transaction_read_only = {read_only}"
        ))
        .await;
        self.cut(name).await;
    }

    pub async fn bring_back(&self, name: &str) {
        self.execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
            .await;
    }

    pub fn url(&self, name: &str) -> String {
        format!(
            "postgres://mula@localhost/{name}?host={}",
            self.socket_dir.display()
        )
    }

    async fn execute(&self, sql: &str) {
        let admin = self.admin().await;
        admin
            .execute_unprepared(sql)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        admin.close().await.unwrap();
    }

    /// A connection of the calling test's own: they do not outlive the runtime they are made in.
    async fn admin(&self) -> DatabaseConnection {
        let mut options = sea_orm::ConnectOptions::new(self.url("postgres"));
        options.max_connections(1).sqlx_logging(false);
        sea_orm::Database::connect(options).await.unwrap()
    }
}

/// Where the newest server's binaries are.
fn server_binaries() -> Option<PathBuf> {
    let complete = |dir: &Path| {
        ["initdb", "pg_ctl", "postgres"]
            .iter()
            .all(|name| dir.join(name).is_file())
    };
    let path = env::var_os("PATH").unwrap_or_default();
    let in_path = env::split_paths(&path).find(|dir| complete(dir));
    let version = |dir: &PathBuf| {
        let name = dir.parent()?.file_name()?.to_str()?;
        name.split('.').next()?.parse::<u32>().ok()
    };
    in_path.or_else(|| {
        fs::read_dir("/usr/lib/postgresql")
            .ok()?
            .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
            .filter(|dir| complete(dir))
            .max_by_key(version)
    })
}

/// A user and group that own nothing.
fn unprivileged() -> (u32, u32) {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let ids = |name: &str| {
        let mut fields = users
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?
            .split(':');
        let uid = fields.nth(1)?.parse().ok()?;
        Some((uid, fields.next()?.parse().ok()?))
    };
    ids("postgres")
        .or_else(|| ids("nobody"))
        .expect("a machine has a user nobody")
}

fn say_that_there_is_none() {
    assert!(
        env::var("MULA_REQUIRE_POSTGRES").is_err(),
        "no PostgreSQL server binaries in PATH or /usr/lib/postgresql/*/bin, \
         and MULA_REQUIRE_POSTGRES is set"
    );
    // Past the harness's capture: a skipped half of the tests is not for the small print.
    let _ = std::io::stderr().write_all(
        b"\n*** NO POSTGRESQL FOUND (initdb in PATH or /usr/lib/postgresql/*/bin): \
          all on_postgres tests are SKIPPED. ***\n\n",
    );
}

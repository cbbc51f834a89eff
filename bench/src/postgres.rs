//! A PostgreSQL of the bench's own, which keeps what it acknowledges as one in production does,
//! and is gone with the bench however it ends.

use std::{
    env, fs,
    io::{BufRead, BufReader, Read},
    os::unix::{
        fs::{MetadataExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
};

use tempfile::TempDir;

use crate::Result;

/// Makes it, says so, and ends it when its input ends: when the bench does, however that comes
/// about. In a process group of its own and deaf to signals, so as to outlive the bench's.
const SUPERVISE: &str = r#"
trap '' HUP INT PIPE TERM
bin=$1
"$bin/initdb" -D data -U mula --auth=trust -E UTF8 --locale=C >log 2>&1 </dev/null &&
"$bin/pg_ctl" -D data -w -t 60 -l log -o "-k '$PWD' -c listen_addresses= \
  -c shared_buffers=256MB -c max_wal_size=8GB" start >>log 2>&1 </dev/null &&
"$bin/createdb" -h "$PWD" -U mula mula >>log 2>&1 </dev/null &&
echo ready || { cat log; echo; echo failed; }
cat >/dev/null
"$bin/pg_ctl" -D data -m immediate stop >/dev/null 2>&1
"#;

pub struct Postgres {
    pub url: String,
    /// Of the server's first process, the parent of all others.
    pub pid: u32,
    supervisor: Child,
    /// Open as long as this lives.
    leash: Option<ChildStdin>,
    _dir: TempDir,
}

impl Postgres {
    pub fn start() -> Result<Self> {
        let bin = server_binaries()
            .ok_or("no PostgreSQL server binaries in PATH or /usr/lib/postgresql/*/bin")?;
        let dir = tempfile::Builder::new()
            .prefix("mula-bench-pg-")
            .tempdir()?;
        let mut supervisor = Command::new("sh");
        if fs::metadata(&dir)?.uid() == 0 {
            // PostgreSQL refuses to run as root.
            let (uid, gid) = unprivileged().ok_or("no user postgres or nobody to run it as")?;
            chown(&dir, Some(uid), Some(gid))?;
            supervisor.uid(uid).gid(gid);
        }
        let mut supervisor = supervisor
            .args(["-c", SUPERVISE, "supervise"])
            .arg(&bin)
            .current_dir(&dir)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let leash = supervisor.stdin.take();
        let mut output = BufReader::new(supervisor.stdout.take().ok_or("it has an output")?);
        let mut first = String::new();
        output.read_line(&mut first)?;
        if first.trim() != "ready" {
            drop(leash);
            output.read_to_string(&mut first)?;
            return Err(format!("PostgreSQL of {} did not start:\n{first}", bin.display()).into());
        }
        let pid = fs::read_to_string(dir.path().join("data/postmaster.pid"))?;
        let pid = pid
            .lines()
            .next()
            .ok_or("postmaster.pid is empty")?
            .parse()?;
        let host = dir.path().display().to_string().replace('/', "%2F");
        Ok(Self {
            url: format!("postgres://mula@{host}/mula"),
            pid,
            supervisor,
            leash,
            _dir: dir,
        })
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.leash = None;
        // It stops the server; then the folder can go.
        let _ = self.supervisor.wait();
    }
}

/// Where the newest server's binaries are.
fn server_binaries() -> Option<PathBuf> {
    let complete = |dir: &Path| {
        ["initdb", "pg_ctl", "postgres", "createdb"]
            .iter()
            .all(|name| dir.join(name).is_file())
    };
    let path = env::var_os("PATH").unwrap_or_default();
    let version = |dir: &PathBuf| dir.parent()?.file_name()?.to_str()?.parse::<u32>().ok();
    env::split_paths(&path)
        .find(|dir| complete(dir))
        .or_else(|| {
            fs::read_dir("/usr/lib/postgresql")
                .ok()?
                .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
                .filter(|dir| complete(dir))
                .max_by_key(version)
        })
}

/// A user and group that own nothing else.
fn unprivileged() -> Option<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd").ok()?;
    ["postgres:", "nobody:"].iter().find_map(|name| {
        let line = users.lines().find_map(|line| line.strip_prefix(name))?;
        let mut ids = line.split(':').skip(1).map(str::parse);
        Some((ids.next()?.ok()?, ids.next()?.ok()?))
    })
}

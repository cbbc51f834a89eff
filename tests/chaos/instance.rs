//! An instance: the program as a process, behind a proxy whose address stays.

use std::{
    fs::{File, OpenOptions},
    io::{BufRead, BufReader},
    net::SocketAddr,
    os::unix::fs::FileExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Mutex,
    time::Duration,
};

use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};

use super::{
    proxy::{Proxy, Target},
    reaper::Reaper,
};

pub struct Instance {
    pub name: String,
    pub front: Proxy,
    program: PathBuf,
    flags: Vec<String>,
    dir: PathBuf,
    /// The library that shifts its clock, where there is one.
    shift: Option<PathBuf>,
    reaper: Reaper,
    running: Mutex<Option<Running>>,
}

struct Running {
    child: Child,
    metrics: Option<SocketAddr>,
}

impl Instance {
    pub async fn start(
        name: &str,
        dir: PathBuf,
        (program, flags): (PathBuf, Vec<String>),
        shift: Option<PathBuf>,
        reaper: Reaper,
    ) -> Self {
        let instance = Self {
            name: name.to_owned(),
            front: Proxy::to(Target::Nothing).await,
            program,
            flags,
            dir,
            shift,
            reaper,
            running: Mutex::default(),
        };
        instance.set_clock(0);
        instance.run().await;
        instance
    }

    pub fn log(&self) -> PathBuf {
        self.dir.join(format!("{}.log", self.name))
    }

    fn clock(&self) -> PathBuf {
        self.dir.join(format!("{}.clock", self.name))
    }

    /// Starts it, and waits until it says where it listens.
    pub async fn run(&self) {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log())
            .unwrap();
        // By default the system ends a process that writes past its limit.
        let mut command = Command::new("sh");
        command
            .args(["-c", r#"trap '' XFSZ; exec "$0" "$@""#])
            .arg(&self.program)
            .arg("serve")
            .args(&self.flags)
            .env_clear()
            .current_dir(&self.dir)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log);
        if let Some(library) = &self.shift {
            command
                .env("LD_PRELOAD", library)
                .env("CHAOS_CLOCK", self.clock());
        }
        let mut child = command.spawn().unwrap();
        self.reaper.add(child.id());
        let output = child.stdout.take().unwrap();
        let said = tokio::task::spawn_blocking(move || announced(BufReader::new(output)));
        let (address, metrics) = said.await.unwrap();
        *self.running.lock().unwrap() = Some(Running { child, metrics });
        match address {
            Some(address) => self.front.turn_to(Target::Address(address)),
            // Its database may be away: it is started again.
            None => self.kill().await,
        }
    }

    pub fn is_running(&self) -> bool {
        let mut running = self.running.lock().unwrap();
        running
            .as_mut()
            .is_some_and(|running| matches!(running.child.try_wait(), Ok(None)))
    }

    pub fn pid(&self) -> Option<u32> {
        let running = self.running.lock().unwrap();
        running.as_ref().map(|running| running.child.id())
    }

    pub fn metrics(&self) -> Option<SocketAddr> {
        self.running.lock().unwrap().as_ref()?.metrics
    }

    pub async fn kill(&self) {
        self.signal(Signal::KILL);
        self.wait().await;
    }

    pub async fn terminate(&self) {
        self.signal(Signal::TERM);
        self.wait().await;
    }

    async fn wait(&self) {
        let Some(mut running) = self.running.lock().unwrap().take() else {
            return;
        };
        self.front.turn_to(Target::Nothing);
        let pid = running.child.id();
        let ended = tokio::task::spawn_blocking(move || running.child.wait());
        ended.await.unwrap().unwrap();
        self.reaper.remove(pid);
    }

    pub fn signal(&self, signal: Signal) {
        if let Some(pid) = self.pid() {
            // It may have ended.
            let _ = kill_process(Pid::from_raw(pid.cast_signed()).unwrap(), signal);
        }
    }

    /// From now on its files can grow to so many bytes; any number with none.
    pub fn limit_files(&self, bytes: Option<u64>) {
        if let Some(pid) = self.pid() {
            let limit = Rlimit {
                current: bytes,
                maximum: None,
            };
            let _ = prlimit(Pid::from_raw(pid.cast_signed()), Resource::Fsize, limit);
        }
    }

    /// Whether its clock can be shifted.
    pub fn has_clock(&self) -> bool {
        self.shift.is_some()
    }

    /// Shifts its clock from the true time, at once.
    pub fn set_clock(&self, seconds: i64) {
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.clock())
            .unwrap();
        let nanoseconds = seconds * 1_000_000_000;
        file.write_all_at(&nanoseconds.to_ne_bytes(), 0).unwrap();
    }

    /// Memory it holds, in bytes.
    pub fn memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()?)).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kib: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
        Some(kib * 1024)
    }
}

/// The addresses it announces; none if it ends instead. Reads on in a thread: a program whose
/// output nobody reads stands still.
fn announced(
    output: BufReader<std::process::ChildStdout>,
) -> (Option<SocketAddr>, Option<SocketAddr>) {
    let mut lines = output.lines().map_while(Result::ok);
    let (mut address, mut metrics) = (None, None);
    for line in lines.by_ref() {
        let of = |name: &str, path: &str| {
            let url = line.trim().strip_prefix(name)?.trim();
            url.strip_prefix("http://")?
                .strip_suffix(path)?
                .parse()
                .ok()
        };
        address = address.or_else(|| of("GraphQL", "/graphql"));
        metrics = metrics.or_else(|| of("metrics", "/metrics"));
        if line.contains("Ctrl-C") {
            break;
        }
    }
    std::thread::spawn(move || lines.for_each(drop));
    (address, metrics)
}

impl Drop for Instance {
    fn drop(&mut self) {
        if let Some(mut running) = self.running.lock().unwrap().take() {
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
    }
}

/// How long a new start is waited for before the next attempt.
pub const RESTART_PAUSE: Duration = Duration::from_millis(200);

//! Ends what a run started if the run itself is killed.

use std::{
    io::Write,
    os::unix::process::CommandExt,
    process::{ChildStdin, Command, Stdio},
    sync::{Arc, Mutex},
};

/// Reads `+PID` and `-PID`; at the end of its input, that of the run however it came about, it
/// kills the processes that were not taken back.
const REAP: &str = r#"
trap '' HUP INT PIPE TERM
live=" "
while read -r line; do
    pid=${line#[+-]}
    case $line in
        +*) live="$live$pid " ;;
        -*) case $live in *" $pid "*) live="${live%% $pid *} ${live#* $pid }" ;; esac ;;
    esac
done
[ -z "${live# }" ] || kill -9 $live
"#;

#[derive(Clone)]
pub struct Reaper(Arc<Mutex<ChildStdin>>);

impl Reaper {
    #[expect(
        clippy::zombie_processes,
        reason = "it outlives this process, to clean up after it"
    )]
    pub fn start() -> Self {
        let mut shell = Command::new("sh")
            .args(["-c", REAP])
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self(Arc::new(Mutex::new(shell.stdin.take().unwrap())))
    }

    pub fn add(&self, pid: u32) {
        self.say('+', pid);
    }

    pub fn remove(&self, pid: u32) {
        self.say('-', pid);
    }

    fn say(&self, sign: char, pid: u32) {
        writeln!(self.0.lock().unwrap(), "{sign}{pid}").unwrap();
    }
}

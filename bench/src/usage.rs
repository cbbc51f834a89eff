//! Resources used by processes so far (proc(5)).

use std::{fs, time::Duration};

use crate::Result;

/// Processor time of a server, and of its database where that is a server too.
#[derive(Clone, Copy)]
pub struct Usage {
    pub server: Duration,
    pub database: Option<Duration>,
}

impl Usage {
    /// `postgres` is the first of PostgreSQL's processes.
    pub fn of(server: u32, postgres: Option<u32>) -> Result<Self> {
        let database = postgres.map(|postgres| -> Result<Duration> {
            let mut sum = Stat::of(postgres)?.with_ended_children;
            for process in fs::read_dir("/proc")? {
                let name = process?.file_name();
                // Some have ended by the time they are looked at.
                if let Some(pid) = name.to_str().and_then(|name| name.parse().ok())
                    && let Ok(stat) = Stat::of(pid)
                    && stat.parent == postgres
                {
                    sum += stat.own;
                }
            }
            Ok(sum)
        });
        Ok(Self {
            server: Stat::of(server)?.own,
            database: database.transpose()?,
        })
    }

    /// Both together.
    pub fn and(self, other: Self) -> Self {
        Self {
            server: self.server + other.server,
            database: self
                .database
                .zip(other.database)
                .map(|(one, two)| one + two),
        }
    }

    /// Resources used since `earlier`.
    pub fn since(self, earlier: Self) -> Self {
        Self {
            server: self.server.saturating_sub(earlier.server),
            database: self
                .database
                .zip(earlier.database)
                .map(|(now, then)| now.saturating_sub(then)),
        }
    }
}

struct Stat {
    parent: u32,
    own: Duration,
    with_ended_children: Duration,
}

impl Stat {
    fn of(pid: u32) -> Result<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // The name, in brackets, is the second field and may hold anything.
        let (_, rest) = stat.rsplit_once(')').ok_or("a line without a name")?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let number = |field: usize| -> Result<u64> {
            Ok(fields.get(field - 3).ok_or("a line too short")?.parse()?)
        };
        // In hundredths of a second.
        let time = |ticks: u64| Duration::from_millis(ticks * 10);
        let (user, system, ended_user, ended_system) =
            (number(14)?, number(15)?, number(16)?, number(17)?);
        Ok(Self {
            parent: u32::try_from(number(4)?)?,
            own: time(user + system),
            with_ended_children: time(user + system + ended_user + ended_system),
        })
    }
}

/// A process's resident memory, in bytes.
pub fn memory(pid: u32) -> Result<u64> {
    status(pid, "VmRSS:")
}

/// The most that it has been since `forget_peak`, in bytes.
pub fn peak(pid: u32) -> Result<u64> {
    status(pid, "VmHWM:")
}

pub fn forget_peak(pid: u32) -> Result<()> {
    Ok(fs::write(format!("/proc/{pid}/clear_refs"), "5")?)
}

fn status(pid: u32, name: &str) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let resident = status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .ok_or("a process without memory")?;
    Ok(resident.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
}

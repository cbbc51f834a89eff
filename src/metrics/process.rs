//! Process metrics that every Prometheus client has
//! (<https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics>), where the
//! system provides them: all of them on Linux.

use chrono::{DateTime, Utc};
use prometheus::{Counter, Gauge, IntGauge, Registry};

use super::{float_gauge, gauge, registered};

pub(super) struct Process {
    cpu: Counter,
    memory: IntGauge,
    open_files: IntGauge,
    max_files: IntGauge,
    /// Set once.
    _started: Gauge,
}

impl Process {
    pub(super) fn new(registry: &Registry, started_at: DateTime<Utc>) -> Self {
        let started = float_gauge(
            registry,
            "process_start_time_seconds",
            "When the service started, in seconds since 1970 (UTC).",
        );
        #[expect(
            clippy::cast_precision_loss,
            reason = "a double is exact to a millisecond for as long as there are computers"
        )]
        started.set(started_at.timestamp_millis() as f64 / 1e3);
        Self {
            cpu: registered(
                registry,
                Counter::new(
                    "process_cpu_seconds_total",
                    "Seconds of processor time, the user's and the system's.",
                ),
            ),
            memory: gauge(
                registry,
                "process_resident_memory_bytes",
                "Memory in use, in bytes.",
            ),
            open_files: gauge(registry, "process_open_fds", "Open file descriptors."),
            max_files: gauge(
                registry,
                "process_max_fds",
                "File descriptors that may be open.",
            ),
            _started: started,
        }
    }

    /// Asks the system anew.
    #[cfg(target_os = "linux")]
    pub(super) fn look(&self) {
        use rustix::{
            param::page_size,
            process::{Resource, getrlimit},
            time::{ClockId, clock_gettime},
        };
        let spent = clock_gettime(ClockId::ProcessCPUTime);
        let spent = std::time::Duration::try_from(spent).unwrap_or_default();
        // By the difference: a counter only ever grows.
        self.cpu
            .inc_by((spent.as_secs_f64() - self.cpu.get()).max(0.0));
        let pages = std::fs::read_to_string("/proc/self/statm").ok();
        let resident = pages.and_then(|pages| pages.split(' ').nth(1)?.parse::<usize>().ok());
        if let Some(pages) = resident {
            self.memory.set(super::whole(pages * page_size()));
        }
        if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
            // One of them is the folder itself.
            self.open_files
                .set(super::whole(open.count().saturating_sub(1)));
        }
        if let Some(max) = getrlimit(Resource::Nofile).current {
            self.max_files.set(max.try_into().unwrap_or(i64::MAX));
        }
    }

    #[cfg(not(target_os = "linux"))]
    #[expect(clippy::unused_self, reason = "there is nothing to ask here")]
    pub(super) fn look(&self) {}
}

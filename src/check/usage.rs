//! The system resources of a running program, where the system reports them: on Linux, in proc(5).

use std::time::Duration;

/// The resources of a program at this moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Usage {
    /// Processor time so far, including that of its children that have ended.
    pub(super) cpu: Duration,
    /// The number of descriptors that are sockets.
    pub(super) sockets: usize,
    /// The most memory that it has used so far, in bytes.
    pub(super) memory: usize,
    /// Whether one of its threads runs, or is ready to run.
    pub(super) runs: bool,
}

impl Usage {
    #[cfg(target_os = "linux")]
    pub(super) fn of(process: u32) -> Option<Usage> {
        use std::fs;
        let folder = std::path::Path::new("/proc").join(process.to_string());
        let stat = fs::read_to_string(folder.join("stat")).ok()?;
        // After the name, which may contain spaces and brackets: the third field and all later
        // ones.
        let fields: Vec<u64> = stat.rsplit_once(')')?.1.split_whitespace().map(number).collect();
        // utime, stime, cutime and cstime, in units of 10 ms: USER_HZ is 100 in each port of Linux
        // that Rust supports.
        let ticks: u64 = fields.get(11..15)?.iter().sum();
        let links = fs::read_dir(folder.join("fd")).ok()?;
        let links = links.filter_map(|link| fs::read_link(link.ok()?.path()).ok());
        let sockets = links.filter(|to| to.to_string_lossy().starts_with("socket:")).count();
        let status = fs::read_to_string(folder.join("status")).ok()?;
        let memory = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let memory = memory.split_whitespace().next().map_or(0, number) as usize * 1024;
        let threads = fs::read_dir(folder.join("task")).ok()?;
        let states =
            threads.filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("stat")).ok());
        let runs = states.into_iter().any(|stat| {
            stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('R'))
        });
        Some(Usage { cpu: Duration::from_millis(ticks * 10), sockets, memory, runs })
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn of(_process: u32) -> Option<Usage> {
        None
    }
}

#[cfg(target_os = "linux")]
fn number(text: &str) -> u64 {
    text.parse().unwrap_or(0)
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_seen_to_work_and_to_hold_sockets() {
        let before = Usage::of(std::process::id()).expect("our own");
        let sockets: Vec<_> =
            (0..20).map(|_| std::net::UdpSocket::bind("127.0.0.1:0").expect("free")).collect();
        let usage = || Usage::of(std::process::id()).expect("our own");
        while usage().cpu < before.cpu + Duration::from_millis(30) {}
        let after = usage();
        assert!(after.sockets >= sockets.len(), "{after:?}");
        assert!(after.memory > 100_000, "{after:?}");
        assert!(after.runs, "this one");
        assert!(Usage::of(u32::MAX).is_none());
    }
}

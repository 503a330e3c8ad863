//! Replaces `sessions.rs` where there is no Unix shell: pages are shown, exercises are judged, and the wire is shown; the
//! blocks of the lessons, which are written for such a shell, are not run.

use std::path::Path;
use std::sync::Arc;

use super::log::Log;
use super::tabs::Tabs;

#[derive(Debug)]
pub(super) struct Sessions;

/// The reason why a session was not started.
#[derive(Debug)]
pub(super) enum NotRun {
    Unknown,
    Impossible(String),
}

/// The reason why nothing was typed.
#[derive(Debug)]
#[expect(dead_code)] // for the callers, which know it from the other systems
pub(super) enum NotTyped {
    Ended,
    NotRead,
}

impl Sessions {
    pub(super) fn new(_root: &Path, _log: &Arc<Log>) -> Sessions {
        Sessions
    }

    pub(super) fn run(self: &Arc<Self>, _page: &str, block: u64) -> Result<u64, NotRun> {
        match block {
            0 => Err(NotRun::Unknown),
            _ => Err(NotRun::Impossible("the commands of the lessons need a Unix shell".into())),
        }
    }

    pub(super) fn type_in(
        &self,
        _session: u64,
        _terminal: &str,
        _text: &str,
    ) -> Option<Result<(), NotTyped>> {
        None
    }

    pub(super) fn end_input(&self, _session: u64, _terminal: &str) -> Option<()> {
        None
    }

    pub(super) fn stop(&self, _session: u64, _terminal: Option<&str>) -> Option<()> {
        None
    }

    pub(super) fn sweep(&self, _tabs: &Tabs) {}
}

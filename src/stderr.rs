//! Standard error without its lock.

use std::fs::File;
use std::io;
use std::sync::OnceLock;

/// Standard error by a descriptor of its own. `io::stderr()` has a lock: a program that holds it, as `eprintln!` does, and
/// asks a socket something would wait for the library, and the library for the program. `None`: there is no standard
/// error, or no descriptor is left. So a server asks once before it needs it: that none is left is to be reported, too.
pub(crate) fn unlocked() -> Option<&'static File> {
    static STDERR: OnceLock<File> = OnceLock::new();
    if let Some(stderr) = STDERR.get() {
        return Some(stderr);
    }
    let own = duplicate()?; // and another time, if it fails this time
    Some(STDERR.get_or_init(|| own))
}

fn duplicate() -> Option<File> {
    #[cfg(unix)]
    let own = std::os::fd::AsFd::as_fd(&io::stderr()).try_clone_to_owned();
    #[cfg(windows)]
    let own = std::os::windows::io::AsHandle::as_handle(&io::stderr()).try_clone_to_owned();
    own.ok().map(File::from)
}

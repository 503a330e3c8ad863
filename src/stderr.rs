//! Standard error without its lock.

use std::fs::File;
use std::io;
use std::sync::OnceLock;

/// Standard error by a descriptor of its own. `io::stderr()` has a lock: a program that holds it, as `eprintln!` does, and
/// asks a socket something would wait for the library, and the library for the program. `None`: there is no standard error.
pub(crate) fn unlocked() -> Option<&'static File> {
    static STDERR: OnceLock<Option<File>> = OnceLock::new();
    STDERR.get_or_init(duplicate).as_ref()
}

fn duplicate() -> Option<File> {
    #[cfg(unix)]
    let own = std::os::fd::AsFd::as_fd(&io::stderr()).try_clone_to_owned();
    #[cfg(windows)]
    let own = std::os::windows::io::AsHandle::as_handle(&io::stderr()).try_clone_to_owned();
    own.ok().map(File::from)
}

//! [`Scratch`]: a temporary folder for the files of a program.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::{env, fs, process};

#[cfg(unix)]
use super::guard::Guard;

/// The longest path of the surrounding folder, in bytes: on macOS the path of a Unix domain socket
/// has at most 104.
const PARENT_PATH_BYTES_MAX: usize = 64;

/// An empty folder with a short path, for this user only. It is removed with its content when this
/// value is dropped, or when this process is killed.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
    #[cfg(unix)]
    _guard: Guard,
}

impl Scratch {
    /// Creates the folder.
    pub fn new() -> io::Result<Scratch> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let mut around = env::temp_dir();
        if cfg!(unix) && around.as_os_str().len() > PARENT_PATH_BYTES_MAX {
            around = "/tmp".into();
        }
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = around.join(format!("net-notes-{}-{number}", process::id()));
            match create_private(&path) {
                Ok(()) => {
                    #[cfg(unix)]
                    let guard = Guard::spawn(r#"rm -rf -- "$0""#, &path);
                    return Ok(Scratch {
                        #[cfg(unix)]
                        _guard: guard.inspect_err(|_| _ = fs::remove_dir(&path))?,
                        path,
                    });
                }
                // Left over from another process that had our process id.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The path of the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(unix)]
fn create_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().mode(0o700).create(path)
}

/// The temporary folder of Windows belongs to its user.
#[cfg(not(unix))]
fn create_private(path: &Path) -> io::Result<()> {
    fs::create_dir(path)
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

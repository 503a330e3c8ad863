//! A folder of the check's own, for what a program leaves on the disk.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::{env, fs, process};

#[cfg(unix)]
use super::guard::Guard;

/// How long the path of the folder around it may be: a Unix domain socket in it has 104 bytes in all on macOS.
const LONGEST: usize = 64;

/// An empty folder with a short path. Removed with all that is in it when it is dropped, or when the check is killed.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
    #[cfg(unix)]
    _guard: Guard,
}

impl Scratch {
    pub(super) fn new() -> io::Result<Scratch> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let mut around = env::temp_dir();
        if cfg!(unix) && around.as_os_str().len() > LONGEST {
            around = "/tmp".into();
        }
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = around.join(format!("net-notes-{}-{number}", process::id()));
            match fs::create_dir(&path) {
                Ok(()) => {
                    #[cfg(unix)]
                    let guard = Guard::spawn(r#"rm -rf -- "$0""#, &path);
                    return Ok(Scratch {
                        #[cfg(unix)]
                        _guard: guard.inspect_err(|_| _ = fs::remove_dir(&path))?,
                        path,
                    });
                }
                // Somebody else's: of a process that had our number before us.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

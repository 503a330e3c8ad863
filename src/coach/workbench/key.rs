//! The key of the workbench: a browser that has it may read the pages and start their programs.
//!
//! It is made once and kept beside the progress, so that open tabs survive a restart. Only its owner can read the file, where
//! the system knows owners (Unix); on Windows it is as private as the folder.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Read, Write};
use std::path::Path;

/// The number of random bytes of a key.
const KEY_BYTES: usize = 16;

/// A secret of random hexadecimal digits.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Key(String);

impl Key {
    /// Reads the key from this file. If it is missing, damaged, or readable by others, a new one is made.
    pub(super) fn keep(path: &Path) -> io::Result<Key> {
        match read(path)? {
            Some(key) => Ok(key),
            None => make(path),
        }
    }

    #[cfg(test)]
    pub(super) fn of(text: &str) -> Key {
        Key(text.to_string())
    }

    /// The key as it stands in the address and in the cookie.
    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// Whether this is the key. Takes as long for one wrong digit as for all, so the time reveals only the length of a key.
    pub(super) fn is(&self, guess: &str) -> bool {
        let (ours, theirs) = (self.0.as_bytes(), guess.as_bytes());
        let pairs = ours.iter().zip(theirs);
        let differences = pairs.fold(0, |all, (a, b)| std::hint::black_box(all | (a ^ b)));
        differences == 0 && ours.len() == theirs.len()
    }
}

/// Never prints the key itself: debug output is kept in logs.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// Reads the key; `None` if there is none that can be used.
fn read(path: &Path) -> io::Result<Option<Key>> {
    let file = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() && is_private(&metadata) => File::open(path)?,
        Ok(_) => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut text = String::new();
    let is_text = file.take(100).read_to_string(&mut text).is_ok();
    let key = text.trim_end();
    let is_whole = key.len() == 2 * KEY_BYTES && key.bytes().all(|byte| byte.is_ascii_hexdigit());
    Ok((is_text && is_whole).then(|| Key(key.to_string())))
}

fn make(path: &Path) -> io::Result<Key> {
    let key = Key(random()?.iter().map(|byte| format!("{byte:02x}")).collect());
    // Written under another name first, and readable only by its owner from the moment it exists.
    let unfinished = path.with_extension(format!("{}.bak", std::process::id()));
    let _ = fs::remove_file(&unfinished);
    let written = private().open(&unfinished).and_then(|mut file| writeln!(file, "{}", key.0));
    written.and_then(|()| fs::rename(&unfinished, path)).inspect_err(|_| {
        let _ = fs::remove_file(&unfinished);
    })?;
    Ok(key)
}

#[cfg(unix)]
fn private() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    options
}

#[cfg(not(unix))]
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    options
}

#[cfg(unix)]
fn is_private(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o077 == 0
}

#[cfg(not(unix))]
fn is_private(_metadata: &fs::Metadata) -> bool {
    true
}

/// Random bytes of the system.
#[cfg(unix)]
fn random() -> io::Result<[u8; KEY_BYTES]> {
    let mut bytes = [0; KEY_BYTES];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// std has no function for random bytes. But it seeds its hashers with random bytes of the system, and the output of a hasher
/// with an unknown seed cannot be guessed.
#[cfg(not(unix))]
fn random() -> io::Result<[u8; KEY_BYTES]> {
    Ok(hashed())
}

#[cfg_attr(unix, cfg_attr(not(test), expect(dead_code)))]
fn hashed() -> [u8; KEY_BYTES] {
    let seeded = RandomState::new();
    let mut bytes = [0; KEY_BYTES];
    for (number, piece) in bytes.chunks_mut(8).enumerate() {
        let mut hasher = seeded.build_hasher();
        hasher.write_usize(number);
        piece.copy_from_slice(&hasher.finish().to_le_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A temporary file, removed when it is dropped.
    struct Scratch(std::path::PathBuf);

    impl Scratch {
        fn new(name: &str) -> Scratch {
            let name = format!("net-notes-key-{}-{name}", std::process::id());
            Scratch(std::env::temp_dir().join(name))
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_file(&self.0);
        }
    }

    #[test]
    fn a_key_is_made_once_and_stays() {
        let Scratch(path) = &Scratch::new("stays");
        let first = Key::keep(path).unwrap();
        assert_eq!(first.text().len(), 2 * KEY_BYTES);
        assert_eq!(Key::keep(path).unwrap(), first);
        fs::remove_file(path).unwrap();
        assert_ne!(Key::keep(path).unwrap(), first);
    }

    #[test]
    fn a_damaged_key_is_made_anew() {
        let Scratch(path) = &Scratch::new("damaged");
        let mut seen = Vec::new();
        for damaged in [&b""[..], b"1234", &[b'x'; 32], &[b'0'; 33], b"\xff\xfe", &[b'0'; 5000]] {
            let _ = fs::remove_file(path);
            private().open(path).unwrap().write_all(damaged).unwrap();
            let key = Key::keep(path).unwrap();
            assert_eq!(Key::keep(path).unwrap(), key);
            assert!(!seen.contains(&key), "made of {damaged:?}");
            seen.push(key);
        }
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let Scratch(path) = &Scratch::new("private");
        let known = Key::keep(path).unwrap();
        let mode = || fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(), 0o600);
        // A key that others could read is no longer secret.
        fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
        assert_ne!(Key::keep(path).unwrap(), known);
        assert_eq!(mode(), 0o600);
        // A key behind a symbolic link is not used, either.
        let Scratch(elsewhere) = &Scratch::new("elsewhere");
        fs::rename(path, elsewhere).unwrap();
        std::os::unix::fs::symlink(elsewhere, path).unwrap();
        assert_ne!(Key::keep(path).unwrap(), Key::keep(elsewhere).unwrap());
        assert!(fs::symlink_metadata(path).unwrap().is_file());
    }

    #[test]
    fn only_the_whole_key_is_the_key() {
        let key = Key("0123456789abcdef".repeat(2));
        assert!(key.is(key.text()));
        for at in 0..key.text().len() {
            let mut guess = key.text().to_string();
            guess.replace_range(at..=at, "x");
            assert!(!key.is(&guess), "{guess}");
            assert!(!key.is(&key.text()[..at]), "{at} digits");
        }
        assert!(!key.is(&(key.text().to_string() + "0")));
        assert!(!key.is(&(key.text().to_string() + "\0")));
    }

    #[test]
    fn hashed_keys_differ_in_all_their_bytes() {
        let keys: Vec<_> = (0..100).map(|_| hashed()).collect();
        for at in 0..KEY_BYTES {
            let mut bytes: Vec<u8> = keys.iter().map(|key| key[at]).collect();
            bytes.sort_unstable();
            bytes.dedup();
            assert!(bytes.len() > 50, "byte {at} has {} values in 100 keys", bytes.len());
        }
    }
}

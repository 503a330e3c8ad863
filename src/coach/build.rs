//! From the student's file to a program.
//!
//! By `rustc` itself and not as a target of cargo's: so an error in one exercise stops neither another one nor a plain
//! `cargo test`, and a first check needs no dependencies. cargo builds the library, and says where it is.

use std::collections::hash_map::DefaultHasher;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, SystemTime};

use net_notes::check::Localized;

use super::home::Home;
use crate::coach::lock;

/// How long a program is kept that is not used.
const KEPT_FOR: Duration = Duration::from_secs(7 * 24 * 3600);

/// The reason why no program was built.
#[derive(Debug, Clone)]
pub(super) enum Error {
    /// The compiler's message, without warnings.
    Compiler(String),
    /// The compiler was not run.
    Io(Localized),
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Error::Io((&error).into())
    }
}

/// Builds a source file, unless the same text was built with the same library before. `colour`: in the compiler's message.
pub(super) fn program(home: &Home, source: &Path, colour: bool) -> Result<PathBuf, Error> {
    let shown = home.shown(source);
    let read = || {
        fs::read(source).map_err(|error| Error::Io(Localized::from(&error).behind(&shown, &shown)))
    };
    read()?; // a file that is missing is said first
    let library = library()?; // may take seconds: before the text is read
    of_one_text(read, |text| build(home, &shown, source, text, &library, colour))
}

/// Builds a text that rustc reads itself. It may have been saved meanwhile: then the program is not that of the name, and is
/// built again.
fn of_one_text(
    read: impl Fn() -> Result<Vec<u8>, Error>,
    build: impl Fn(&[u8]) -> Result<PathBuf, Error>,
) -> Result<PathBuf, Error> {
    let mut text = read()?;
    loop {
        let built = build(&text);
        let now = read()?;
        if now == text {
            return built;
        }
        if let Ok(program) = built {
            let _ = fs::remove_file(program);
        }
        text = now;
    }
}

fn build(
    home: &Home,
    shown: &str,
    source: &Path,
    text: &[u8],
    library: &Path,
    colour: bool,
) -> Result<PathBuf, Error> {
    let folder = library.with_file_name("exercises");
    fs::create_dir_all(&folder)?;

    let mut key = DefaultHasher::new();
    (text, fs::metadata(library)?.modified()?).hash(&mut key);
    let name = format!("{}-{:016x}", crate_name(source), key.finish());
    let name = name + env::consts::EXE_SUFFIX; // or some linkers of Windows would add it
    let program = folder.join(&name);
    if let Ok(file) = fs::File::open(&program) {
        let _ = file.set_modified(SystemTime::now()); // it is in use
        return Ok(program);
    }
    remove_old(&folder);
    // Under a unique name until it is complete: another check may be building the same program.
    // The unique part is in front, as rustc names its own files by the part before the last dot.
    let unfinished = folder.join(format!("{}-{}-{name}", std::process::id(), unique()));
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or("rustc".into()));
    rustc.current_dir(home.root()).args(["--edition", "2024", "--crate-type", "bin"]);
    rustc.args(["--crate-name", &crate_name(source)]);
    // With the debug information of std each program would take 16 MB, and each save makes one.
    rustc.args(["-C", "strip=debuginfo"]);
    rustc.args(["--color", if colour { "always" } else { "never" }]);
    let mut with_library = OsString::from("net_notes=");
    with_library.push(library);
    rustc.arg("--extern").arg(with_library);
    // A relative path, so the message names the file as the student knows it.
    rustc.arg(shown).arg("-o").arg(&unfinished);
    let compile = |rustc: &mut Command| rustc.output().map_err(|error| no_tool("rustc", &error));
    let built = compile(&mut rustc)?;
    let message = String::from_utf8_lossy(&built.stderr).into_owned();
    if !built.status.success() {
        // Once more without warnings, which come first and can mislead: where `on("data", …)` is the
        // error, they say that `net::event` is not used.
        let again = compile(rustc.args(["-A", "warnings"]))?;
        let _ = fs::remove_file(&unfinished);
        let errors = String::from_utf8_lossy(&again.stderr).into_owned();
        return Err(Error::Compiler(if again.status.success() { message } else { errors }));
    }
    let _ = io::stderr().write_all(message.as_bytes()); // warnings
    fs::rename(&unfinished, &program)?;
    Ok(program)
}

/// The library that the program is built with. cargo brings it up to date, once for each run of the coach.
fn library() -> Result<PathBuf, Error> {
    static FOUND: OnceLock<Mutex<Option<PathBuf>>> = OnceLock::new();
    let mut found = lock(FOUND.get_or_init(Mutex::default));
    if let Some(found) = &*found {
        return Ok(found.clone());
    }
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.current_dir(Home::library());
    cargo.args(["build", "--quiet", "--lib", "--message-format", "json-render-diagnostics"]);
    let built = cargo.output().map_err(|error| no_tool("cargo", &error))?;
    if !built.status.success() {
        let message = String::from_utf8_lossy(&built.stderr);
        let failed = Localized::new(
            format!("cargo build --lib:\n\n{message}"),
            format!("执行 cargo build --lib 失败：\n\n{message}"),
        );
        return Err(Error::Io(failed)); // it is not the student's program
    }
    // {"reason":"compiler-artifact",…,"filenames":["/…/libnet_notes.rlib",…],…}: the one string that ends so.
    let said = String::from_utf8_lossy(&built.stdout);
    let path = said.split('"').find(|text| text.ends_with("libnet_notes.rlib"));
    let path = path.ok_or(Error::Io(Localized::new(
        "cargo does not say where the library is",
        "cargo 没有说库在哪里",
    )))?;
    Ok(found.insert(path.replace(r"\\", r"\").into()).clone())
}

/// Removes the programs that were not used for a week: each save makes one, of some megabytes.
fn remove_old(folder: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_old = |entry: &fs::DirEntry| {
        let used = entry.metadata().and_then(|metadata| metadata.modified());
        used.is_ok_and(|used| used.elapsed().is_ok_and(|age| age > KEPT_FOR))
    };
    for old in entries.filter(is_old) {
        let _ = fs::remove_file(old.path()); // another check may be faster
    }
}

fn no_tool(name: &str, error: &io::Error) -> Error {
    Error::Io(Localized::from(error).behind(
        format!("{name}, which comes with Rust (https://rustup.rs)"),
        format!("{name}（Rust 自带，见 https://rustup.rs）"),
    ))
}

/// The name of the crate: `exercise_03_server`, as `03_server` is not valid.
fn crate_name(source: &Path) -> String {
    let stem = source.file_stem().unwrap_or_default().to_string_lossy();
    format!("exercise_{}", stem.replace(|c: char| !c.is_ascii_alphanumeric(), "_"))
}

fn unique() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use net_notes::check::Scratch;

    use super::*;

    #[test]
    fn programs_are_removed_when_nobody_has_used_them_for_long() {
        let scratch = Scratch::new().expect("writable");
        let folder = scratch.path();
        for (name, age) in [("old", KEPT_FOR * 2), ("used", KEPT_FOR / 2)] {
            let file = fs::File::create(folder.join(name)).expect("writable");
            file.set_modified(SystemTime::now() - age).expect("own file");
        }
        remove_old(folder);
        assert!(folder.join("used").exists() && !folder.join("old").exists());
    }

    #[test]
    fn a_text_that_was_saved_while_it_was_built_is_built_again() {
        let (reads, built) = (Cell::new(0), RefCell::new(Vec::new()));
        let read = || {
            reads.set(reads.get() + 1);
            Ok(if reads.get() == 1 { b"old".to_vec() } else { b"new".to_vec() })
        };
        let scratch = Scratch::new().expect("writable");
        let folder = scratch.path();
        let program = of_one_text(read, |text| {
            built.borrow_mut().push(text.to_vec());
            let program = folder.join(String::from_utf8_lossy(text).as_ref());
            fs::write(&program, text)?;
            Ok(program)
        });
        assert!(program.is_ok_and(|program| program.ends_with("new") && program.exists()));
        assert_eq!(*built.borrow(), [b"old", b"new"]);
        assert!(!folder.join("old").exists(), "it may be another text's program");
    }
}

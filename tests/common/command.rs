//! Starts programs for the tests, all in the same environment, whatever is set in the session of
//! the person who runs them.

use std::env;
use std::ffi::{OsStr, OsString};
use std::process::Command;

/// The variables that a program inherits. Those needed to find programs and folders …
const KEPT: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "TMPDIR",
    "CI",
    // … on Windows, where not even a socket can be opened without SystemRoot …
    "SystemRoot",
    "SystemDrive",
    "windir",
    "ComSpec",
    "PATHEXT",
    "TEMP",
    "TMP",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
    "ProgramData",
    // … those needed to find Rust's linker …
    "SDKROOT",
    "DEVELOPER_DIR",
    "LIB",
    "INCLUDE",
];

/// … and, by their prefixes, those that configure the Rust build here, and the switches of these
/// tests.
const KEPT_BEGINNINGS: &[&str] = &[
    "CARGO",
    "RUSTC",
    "RUSTUP",
    "RUSTFLAGS",
    "LD_",
    "DYLD_",
    "NIX_",
    "ProgramFiles",
    "NET_NOTES_",
];

/// Returns a command for `program` in a clean environment. Every program that a test starts is
/// started through this: a language, a proxy, colours, `NET_TRACE` or `NODE_OPTIONS` of the session
/// would change its output. A program that runs cargo finds everything built: the profile `dev` is
/// here what `cargo test` has built with, see `profile.test` in Cargo.toml.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    #[allow(clippy::disallowed_methods)] // the only place that may
    let mut command = Command::new(program);
    command.env_clear().envs(clean(env::vars_os())).env("CARGO_PROFILE_DEV_STRIP", "debuginfo");
    command
}

fn clean(
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> impl Iterator<Item = (OsString, OsString)> {
    variables.filter(|(name, _)| name.to_str().is_some_and(is_kept))
}

fn is_kept(name: &str) -> bool {
    // Windows does not distinguish PATH from Path.
    let same = |kept: &str, name: &str| match cfg!(windows) {
        true => kept.eq_ignore_ascii_case(name),
        false => kept == name,
    };
    let begins = |kept: &&&str| name.get(..kept.len()).is_some_and(|start| same(kept, start));
    let is_colour = name.starts_with("CARGO_TERM_");
    !is_colour
        && (KEPT.iter().any(|kept| same(kept, name)) || KEPT_BEGINNINGS.iter().any(|k| begins(&k)))
}

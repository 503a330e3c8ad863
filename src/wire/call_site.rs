//! The line of the program that caused an event.

use std::cell::Cell;
use std::fmt;
use std::panic::Location;

use super::target::targets;

/// A line of the program: the call of a public function of this crate. Every public function that
/// can lead to an event is `#[track_caller]`. Unknown, and free, unless a viewer is requested.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CallSite(Option<&'static Location<'static>>);

thread_local! {
    /// The line that registered the listener which this thread is running.
    static LISTENER: Cell<CallSite> = const { Cell::new(CallSite(None)) };
}

impl CallSite {
    /// Whether call sites are kept: only if a viewer is requested.
    pub(crate) fn are_kept() -> bool {
        targets().viewer.is_some()
    }

    /// Returns the line that called the function. If the program did not make the call itself,
    /// because one layer of this crate uses another, or because the program uses std's `write!`,
    /// returns the line that registered the current listener.
    #[track_caller]
    pub(crate) fn of_caller() -> CallSite {
        match CallSite::are_kept() {
            false => CallSite(None),
            true if is_of_program(Location::caller().file()) => CallSite(Some(Location::caller())),
            true => LISTENER.get(),
        }
    }

    /// Calls a listener that was registered here.
    pub(crate) fn call<T>(self, listener: impl FnOnce() -> T) -> T {
        if !CallSite::are_kept() {
            return listener();
        }
        let _returned = Returned { outer: LISTENER.replace(self) };
        listener()
    }

    /// Returns this line, or the other one if this one is unknown.
    pub(crate) fn or_else(self, other: impl FnOnce() -> CallSite) -> CallSite {
        if self.0.is_some() { self } else { other() }
    }

    /// The source file, as the compiler names it.
    pub(super) fn file(self) -> Option<&'static str> {
        self.0.map(Location::file)
    }
}

/// Restores the line of the outer listener when the inner one returns or panics.
struct Returned {
    outer: CallSite,
}

impl Drop for Returned {
    fn drop(&mut self) {
        LISTENER.set(self.outer);
    }
}

/// Writes `FILE:LINE`, or nothing if the line is unknown.
impl fmt::Display for CallSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |at| write!(f, "{}:{}", at.file(), at.line()))
    }
}

/// Whether a source file is neither of this crate nor of std.
fn is_of_program(file: &str) -> bool {
    const OWN: &str = file!();
    let own_folder = &OWN[..OWN.len() - "wire/call_site.rs".len()];
    // Older compilers name the file of an inlined function by its whole path.
    let whole = file.strip_prefix(concat!(env!("CARGO_MANIFEST_DIR"), "/")).unwrap_or(file);
    // `/rustc/HASH/library/std/src/…`; where the source is installed, in its folder.
    let file = file.replace('\\', "/");
    let of_std =
        ["core", "alloc", "std"].iter().any(|name| file.contains(&format!("/library/{name}/src/")));
    !whole.starts_with(own_folder) && !of_std
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_viewer_none_is_kept() {
        assert_eq!(CallSite::of_caller(), CallSite::default());
    }

    #[test]
    fn neither_this_crate_nor_std_is_the_program() {
        for file in [
            "examples/03_server.rs",
            "tests/it.rs",
            "/home/me/net/src/main.rs",
            r"C:\me\src\main.rs",
        ] {
            assert!(is_of_program(file), "{file}");
        }
        // called by a shim, whose own file is in core
        let listener: fn() -> &'static Location<'static> = Location::caller;
        let of_std = listener().file();
        for file in [
            file!(),
            concat!(env!("CARGO_MANIFEST_DIR"), "/src/websocket/life.rs"),
            "/rustc/0123/library/std/src/io/mod.rs",
            "/usr/src/rustc-1.85.1/library/core/src/ops/function.rs",
            of_std,
        ] {
            assert!(!is_of_program(file), "{file}");
        }
        let windows =
            r"C:\Users\me\.rustup\toolchains\stable\lib\rustlib\src\rust\library\std\src\io\mod.rs";
        assert!(!is_of_program(windows));
    }
}

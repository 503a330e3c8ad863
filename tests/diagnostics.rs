//! The compiler's messages for beginners' mistakes. `tests/ui/NAME.rs` is a program with one mistake. `tests/ui/NAME.txt` is the
//! first line of its message, and the lines that name the next step, in order: the library's own, and those of rustc's that
//! rustc 1.85 to 1.97 agree on. (They differ in how they draw a changed line, and in how much of the library they show.)

mod common;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::{env, fs};

/// The programs with a mistake, by name.
fn mistakes() -> BTreeSet<String> {
    let folder = fs::read_dir(common::root().join("tests/ui")).expect("tests/ui");
    let paths = folder.map(|entry| entry.expect("readable").path());
    paths.map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned()).collect()
}

fn read(name: &str) -> String {
    let path = common::root().join(name);
    fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{name}: {error}"))
        .replace("\r\n", "\n")
}

/// The compiler that cargo uses, or `None` where there is none.
fn rustc() -> Option<PathBuf> {
    env::var_os("RUSTC").map(PathBuf::from).or_else(|| common::peer("rustc"))
}

/// The library, up to date. (The one that this test is linked with has a name that only cargo knows.)
fn library() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(common::root()).args(["build", "--quiet", "--lib"]);
        if !cfg!(debug_assertions) {
            cargo.arg("--release");
        }
        assert!(cargo.status().expect("cargo runs").success(), "the library does not build");
        // target/debug/deps/this_test -> target/debug/libnet_notes.rlib
        let own = env::current_exe().expect("own path");
        own.ancestors().nth(2).expect("target/PROFILE").join("libnet_notes.rlib")
    });
    built.clone()
}

/// The compiler's messages for a program, without colour.
fn said(rustc: &PathBuf, name: &str) -> String {
    let mut compile = Command::new(rustc);
    compile.current_dir(common::root()).args(["--edition", "2024", "--color", "never"]);
    // Enough for all errors and warnings, and faster than a program.
    let metadata = env::temp_dir().join(format!("net-notes-ui-{}-{name}", std::process::id()));
    compile.arg("--emit").arg(format!("metadata={}", metadata.display()));
    compile.arg("--extern").arg(format!("net_notes={}", library().display()));
    let output = compile.arg(format!("tests/ui/{name}.rs")).output().expect("rustc runs");
    let _ = fs::remove_file(metadata);
    String::from_utf8(output.stderr).expect("UTF-8")
}

/// The first expected line that the message lacks. The lines after the first have to be part of the same error or warning.
fn missing<'e>(said: &str, expected: &'e str) -> Option<&'e str> {
    let mut expected = expected.lines();
    let first = expected.next().unwrap_or_default();
    let kind = if first.starts_with("error") { "error" } else { "warning" };
    let mut lines = said.lines().skip_while(|line| !line.starts_with(kind));
    if lines.next() != Some(first) {
        return Some(first);
    }
    let mut lines =
        lines.take_while(|line| !line.starts_with("error") && !line.starts_with("warning"));
    expected.find(|part| !lines.any(|line| line.contains(part)))
}

#[test]
fn a_mistake_is_explained() {
    let Some(rustc) = rustc() else { return };
    let mut wrong = String::new();
    for name in mistakes() {
        let (said, expected) = (said(&rustc, &name), read(&format!("tests/ui/{name}.txt")));
        if let Some(missing) = missing(&said, &expected) {
            wrong += &format!(
                "tests/ui/{name}.rs: not there, or not in its place:\n{missing}\nrustc says:\n{said}\n"
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// The compiler shows at most eight of the types that a trait is implemented for, so the library names its events itself.
#[test]
fn the_events_that_are_named_are_all_that_there_are() {
    let of = |file: &str, table: &str| {
        let source = read(file);
        let (_, rows) = source.rsplit_once(&format!("{table} {{\n")).expect("the table of events");
        let rows = rows.lines().take_while(|row| *row != "}");
        rows.filter_map(|row| row.trim().split(',').next()).collect::<Vec<_>>().join(", ")
    };
    let socket = of("src/socket/event.rs", "socket_events!");
    let server = of("src/server/event.rs", "server_events!");
    for name in ["event_as_string", "event_of_server_on_socket"] {
        let expected = read(&format!("tests/ui/{name}.txt"));
        assert!(expected.contains(&format!("events of a socket: {socket}\n")), "{socket}");
        assert!(expected.contains(&format!("events of a server: {server}, as")), "{server}");
    }
    for name in ["event_as_string_of_server", "event_of_socket_on_server"] {
        let expected = read(&format!("tests/ui/{name}.txt"));
        assert!(expected.contains(&format!("events of a server: {server}\n")), "{server}");
    }
}

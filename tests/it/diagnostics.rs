//! The compiler's messages for beginners' mistakes. `tests/ui/NAME.rs` is a program with one
//! mistake. `tests/ui/NAME.txt` is the first line of its message, and the lines that name the next
//! step, in order: the library's own, and those of rustc's own that 1.85, 1.95 and 1.97 agree on.
//! (They differ in how they draw a changed line, and in how much of the library's source they
//! show.)

use crate::common;
use crate::markdown;

use std::path::PathBuf;
use std::{env, fs};

use markdown::Page;

/// Returns the files in a folder whose names end with `end`, by their names without it.
fn names(folder: &str, end: &str) -> Vec<String> {
    let files = common::files(folder, end).into_iter();
    let names = files.map(|file| file[folder.len()..file.len() - end.len()].to_string());
    names.filter(|name| !name.contains('/')).collect()
}

fn read(name: &str) -> String {
    let text = fs::read_to_string(common::root().join(name));
    text.unwrap_or_else(|error| panic!("{name}: {error}")).replace("\r\n", "\n")
}

struct Compiler {
    rustc: PathBuf,
    library: PathBuf,
}

impl Compiler {
    /// Returns the compiler that cargo uses. `None`: there is no compiler here.
    fn new() -> Option<Compiler> {
        let rustc = env::var_os("RUSTC").map(PathBuf::from).or_else(|| common::peer("rustc"))?;
        Some(Compiler { rustc, library: common::library().to_path_buf() })
    }

    /// Returns all messages about a program, without colour.
    fn messages(&self, name: &str) -> String {
        let mut rustc = common::command(&self.rustc);
        rustc.current_dir(common::root()).args(["--edition", "2024", "--color", "never"]);
        // Enough for all errors and warnings, and faster to build than a program.
        let metadata = env::temp_dir().join(format!("net-notes-ui-{}-{name}", std::process::id()));
        rustc.arg("--emit").arg(format!("metadata={}", metadata.display()));
        rustc.arg("--extern").arg(format!("net_notes={}", self.library.display()));
        let output = rustc.arg(format!("tests/ui/{name}.rs")).output().expect("rustc runs");
        let _ = fs::remove_file(metadata);
        String::from_utf8(output.stderr).expect("UTF-8")
    }
}

/// Returns the first expected line that is missing. The first one must be the first line of the
/// first error (or warning), and each later one a part of a later line of the same message.
fn missing<'e>(messages: &str, expected: &'e str) -> Option<&'e str> {
    let mut expected = expected.lines().map(str::trim);
    let first = expected.next().unwrap_or_default();
    let kinds = ["error", "warning"];
    let kind = kinds.into_iter().find(|kind| first.starts_with(kind)).unwrap_or("no such kind");
    let mut lines = messages.lines().skip_while(|line| !line.starts_with(kind));
    if lines.next() != Some(first) {
        return Some(first);
    }
    let mut lines = lines.take_while(|line| !kinds.iter().any(|kind| line.starts_with(kind)));
    expected.find(|part| !lines.any(|line| line.contains(part)))
}

#[test]
fn a_mistake_is_explained() {
    let mistakes = names("tests/ui/", ".rs");
    assert_eq!(
        mistakes,
        names("tests/ui/", ".txt"),
        "a program without its message, or the reverse"
    );
    assert!(!mistakes.is_empty());
    let Some(compiler) = Compiler::new() else { return };
    let mut wrong = String::new();
    for name in mistakes {
        let messages = compiler.messages(&name);
        // Rustc's list has at most eight entries, and pushes the next step off the screen.
        assert!(!messages.contains("other types implement trait"), "{name}: {messages}");
        if let Some(missing) = missing(&messages, &read(&format!("tests/ui/{name}.txt"))) {
            wrong += &format!(
                "tests/ui/{name}.rs: not there, or not in its place:\n{missing}\n\nrustc says:\n{messages}\n"
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// The compiler lists eight types at most, so the library's message names all events itself.
#[test]
fn the_events_that_are_named_are_all_that_there_are() {
    let of = |file: &str| {
        let source = read(file);
        let (_, rows) = source.rsplit_once("event_table! {\n").expect("the table of events");
        let rows = rows.lines().take_while(|row| *row != "}");
        let names = rows.filter_map(|row| row.trim().split_once(',').map(|(name, _)| name));
        names.collect::<Vec<_>>().join(", ")
    };
    let socket = of("src/socket/event.rs");
    let server = of("src/server/event.rs");
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

/// A page may leave lines of a message out, but shows no others. (The Chinese page has the same.)
#[test]
fn a_page_shows_what_the_compiler_says() {
    let mistakes = names("tests/ui/", ".txt");
    let messages: Vec<_> =
        mistakes.iter().map(|name| read(&format!("tests/ui/{name}.txt"))).collect();
    let mut shown = 0;
    for name in names("lessons/", ".md") {
        let page = Page::parse(&read(&format!("lessons/{name}.md")));
        for block in page.blocks.iter().filter(|block| block.text.starts_with("error")) {
            let known = messages.iter().any(|message| missing(message, &block.text).is_none());
            assert!(known, "lessons/{name}.md:{}: tests/ui has no such message", block.line);
            shown += 1;
        }
    }
    assert!(shown > 0, "no page shows a message");
}

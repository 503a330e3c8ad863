//! Translates a command of a page to the one that is run: the built example instead of `cargo run`, free ports instead of
//! those that are taken. Only the commands that a page may have are accepted; all others are refused.

use std::path::{Path, PathBuf};

use super::ports::Ports;
use super::shell_words::{is_assignment, is_operator, words};

/// Real programs that talk to those of the lessons, and the shell's tools around them.
const PROGRAMS: [&str; 25] = [
    "nc",
    "curl",
    "telnet",
    "node",
    "python3",
    "redis-cli",
    "openssl",
    "haproxy",
    "tcpdump",
    "strace",
    "ss",
    "ab",
    "printf",
    "echo",
    "cat",
    "head",
    "tail",
    "sort",
    "seq",
    "tr",
    "od",
    "wc",
    "grep",
    "true",
    "false",
];
/// The assignment with which a page asks for lines on standard error, and the one that sends the events to a viewer, too:
/// `NET_TRACE` is set for all commands.
const PRINTED_TRACE: &str = "NET_TRACE=1";
const BOTH_TRACES: &str = r#"NET_TRACE="1,$NET_TRACE""#;
/// The folder of the built examples.
const BUILT: &str = "target/debug/examples/";

/// A command of a page, parsed as far as needed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Command(Vec<Part>);

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Example { name: String, has_args: bool },
}

impl Command {
    /// Parses a command. The error names the word that is not accepted.
    pub(super) fn parse(typed: &str) -> Result<Command, String> {
        // The lines of a here-document are text, not commands.
        let (head, document) = match typed.split_once('\n') {
            Some((head, document)) if head.contains("<<") => {
                check_document(head, document)?;
                (head, format!("\n{document}"))
            }
            _ => (typed, String::new()),
        };
        let mut parts = Vec::new();
        let mut words = words(head)?.into_iter().peekable();
        let mut expected = true; // a command's name, as at the start and after `|`
        while let Some(word) = words.next() {
            let mut has_args = || words.peek().is_some_and(|word| !is_operator(word));
            match word.as_str() {
                "&" => return Err("`&`: give it a terminal of its own".into()),
                "|" | "||" | "&&" | ";" | "\n" => expected = true,
                // An example that another program starts.
                _ if word.starts_with(BUILT) => {
                    let name = example(&word[BUILT.len()..])?;
                    parts.push(Part::Example { name, has_args: has_args() });
                    expected = false;
                    continue;
                }
                _ if !expected || is_assignment(&word) => {}
                "sudo" => continue,
                "cargo" => {
                    parts.push(cargo(&mut words)?);
                    expected = false;
                    continue;
                }
                name if PROGRAMS.contains(&name) => expected = false,
                name => return Err(format!("`{name}`: no command of a lesson")),
            }
            parts.push(Part::Text(word));
        }
        if parts.is_empty() {
            return Err("no command after `$ `".into());
        }
        parts.push(Part::Text(document));
        Ok(Command(parts))
    }

    /// The names of the examples that must be built.
    pub(super) fn examples(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Example { name, .. } => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// The line for `sh -c`. `built`: the paths of the built examples; `sources`: the folder of their sources.
    pub(super) fn line(
        &self,
        ports: &Ports,
        sources: &Path,
        built: impl Fn(&str) -> PathBuf,
    ) -> String {
        let mut line = String::new();
        for part in &self.0 {
            match part {
                // The trace is printed, as on the page, and sent to the viewer.
                Part::Text(text) if text == PRINTED_TRACE => line.push_str(BOTH_TRACES),
                Part::Text(text) => line.push_str(&ports.replace(text)),
                Part::Example { name, has_args } => {
                    let path = built(name).display().to_string().replace('\'', r"'\''");
                    line.push_str(&format!("'{path}'"));
                    let own = (!has_args).then(|| Ports::of_example(sources, name)).flatten();
                    // Added only if the port is another one: otherwise exactly the command of the page is run.
                    if let Some(port) = own.filter(|own| ports.used(*own) != *own) {
                        line.push_str(&format!(" {}", ports.used(port)));
                    }
                }
            }
            line.push(' ');
        }
        line.truncate(line.trim_end_matches(' ').len());
        line
    }
}

/// Parses the words behind `cargo`: the lessons have only `run --example NAME -- ARGS`.
fn cargo(words: &mut std::iter::Peekable<std::vec::IntoIter<String>>) -> Result<Part, String> {
    let (mut name, mut has_args) = (None, false);
    while let Some(word) = words.next_if(|word| !is_operator(word)) {
        match word.as_str() {
            "run" | "-q" | "--quiet" | "--release" => {}
            "--example" => name = words.next(),
            "--" => {
                has_args = words.peek().is_some_and(|word| !is_operator(word));
                break;
            }
            _ => return Err(format!("`{word}`: no argument of cargo that a lesson has")),
        }
    }
    let name = name.ok_or("`cargo` without `run --example NAME`")?;
    Ok(Part::Example { name: example(&name)?, has_args })
}

/// Checks a here-document: the shell must expand nothing in it, and no command may follow it.
fn check_document(head: &str, document: &str) -> Result<(), String> {
    let (_, delimiter) = head.split_once("<<").unwrap_or_default();
    let end = delimiter.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    let end = end.ok_or_else(|| format!("`<<{delimiter}`: give it quotes, as in <<'EOF'"))?;
    match format!("\n{document}").split_once(&format!("\n{end}\n")) {
        None => Ok(()),
        Some((_, after)) => Err(format!("`{after}` after the here-document")),
    }
}

/// Checks the name of an example: it becomes a part of a path.
fn example(name: &str) -> Result<String, String> {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    match is_plain && !name.is_empty() {
        true => Ok(name.to_string()),
        false => Err(format!("`{name}`: no name of an example")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(typed: &str) -> Result<String, String> {
        let ports = Ports::with(&[(5000, 7777), (10086, 22222)]);
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
        let built = |name: &str| PathBuf::from(format!("/it's built/{name}"));
        Ok(Command::parse(typed)?.line(&ports, &sources, built))
    }

    #[test]
    fn what_a_page_shows_becomes_what_is_run() {
        for (typed, expected) in [
            ("nc 127.0.0.1 5000", "nc 127.0.0.1 7777"),
            ("nc 127.0.0.1 5001", "nc 127.0.0.1 5001"),
            (r"printf 'a;b\n' | nc -N ::1 5000", r"printf 'a;b\n' | nc -N ::1 7777"),
            ("curl -s http://localhost:10086/5000x", "curl -s http://localhost:22222/7777x"),
            ("cargo run --example none", r"'/it'\''s built/none'"),
            ("cargo run --example 03_server", r"'/it'\''s built/03_server' 7777"),
            ("cargo run -q --example none -- 5000", r"'/it'\''s built/none' 7777"),
            (
                "A=1 cargo run --example none -- ::1 5000 2>&1 | head -1",
                r"A=1 '/it'\''s built/none' ::1 7777 2>&1 | head -1",
            ),
            ("printf x \\\n| nc ::1 5000", "printf x | nc ::1 7777"),
            ("nc ::1 5000 <<'EOF'\nrm 5000\nEOF", "nc ::1 7777 <<'EOF' \nrm 7777\nEOF"),
            ("nc ::1 5000   # or 5001", "nc ::1 7777"),
            (
                "NET_TRACE=1 cargo run --example none",
                r#"NET_TRACE="1,$NET_TRACE" '/it'\''s built/none'"#,
            ),
            ("sudo tcpdump -i lo 'port 5000' | tr a b", "tcpdump -i lo 'port 7777' | tr a b"),
            (
                "strace -f target/debug/examples/none ::1 5000",
                r"strace -f '/it'\''s built/none' ::1 7777",
            ),
        ] {
            assert_eq!(run(typed).as_deref(), Ok(expected), "{typed}");
        }
    }

    #[test]
    fn what_no_page_has_is_refused() {
        for (typed, expected) in [
            ("rm -r x", "`rm`"),
            ("printf a | perl", "`perl`"),
            ("printf a; sh", "`sh`"),
            ("printf a && rm x", "`rm`"),
            ("printf a\nrm x", "`rm`"),
            ("A=1 rm x", "`rm`"),
            ("sudo rm x", "`rm`"),
            ("nc -l 5000 &", "`&`"),
            ("echo $(rm x)", "`(`"),
            ("cargo test", "`test`"),
            ("cargo run", "`cargo` without"),
            ("cargo run --example ../x", "`../x`"),
            ("target/debug/examples/../x", "`../x`"),
            ("printf \"$(rm x)\"", "`$(`"),
            ("printf \"`rm x`\"", "inside a command"),
            ("nc ::1 5000 <<EOF\n$(rm x)\nEOF", "<<'EOF'"),
            ("nc ::1 5000 <<'EOF'\na\nEOF\nrm x", "`rm x` after"),
            ("nc ::1 5000 <<'EOF'\nEOF\nrm x", "`rm x` after"),
            ("printf 'a", "never closed"),
            ("", "no command"),
        ] {
            let error = run(typed).expect_err(typed);
            assert!(error.contains(expected), "{typed}: {error}");
        }
    }

    #[test]
    fn every_command_of_every_lesson_is_understood() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("lessons");
        let mut count = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            // A student's own files lie here, too.
            if !name.starts_with(|c: char| c.is_ascii_digit()) {
                continue;
            }
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            let (blocks, _) = super::super::page::read(&text).expect("it is known");
            for typed in blocks.iter().flat_map(|block| &block.commands) {
                count += 1;
                let understood = Command::parse(&typed.line);
                assert!(understood.is_ok(), "{}: {understood:?}", path.display());
            }
        }
        assert!(count > 100, "{count} commands");
    }
}

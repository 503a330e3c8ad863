//! Turns the command that a student types into the one that is run here: the built example in place
//! of `cargo run`, a free port in place of the student's.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use super::shell_words::{is_assignment, is_operator, words};
use crate::common;

/// The ports a page may use: those of the notes, and the ones after them for a second server.
pub const PORTS: [RangeInclusive<u16>; 2] = [5000..=5009, 10086..=10089];

/// Real programs that a machine may lack.
const PEERS: [&str; 12] = [
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
];
/// The folder in which cargo puts an example.
const BUILT: &str = "target/debug/examples/";
const TOOLS: [&str; 13] = [
    "printf", "echo", "cat", "head", "tail", "sort", "seq", "tr", "od", "wc", "grep", "true",
    "false",
];

/// The student's ports and the free ones that a page is run with.
pub struct Ports {
    free: BTreeMap<u16, u16>,
    /// Listens in front of each row of ports as long as they are in use: another page, or another
    /// run of this test, then takes another row. It would not be enough to find a free port and
    /// release it.
    _guards: Vec<TcpListener>,
}

impl Ports {
    /// Returns free ports for all of `PORTS`, none of which occurs elsewhere on the page, in rows
    /// where the student's are. They have as many digits as the student's, so columns and counts of
    /// bytes stay the same, and they lie below the ports that the kernel assigns itself, so no
    /// other program receives one by chance in the meantime.
    pub fn free_for(page: &str) -> Ports {
        let mut ports = Ports { free: BTreeMap::new(), _guards: Vec::new() };
        let taken = numbers(page);
        let bind = |port: u16| TcpListener::bind(("127.0.0.1", port)).ok();
        for own in PORTS {
            let (low, high) = if *own.start() < 10_000 { (5100, 9990) } else { (20_000, 32_000) };
            let mut rows = (low..high).step_by(own.len() + 1);
            let (guard, first) = rows
                .find_map(|guard| {
                    let mut row = guard + 1..=guard + own.len() as u16;
                    let held = bind(guard)?;
                    let free = row.all(|port| !taken.contains(&port) && bind(port).is_some());
                    free.then_some((held, guard + 1))
                })
                .expect("some ports are free");
            ports.free.extend(own.zip(first..));
            ports._guards.push(guard);
        }
        ports
    }

    pub fn to_free(&self, text: &str) -> String {
        replace_numbers(text, |number| self.free.get(&number).copied())
    }

    pub fn to_own(&self, text: &str) -> String {
        let own = |number| self.free.iter().find(|(_, free)| **free == number).map(|(own, _)| *own);
        replace_numbers(text, own)
    }
}

fn numbers(text: &str) -> Vec<u16> {
    text.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect()
}

fn replace_numbers(text: &str, with: impl Fn(u16) -> Option<u16>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let length = rest[at..].find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len() - at);
        let digits = &rest[at..at + length];
        out.push_str(&rest[..at]);
        match digits.parse().ok().and_then(&with) {
            Some(number) => out.push_str(&number.to_string()),
            None => out.push_str(digits),
        }
        rest = &rest[at + length..];
    }
    out + rest
}

/// The needs and the parts of a page's command, still with the student's ports.
#[derive(Debug, PartialEq)]
pub struct Command {
    /// For `sh -c`, each example still as `{name}`.
    line: Vec<Part>,
    pub peers: Vec<&'static str>,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(String),
    Example { name: String, has_args: bool },
}

impl Command {
    /// Parses the command as far as necessary. The error names the word that is not understood.
    pub fn parse(typed: &str) -> Result<Command, String> {
        // The lines after the first one of a here-document are text, not commands.
        let (head, document) = match typed.split_once('\n') {
            Some((head, document)) if head.contains("<<") => (head, format!("\n{document}")),
            _ => (typed, String::new()),
        };
        let mut command = Command { line: Vec::new(), peers: Vec::new() };
        let mut words = words(head)?.into_iter().peekable();
        let mut expected = true; // a command's name, as at the start and after `|`
        while let Some(word) = words.next() {
            match word.as_str() {
                "&" => return Err("`&`: give it a terminal of its own".into()),
                "|" | "||" | "&&" | ";" | "\n" => expected = true,
                // Where another program starts it.
                _ if word.starts_with(BUILT) => {
                    let name = word[BUILT.len()..].to_string();
                    let has_args = words.peek().is_some_and(|word| !is_operator(word));
                    command.line.push(Part::Example { name, has_args });
                    expected = false;
                    continue;
                }
                _ if !expected || is_assignment(&word) => {}
                // The user who runs this test may run it, or it is skipped: see
                // `common::permitted`.
                "sudo" => continue,
                "cargo" => {
                    let mut name = None;
                    let mut has_args = false;
                    while let Some(word) = words.next_if(|word| !is_operator(word)) {
                        match word.as_str() {
                            "run" | "-q" | "--quiet" | "--release" => {}
                            "--example" => name = words.next(),
                            "--" => {
                                has_args = words.peek().is_some_and(|word| !is_operator(word));
                                break;
                            }
                            _ => {
                                return Err(format!(
                                    "`{word}`, an argument of cargo: only `cargo run --example NAME -- ARGS` is known"
                                ));
                            }
                        }
                    }
                    let name = name.ok_or("`cargo` without `run --example NAME`")?;
                    command.line.push(Part::Example { name, has_args });
                    expected = false;
                    continue;
                }
                name => {
                    if let Some(peer) = PEERS.into_iter().find(|peer| *peer == name) {
                        command.peers.push(peer);
                    } else if !TOOLS.contains(&name) {
                        return Err(format!(
                            "`{name}`: not among the commands that a lesson may use"
                        ));
                    }
                    expected = false;
                }
            }
            command.line.push(Part::Text(word));
        }
        if command.line.is_empty() {
            return Err("no command after `$ `".into());
        }
        command.line.push(Part::Text(document));
        Ok(command)
    }

    /// Returns the line for `sh -c`.
    pub fn line(&self, ports: &Ports, built: impl Fn(&str) -> PathBuf) -> String {
        let mut line = String::new();
        for part in &self.line {
            match part {
                Part::Text(text) => line.push_str(&ports.to_free(text)),
                Part::Example { name, has_args } => {
                    line.push_str(&format!("'{}'", built(name).display()));
                    if let Some(port) = default_port(name).filter(|_| !has_args) {
                        line.push_str(&ports.to_free(&format!(" {port}")));
                    }
                }
            }
            line.push(' ');
        }
        line.truncate(line.trim_end_matches(' ').len());
        line
    }

    pub fn examples(&self) -> impl Iterator<Item = &str> {
        self.line.iter().filter_map(|part| match part {
            Part::Example { name, .. } => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// Whether nc must half-close, an option that not every nc has.
    pub fn wants_nc_n(&self) -> bool {
        self.peers.contains(&"nc") && self.line.contains(&Part::Text("-N".into()))
    }
}

/// Returns the port that an example uses by default: the first known one in its code.
fn default_port(example: &str) -> Option<u16> {
    let path = common::root().join(format!("examples/{example}.rs"));
    let code = fs::read_to_string(path).unwrap_or_default();
    let code = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(numbers).find(|number| PORTS.iter().any(|ports| ports.contains(number)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(typed: &str) -> Result<String, String> {
        let ports =
            Ports { free: BTreeMap::from([(5000, 7777), (10086, 22222)]), _guards: Vec::new() };
        Ok(Command::parse(typed)?.line(&ports, |name| PathBuf::from(format!("/built/{name}"))))
    }

    #[test]
    fn what_a_student_types_becomes_what_is_run() {
        for (typed, expected) in [
            ("nc 127.0.0.1 5000", "nc 127.0.0.1 7777"),
            (r"printf 'a;b\n' | nc -N ::1 5000", r"printf 'a;b\n' | nc -N ::1 7777"),
            ("curl -s http://localhost:10086/5000x", "curl -s http://localhost:22222/7777x"),
            ("cargo run --example none", "'/built/none'"),
            ("cargo run -q --example none -- 5000", "'/built/none' 7777"),
            (
                "A=1 cargo run --example none -- ::1 5000 2>&1 | head -1",
                "A=1 '/built/none' ::1 7777 2>&1 | head -1",
            ),
            (
                "cargo run --example none 2>/dev/null; echo $?",
                "'/built/none' 2>/dev/null ; echo $?",
            ),
            ("printf x \\\n| nc ::1 5000", "printf x | nc ::1 7777"),
            ("nc ::1 5000 <<'EOF'\nrm 5000\nEOF", "nc ::1 7777 <<'EOF' \nrm 7777\nEOF"),
            ("nc ::1 5000   # or 5001", "nc ::1 7777"),
            ("sudo tcpdump -i lo 'port 5000' | tr a b", "tcpdump -i lo 'port 7777' | tr a b"),
            ("strace -f target/debug/examples/none ::1 5000", "strace -f '/built/none' ::1 7777"),
            ("node -e 'f(5000) && g()'", "node -e 'f(7777) && g()'"),
        ] {
            assert_eq!(run(typed).as_deref(), Ok(expected), "{typed}");
        }
    }

    #[test]
    fn what_is_not_understood_is_said() {
        for (typed, expected) in [
            ("rm -r x", "`rm`"),
            ("printf a | perl", "`perl`"),
            ("sudo rm x", "`rm`"),
            ("nc -l 5000 &", "`&`"),
            ("echo $(rm x)", "`(`"),
            ("cargo test", "`test`"),
            ("cargo run", "`cargo` without"),
            ("printf 'a", "never closed"),
            ("", "no command"),
        ] {
            let error = run(typed).expect_err(typed);
            assert!(error.contains(expected), "{typed}: {error}");
        }
    }

    #[test]
    fn an_example_with_a_default_port_is_given_a_free_one() {
        let line = run("cargo run --example 03_server").expect("understood");
        assert_eq!(line, "'/built/03_server' 7777");
    }

    #[test]
    fn ports_are_changed_and_changed_back() {
        let ports = Ports::free_for("5000 5100 5101 5102");
        let there = ports.to_free("port 5000, 50000 and a5000 and :10086");
        assert!(!there.contains("port 5000") && there.contains("50000"), "{there}");
        assert_eq!(ports.to_own(&there), "port 5000, 50000 and a5000 and :10086");
    }

    #[test]
    fn pages_at_the_same_time_have_ports_of_their_own() {
        let pages: Vec<Ports> = (0..20).map(|_| Ports::free_for("")).collect();
        let mut all: Vec<u16> =
            pages.iter().flat_map(|ports| ports.free.values().copied()).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}

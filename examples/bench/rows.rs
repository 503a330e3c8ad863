//! The rows of the table, and the figures that each of them measures.

use std::fmt;
use std::process::{Command, Stdio};

/// The servers that are compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Contender {
    Bare,
    Event,
    Node,
}

impl Contender {
    /// Returns the contenders. The bare loop is the reference and is first; Node takes part if it
    /// is installed.
    pub fn present() -> Vec<Contender> {
        let mut contenders = vec![Contender::Bare, Contender::Event];
        if node_version().is_some() {
            contenders.push(Contender::Node);
        }
        contenders
    }
}

impl fmt::Display for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Contender::Bare => "bare",
            Contender::Event => "event",
            Contender::Node => "node",
        })
    }
}

/// Whether the load of the http rows is installed, a separate program: without it these rows are
/// left out.
pub fn has_wrk() -> bool {
    Command::new("wrk").arg("--version").stdin(Stdio::null()).output().is_ok()
}

pub fn node_version() -> Option<String> {
    let output = Command::new("node").arg("--version").stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_string())
}

pub struct Row {
    /// The argument of `--only`.
    pub name: String,
    pub load: Load,
}

impl Row {
    /// Whether the row belongs to a family: `ping` and `ping-16` mean all rows that begin so;
    /// `ping-1` does not mean `ping-16-64B`.
    pub fn belongs_to(&self, family: &str) -> bool {
        self.name.strip_prefix(family).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    }
}

/// The actions of the clients.
pub enum Load {
    /// Each connection sends a message, waits for its echo, sends the next.
    PingPong { connections: usize, bytes: usize },
    /// Each connection sends as fast as it can and reads its echo at the same time.
    Bulk { connections: usize },
    /// Connect, one message, its echo, close – and again.
    Connect { at_once: usize },
    /// All connect at the same instant; each then exchanges one message.
    Burst { clients: usize },
    /// All connect, exchange one message, and then do nothing.
    Idle { connections: usize },
    /// A message each at fixed times, whether or not the server is fast: what a user of a half-idle
    /// server notices.
    Paced { connections: usize, per_second: u32 },
    /// HTTP requests for "hello", each connection one after another; with `close`, each on a
    /// separate connection.
    Http { connections: usize, close: bool },
}

pub struct Figure {
    pub name: &'static str,
    pub more_is_better: bool,
}

const fn more(name: &'static str) -> Figure {
    Figure { name, more_is_better: true }
}

const fn less(name: &'static str) -> Figure {
    Figure { name, more_is_better: false }
}

impl Load {
    /// Returns the figures of one measurement, in the order in which it returns them. The first one
    /// is drawn by `--svg`.
    pub fn figures(&self) -> &'static [Figure] {
        match self {
            Load::PingPong { .. } => {
                &const { [more("requests/s"), less("p50 µs"), less("p99 µs")] }
            }
            Load::Bulk { .. } => &const { [more("MiB/s")] },
            Load::Connect { .. } => &const { [more("connections/s")] },
            Load::Burst { .. } => &const { [less("p99 ms"), less("all ms"), less("errors")] },
            Load::Idle { .. } => {
                &const { [less("KiB each"), less("threads each"), less("fds each")] }
            }
            Load::Paced { .. } => &const { [less("p99 µs"), less("p50 µs")] },
            Load::Http { .. } => &const { [more("requests/s"), less("errors")] },
        }
    }

    /// Whether another program makes this load.
    pub fn needs_wrk(&self) -> bool {
        matches!(self, Load::Http { .. })
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Load::PingPong { connections: 1, bytes } => {
                write!(f, "ping-pong, 1 connection, {bytes} bytes")
            }
            Load::PingPong { connections, bytes } => {
                write!(f, "ping-pong, {connections} connections, {bytes} bytes each")
            }
            Load::Bulk { connections } => {
                write!(f, "bulk both ways through pipe, connections: {connections}")
            }
            Load::Connect { at_once } => {
                write!(f, "connect, one message, close; at a time: {at_once}")
            }
            Load::Burst { clients } => {
                write!(f, "{clients} clients connecting at the same instant")
            }
            Load::Idle { connections } => write!(f, "{connections} idle connections"),
            Load::Paced { connections, per_second } => {
                write!(
                    f,
                    "{per_second} requests a second in all, {connections} connections, 64 bytes"
                )
            }
            Load::Http { connections, close: false } => {
                write!(f, "HTTP \"hello\", keep-alive, connections: {connections}")
            }
            Load::Http { connections, close: true } => {
                write!(f, "HTTP \"hello\", Connection: close; at a time: {connections}")
            }
        }
    }
}

pub fn all() -> Vec<Row> {
    let mut rows = Vec::new();
    let mut row = |name: String, load| rows.push(Row { name, load });
    for (bytes, size) in [(64, "64B"), (16 * 1024, "16KiB")] {
        for connections in [1, 16, 64, 256] {
            row(format!("ping-{connections}-{size}"), Load::PingPong { connections, bytes });
        }
    }
    for connections in [1, 16] {
        row(format!("bulk-{connections}"), Load::Bulk { connections });
    }
    for at_once in [1, 16] {
        row(format!("connect-{at_once}"), Load::Connect { at_once });
    }
    row("burst-1000".into(), Load::Burst { clients: 1000 });
    for connections in [1000, 10_000] {
        row(format!("idle-{connections}"), Load::Idle { connections });
    }
    row("paced-64".into(), Load::Paced { connections: 64, per_second: 10_000 });
    for connections in [1, 64, 256] {
        row(format!("http-keep-{connections}"), Load::Http { connections, close: false });
    }
    for connections in [1, 64] {
        row(format!("http-close-{connections}"), Load::Http { connections, close: true });
    }
    rows
}

//! Where `NET_TRACE` sends the events.

use std::env::{self, VarError};
use std::sync::OnceLock;

/// Where the events of all sockets go.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    Nowhere,
    StandardError,
    /// A viewer at this `HOST:PORT`.
    Viewer(String),
}

/// The target of this process. The environment is read once.
pub(super) fn target() -> &'static Target {
    static TARGET: OnceLock<Target> = OnceLock::new();
    TARGET.get_or_init(|| Target::of(env::var("NET_TRACE")))
}

impl Target {
    fn of(variable: Result<String, VarError>) -> Target {
        match variable {
            Err(VarError::NotPresent) => Target::Nowhere,
            Ok(value) if value.is_empty() || value == "0" => Target::Nowhere,
            Ok(value) if is_host_and_port(&value) => Target::Viewer(value),
            _ => Target::StandardError,
        }
    }
}

fn is_host_and_port(value: &str) -> bool {
    let parts = value.rsplit_once(':');
    parts.is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_and_a_port_are_a_viewer() {
        let target = |value: &str| Target::of(Ok(value.to_string()));
        for value in ["127.0.0.1:4000", "localhost:4000", "[::1]:4000"] {
            assert_eq!(target(value), Target::Viewer(value.to_string()));
        }
        for value in ["1", "yes", ":4000", "localhost", "localhost:", "a:70000"] {
            assert_eq!(target(value), Target::StandardError, "{value}");
        }
        for nothing in [Ok(String::new()), Ok("0".to_string()), Err(VarError::NotPresent)] {
            assert_eq!(Target::of(nothing), Target::Nowhere);
        }
    }
}

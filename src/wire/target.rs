//! The destinations of the events, as `NET_TRACE` names them.

use std::env::{self, VarError};
use std::sync::OnceLock;

/// The destinations of the events of all sockets; none by default.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Targets {
    pub(super) standard_error: bool,
    /// The `HOST:PORT` of a viewer.
    pub(super) viewer: Option<String>,
}

/// Returns the targets of this process. The environment is read once.
pub(super) fn targets() -> &'static Targets {
    static TARGETS: OnceLock<Targets> = OnceLock::new();
    TARGETS.get_or_init(|| Targets::of(env::var("NET_TRACE")))
}

impl Targets {
    /// Reads a list, separated by commas: `HOST:PORT` is a viewer, and any other word but `0`
    /// means standard error. The last viewer counts.
    fn of(variable: Result<String, VarError>) -> Targets {
        let value = match variable {
            Ok(value) => value,
            Err(VarError::NotPresent) => String::new(),
            Err(VarError::NotUnicode(_)) => "1".to_string(),
        };
        let mut targets = Targets::default();
        for word in value.split(',') {
            match word {
                "" | "0" => {}
                word if is_host_and_port(word) => targets.viewer = Some(word.to_string()),
                _ => targets.standard_error = true,
            }
        }
        targets
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
        let targets = |value: &str| Targets::of(Ok(value.to_string()));
        let viewer =
            |at: &str, standard_error| Targets { standard_error, viewer: Some(at.to_string()) };
        let standard_error = Targets { standard_error: true, viewer: None };
        for value in ["127.0.0.1:4000", "localhost:4000", "[::1]:4000"] {
            assert_eq!(targets(value), viewer(value, false));
            assert_eq!(targets(&format!("1,{value}")), viewer(value, true));
            assert_eq!(targets(&format!("{value},1")), viewer(value, true));
        }
        for value in ["1", "yes", ":4000", "localhost", "localhost:", "a:70000", "1,1", "0,1"] {
            assert_eq!(targets(value), standard_error, "{value}");
        }
        for nothing in ["", "0", ",", "0,0"] {
            assert_eq!(targets(nothing), Targets::default(), "{nothing}");
        }
        assert_eq!(Targets::of(Err(VarError::NotPresent)), Targets::default());
    }
}

//! Every line in which a Rust version may differ from Node's trace, with the reason. A line that is
//! not in the trace fails the test, so that no entry remains that is no longer true.

use super::compare::Lines;

/// Scenario, party, Node's line, the line here – `None`: no such line –, and why.
type Difference = (&'static str, &'static str, &'static str, Option<&'static str>, &'static str);

const NO_GETTER: &str = "the API has no such property to ask for";
const PLAIN_ERROR: &str = "an io::Error has a code and a message, but no fields";
const NO_COUNT: &str = "listeners cannot be counted";
const NO_PREPEND: &str = "listeners cannot be put in front: who wants to be first, registers first";
const NO_ANSWER: &str =
    "`connections()` answers at once, and cannot fail: there is no call without its answer";

#[rustfmt::skip] // a table
pub const DIFFERENCES: &[Difference] = &[
    ("04_server_ends_first", "client", "in-end writable=true writableEnded=false destroyed=false",
        Some("in-end writable=true destroyed=false"), NO_GETTER),
    ("04_server_ends_first", "client", "in-close writable=false writableEnded=true destroyed=true",
        Some("in-close writable=false destroyed=true"), NO_GETTER),
    ("10_connection_refused", "client",
        "error-fields syscall=connect address=127.0.0.1 port-matches=true message-ok=true destroyed=true",
        Some("error-fields destroyed=true"), PLAIN_ERROR),
    ("12_host_not_found", "client", "error-fields syscall=getaddrinfo hostname-matches=true", None, PLAIN_ERROR),
    ("13_eaddrinuse", "server2", "error EADDRINUSE", Some("listen-returns EADDRINUSE"),
        "`listen` binds at once, so it can return its error"),
    ("13_eaddrinuse", "server2", "state listening=false address=null syscall=listen",
        Some("state listening=false address=null"), PLAIN_ERROR),
    ("20_timeout_keeps_open", "client", "state destroyed=false writable=true timeout=100",
        Some("state destroyed=false writable=true"), NO_GETTER),
    ("26_backpressure_drain", "client", "writableNeedDrain true", None, NO_GETTER),
    ("27_hwm_before_connect", "client", "hwm write=16384 read=16384", None, NO_GETTER),
    ("33_listener_order", "client", "listeners 4", None, NO_COUNT),
    ("33_listener_order", "client", "listeners 3", None, NO_COUNT),
    ("37_get_connections", "server", "zero-called", None, NO_ANSWER),
    ("37_get_connections", "server", "zero err=null n=0", Some("zero n=0"), NO_ANSWER),
    ("37_get_connections", "server", "three-called", None, NO_ANSWER),
    ("37_get_connections", "server", "three err=null n=3", Some("three n=3"), NO_ANSWER),
    ("37_get_connections", "server", "two-called", None, NO_ANSWER),
    ("37_get_connections", "server", "two err=null n=2", Some("two n=2"), NO_ANSWER),
    ("37_get_connections", "server", "none-called", None, NO_ANSWER),
    ("37_get_connections", "server", "none err=null n=0", Some("none n=0"), NO_ANSWER),
    ("46_callback_order", "client", "end-cb ok", None, "`end` takes no callback: `Finish` is its event"),
    ("47_connect_callback_order", "client", "connect-prepended", None, NO_PREPEND),
    ("47_connect_callback_order", "client", "listeners connect=3", None, NO_COUNT),
    ("51_write_after_destroy", "client", "destroy-chains true", None, "methods return nothing to chain on"),
];

/// Returns Node's lines with these differences applied.
pub fn applied(scenario: &str, mut trace: Lines) -> Lines {
    for (_, party, node, here, _) in DIFFERENCES.iter().filter(|entry| entry.0 == scenario) {
        assert!(
            trace.replace(party, node, *here),
            "{scenario}: Node's trace has no line `{party} {node}`, but the table of differences has it"
        );
    }
    trace
}

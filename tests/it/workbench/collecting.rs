//! The port that receives traces, and its other visitors.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};

use super::opened::Workbench;
use super::tab::Tab;
use crate::common::{DEADLINE, Random, until};

/// Opens a workbench with a tab of its viewer, and returns the address for traces, too.
fn viewer(name: &str) -> (Workbench, Tab, String) {
    let workbench = Workbench::open(name);
    let mut tab = workbench.tab("wire");
    let hello = tab.wait(&["\"trace\":\""]);
    let (_, address) = hello.split_once("\"trace\":\"").expect("an address");
    let address = address.split('"').next().unwrap_or_default().to_string();
    (workbench, tab, address)
}

pub fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the collector listens");
    stream.set_read_timeout(Some(DEADLINE)).expect("a timeout");
    stream
}

/// Whether the other side has closed: by a FIN or a reset.
fn is_closed(stream: &mut TcpStream) -> bool {
    match stream.read(&mut [0; 16]) {
        Ok(size) => size == 0,
        Err(error) => error.kind() == ErrorKind::ConnectionReset,
    }
}

#[test]
fn a_trace_is_shown_line_by_line() {
    let (_workbench, mut tab, address) = viewer("trace");
    let mut program = connect(&address);
    let trace = "net-trace 1\n0 77 hello me x.rs unix=1.5\n5 77.1 sent 2 6869\n6 77.1 unknown-kind key=\"x\"\n";
    for piece in trace.as_bytes().chunks(7) {
        program.write_all(piece).unwrap();
    }
    tab.wait(&[r#"{"kind":"wire","line":"0 77 hello me x.rs unix=1.5","#]);
    tab.wait(&[r#""line":"5 77.1 sent 2 6869""#]);
    tab.wait(&[r#""line":"6 77.1 unknown-kind key=\"x\"""#]);
    program.shutdown(Shutdown::Both).unwrap();
    tab.wait(&[r#""kind":"gone""#, r#""pid":77"#]);
}

#[test]
fn what_is_no_trace_is_cut_off_and_shown_to_nobody() {
    let (_workbench, mut tab, address) = viewer("hostile");
    let noise = Random(1).bytes(10_000);
    let endless = "x".repeat(1 << 20);
    let late = format!("net-trace 1\n0 1 {endless}");
    for hostile in [
        &noise[..],
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\n\r\nnet-trace 1\n0 66 hello\n",
        endless.as_bytes(),
        late.as_bytes(),
        b"net-trace x\n0 66 hello\n",
        b"\nnet-trace 1\n0 66 hello\n",
        b"net-trace 1\n\n0 66 hello\n",
        b"net-trace 1\nx 66 hello\n",
        b"net-trace 1\n0 x hello\n",
        b"net-trace 1\n0 66\x07 hello\n",
        b"net-trace 1\n0 66 hello\x1b[2J\n",
        b"net-trace 1\n0 66 \xff\n",
    ] {
        let mut stream = connect(&address);
        let _ = stream.write_all(hostile); // it may be cut off while we send
        assert!(is_closed(&mut stream), "{:.40}", String::from_utf8_lossy(hostile));
    }
    let mut honest = connect(&address);
    honest.write_all(b"net-trace 1\n0 77 hello\n").unwrap();
    let next = tab.next("the honest line");
    assert!(next.contains("0 77 hello"), "{next}");
}

#[test]
#[ignore = "takes half a minute"]
fn thousands_of_connections_cost_little_and_end() {
    let (workbench, mut tab, address) = viewer("many");
    let memory = || status(workbench.program.id(), "VmRSS");
    let before = memory();
    let mut open = Vec::new();
    for number in 0..3000 {
        open.extend(TcpStream::connect(&address).ok());
        if number % 100 == 99 {
            open.clear();
        }
    }
    let silent: Vec<TcpStream> = (0..100).map(|_| connect(&address)).collect();
    assert_eq!(workbench.get("/en/03_server.html").status(), 200);
    // Silent clients are cut off after a while, and there is room again.
    let mut honest = Vec::new();
    until("an honest program is heard", || {
        let mut stream = connect(&address);
        let _ = stream.write_all(b"net-trace 1\n0 77 hello\n");
        honest.push(stream);
        tab.saw("0 77 hello")
    });
    drop(silent);
    if let (Some(before), Some(after)) = (before, memory()) {
        assert!(after < before + 30_000, "{before} KiB, and then {after}");
    }
}

/// Returns a number about a process, on Linux.
pub fn status(process: u32, field: &str) -> Option<usize> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    line.split_whitespace().next()?.parse().ok()
}

#[test]
#[ignore = "takes ten seconds"]
fn a_tab_that_does_not_read_holds_up_nobody() {
    let (workbench, mut tab, address) = viewer("slow");
    let mut slow = TcpStream::connect(("127.0.0.1", workbench.port)).unwrap();
    let head = format!(
        "GET /api/events?from=1 HTTP/1.0\r\nHost: 127.0.0.1\r\nCookie: {}\r\n\r\n",
        workbench.cookie
    );
    slow.write_all(head.as_bytes()).unwrap(); // and reads nothing
    let before = status(workbench.program.id(), "VmRSS");
    let mut program = connect(&address);
    program.write_all(b"net-trace 1\n").unwrap();
    let data = "78".repeat(2000);
    const EVENTS: usize = 30_000;
    for number in 1..=EVENTS {
        program.write_all(format!("{number} 77.1 sent 2000 {data}\n").as_bytes()).unwrap();
    }
    program.write_all(b"99999999 77.1 close\n").unwrap();
    tab.wait(&["99999999 77.1 close"]);
    let left_out = tab.seen.iter().filter(|event| event.contains("\"kind\":\"left-out\"")).count();
    println!("{} events were seen, {left_out} times some were left out", tab.seen.len());
    // A log of 16 MiB, and not 120 MB.
    if let (Some(before), Some(after)) = (before, status(workbench.program.id(), "VmRSS")) {
        assert!(after < before + 60_000, "{before} KiB, and then {after}");
    }
}

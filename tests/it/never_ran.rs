//! A server that listens and never runs: the line on standard error appears for each way to forget
//! `run()`, and in no other case. Each case is a separate process: this test binary again, with the
//! name of the case in a variable.

use crate::common;

use std::{env, fs, io, panic, process, thread};

use net::{Server, event};
use net_notes as net;

const CASE: &str = "NET_NOTES_NEVER_RAN";

/// The message before the port, and after it.
const START: &str = "net_notes: a server listened on 127.0.0.1:";
const END: &str = " and never ran, so it accepted no connection: call run() or spawn() after listen(), or close() if that is intended";

const FORGOTTEN: &[(&str, fn())] = &[
    ("a program that ends after listen", || {
        let server = net::create_server(|socket| socket.end_with("hello"));
        listen(&server);
    }),
    ("a chain of calls", || {
        net::create_server(|_| {}).listen(("127.0.0.1", 0), |_| {}).expect("a free port");
    }),
    ("its last clone, on another thread", || {
        let server = net::create_server(|_| {});
        listen(&server);
        let last = server.clone();
        drop(server);
        thread::spawn(|| drop(last)).join().expect("no panic");
    }),
    ("a server of http", || listen(&net::http::create_server(|_, _| {}))),
    ("a server of sts", || listen(&net::sts::create_server(|_, _| {}))),
    ("listening again after the end of run", || {
        let server = net::create_server(|_| {});
        run_and_close(&server);
        listen(&server);
    }),
    ("listening again after close", || {
        let server = net::create_server(|_| {});
        listen(&server);
        server.close().expect("it listens");
        listen(&server);
    }),
    ("an early return for another reason", || {
        let try_it = || -> io::Result<()> {
            let server = net::create_server(|_| {});
            listen(&server);
            Err(io::Error::other("out of tea"))?;
            server.run()
        };
        try_it().expect_err("out of tea");
    }),
];

const NOT_FORGOTTEN: &[(&str, fn())] = &[
    ("never listened", || drop(net::create_server(|_| {}))),
    ("closed before run", || {
        let server = net::create_server(|_| {});
        listen(&server);
        server.close().expect("it listens");
    }),
    ("closed before run, and run", || {
        let server = net::create_server(|_| {});
        listen(&server);
        server.close().expect("it listens");
        server.run().expect("closed");
    }),
    ("could not listen", || {
        let busy = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let server = net::create_server(|_| {});
        server.listen(busy.local_addr().expect("bound"), |_| {}).expect_err("in use");
    }),
    ("ran and was closed", || run_and_close(&net::create_server(|_| {}))),
    ("was dropped while another handle runs it", || {
        let server = net::create_server(|_| {});
        listen(&server);
        drop(server.spawn());
    }),
    ("spawned, and dropped by the thread of run", || {
        let server = net::create_server(|_| {});
        listen(&server);
        let closer = server.clone();
        server.on(event::Listening, move |_, ()| closer.close().expect("it listens"));
        let running = server.spawn();
        drop(server);
        running.join().expect("no panic").expect("closed");
    }),
    ("a panic between listen and run", || {
        let result = panic::catch_unwind(|| {
            let server = net::create_server(|_| {});
            listen(&server);
            panic!("before run");
        });
        result.expect_err("it panicked");
    }),
    ("an exit before run", || {
        let server = net::create_server(|_| {});
        listen(&server);
        process::exit(0);
    }),
];

fn listen(server: &Server) {
    server.listen(("127.0.0.1", 0), |_| {}).expect("a free port");
}

fn run_and_close(server: &Server) {
    let id = server.on(event::Listening, |server, ()| server.close().expect("it listens"));
    listen(server);
    server.run().expect("closed");
    server.off(id);
}

/// Not a test: one case, in the process that [`said_in`] starts for it.
#[test]
fn case() {
    let Ok(name) = env::var(CASE) else { return };
    let (_, case) =
        FORGOTTEN.iter().chain(NOT_FORGOTTEN).find(|(other, _)| *other == name).expect("a case");
    case();
    // The harness would print more. Threads that still run end here, as at the end of a `main`.
    process::exit(0);
}

/// Returns the lines of the library on standard error.
fn said_in(name: &str) -> Vec<String> {
    let own = env::current_exe().expect("own path");
    let output = common::command(own)
        .args(["--exact", &common::test_name(module_path!(), "case"), "--nocapture"])
        .env(CASE, name)
        .output()
        .expect("it starts");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{name}: {errors}");
    errors.lines().filter(|line| line.starts_with("net_notes: ")).map(str::to_string).collect()
}

#[test]
fn a_forgotten_run_is_one_line() {
    for (name, _) in FORGOTTEN {
        let said = said_in(name);
        let [line] = &said[..] else { panic!("{name}: {said:#?}") };
        let rest = line.strip_prefix(START).unwrap_or_else(|| panic!("{name}: {line}"));
        assert_eq!(rest.trim_start_matches(|c: char| c.is_ascii_digit()), END, "{name}");
    }
    for page in ["lessons/02_require.md", "lessons/zh/02_require.md"] {
        let text = fs::read_to_string(common::root().join(page)).expect("a page");
        assert!(text.contains(&format!("{START}5000{END}\n")), "{page} shows another line");
    }
}

#[test]
fn whatever_ran_or_was_closed_says_nothing() {
    for (name, _) in NOT_FORGOTTEN {
        assert_eq!(said_in(name), [""; 0], "{name}");
    }
}

//! The blocks of the lessons, run for real.

use std::net::{TcpListener, TcpStream};

use super::opened::{Home, Workbench};
use crate::common::{peer, until};

/// The number of the block of lesson 03 that first starts the example, and of the one in which nc
/// receives input.
const SERVER: usize = 2;
const TYPED_INTO: usize = 10;

#[test]
fn a_session_runs_in_its_terminals_in_the_order_of_the_page() {
    let Some(_) = peer("nc") else { return };
    let workbench = Workbench::open("session");
    let mut tab = workbench.tab("03_server");
    let session = workbench.run("03_server", SERVER);
    let own = format!("\"session\":{session}");
    let build = tab.wait(&["\"kind\":\"build\"", &own]);
    assert!(build.contains("--example 03_server --example 04_client"), "{build}");
    tab.wait(&["\"kind\":\"start\"", &own, "\"terminal\":\"1\"", "cargo run --example 03_server"]);
    tab.shown("1", "server started");
    tab.wait(&["\"kind\":\"start\"", &own, "\"terminal\":\"2\"", "cargo run --example 04_client"]);
    tab.wait(&["\"kind\":\"exit\"", &own, "\"terminal\":\"2\"", "\"status\":\"0\""]);
    tab.wait(&["\"kind\":\"start\"", &own, "\"terminal\":\"2\"", "| nc 127.0.0.1 "]);
    tab.wait(&["\"kind\":\"exit\"", &own, "\"terminal\":\"2\"", "\"status\":\"0\""]);
    workbench.done("/api/stop", &format!(r#"{{{own},"terminal":"1"}}"#));
    tab.wait(&["\"kind\":\"exit\"", &own, "\"terminal\":\"1\"", "\"status\":\"SIGINT\""]);
    tab.wait(&["\"kind\":\"over\"", &own]);
    assert_eq!(workbench.post("/api/stop", &format!("{{{own}}}")).status(), 404, "it is over");
}

#[test]
fn what_is_typed_reaches_the_program() {
    let Some(_) = peer("nc") else { return };
    let workbench = Workbench::open("typed");
    let mut tab = workbench.tab("03_server");
    let session = workbench.run("03_server", TYPED_INTO);
    let own = format!("\"session\":{session}");
    tab.wait(&["\"kind\":\"start\"", "\"terminal\":\"2\"", "nc 127.0.0.1 "]);
    workbench.done("/api/input", &format!(r#"{{{own},"terminal":"2","text":"one\n"}}"#));
    tab.wait(&["\"stream\":\"in\"", r#""text":"one\n""#]);
    tab.shown("2", "Bye!");
    workbench.done("/api/input", &format!(r#"{{{own},"terminal":"2","end":true}}"#));
    tab.wait(&["\"kind\":\"exit\"", "\"terminal\":\"2\"", "\"status\":\"0\""]);
    let late = workbench.post("/api/input", &format!(r#"{{{own},"terminal":"7","text":"x"}}"#));
    assert_eq!(late.status(), 404);
    workbench.done("/api/stop", &format!("{{{own}}}"));
    tab.wait(&["\"kind\":\"over\"", &own]);
}

#[test]
fn what_is_typed_is_shown_before_its_answer() {
    let workbench = Workbench::open("echo");
    let lesson = "```console\n$ cat\n```\n";
    std::fs::write(workbench.home.path("lessons/22_echo.md"), lesson).unwrap();
    let mut tab = workbench.tab("22_echo");
    let session = workbench.run("22_echo", 1);
    tab.wait(&["\"kind\":\"start\""]);
    for number in 0..300 {
        let line = format!("line {number}\\n");
        let typed = format!(r#"{{"session":{session},"terminal":"1","text":"{line}"}}"#);
        workbench.done("/api/input", &typed);
        for stream in ["in", "out"] {
            let event = tab.next(stream);
            let parts = [format!("\"stream\":\"{stream}\""), format!("\"text\":\"{line}\"")];
            assert!(parts.iter().all(|part| event.contains(part)), "{parts:?}: {event}");
        }
    }
}

#[test]
fn a_port_that_is_taken_is_replaced_in_the_whole_session() {
    let Some(_) = peer("nc") else { return };
    let taken = TcpListener::bind(("127.0.0.1", 5000)); // by us, or by another program
    let workbench = Workbench::open("port");
    let mut tab = workbench.tab("03_server");
    workbench.run("03_server", SERVER);
    let port = tab.wait(&["\"kind\":\"port\"", "\"page\":5000"]);
    let (_, used) = port.split_once("\"used\":").unwrap();
    let used: u16 = used.split(',').next().unwrap().parse().unwrap();
    tab.shown("1", &format!("server started: port {used}."));
    // Its client has found it.
    tab.wait(&["\"kind\":\"exit\"", "\"terminal\":\"2\"", "\"status\":\"0\""]);
    TcpStream::connect(("127.0.0.1", used)).expect("it is there");
    drop(taken);
}

#[test]
fn a_second_run_of_a_page_stops_the_first() {
    let workbench = Workbench::open("again");
    let mut tab = workbench.tab("03_server");
    let first = workbench.run("03_server", SERVER);
    tab.shown("1", "server started");
    let second = workbench.run("03_server", SERVER);
    assert_eq!(second, first + 1);
    tab.wait(&["\"kind\":\"over\"", &format!("\"session\":{first}")]);
    tab.wait(&["\"kind\":\"start\"", &format!("\"session\":{second}"), "\"terminal\":\"1\""]);
}

#[test]
fn a_program_with_much_to_say_holds_up_nobody() {
    // `yes` is in no lesson: so a made-up lesson has a program that prints without end.
    let workbench = Workbench::open("endless");
    let lesson = "```console\n$ seq 1 100000000\n1\n```\n";
    std::fs::write(workbench.home.path("lessons/22_endless.md"), lesson).unwrap();
    let mut tab = workbench.tab("22_endless");
    let session = workbench.run("22_endless", 1);
    tab.shown("1", "the rest is not shown");
    assert_eq!(workbench.get("/en/03_server.html").status(), 200);
    workbench.done("/api/stop", &format!(r#"{{"session":{session},"terminal":"1"}}"#));
    tab.wait(&["\"kind\":\"exit\"", "SIGINT"]);
}

#[test]
fn stopping_ends_the_build_too() {
    use std::os::unix::fs::PermissionsExt;
    let mut home = Home::new("build");
    // A cargo that waits for a lock.
    let cargo = home.path("cargo.sh");
    std::fs::write(&cargo, "#!/bin/sh\nexec sleep 1000\n").unwrap();
    std::fs::set_permissions(&cargo, std::fs::Permissions::from_mode(0o755)).unwrap();
    home.cargo = Some(cargo);
    let workbench = Workbench::open_with(home, &["--port", "0"]);
    let mut tab = workbench.tab("03_server");
    let session = workbench.run("03_server", SERVER);
    tab.wait(&["\"kind\":\"build\""]);
    workbench.done("/api/stop", &format!(r#"{{"session":{session}}}"#));
    tab.wait(&["\"kind\":\"over\"", &format!("\"session\":{session}")]);
}

#[test]
fn a_command_that_no_lesson_may_have_is_not_run() {
    let workbench = Workbench::open("refused");
    let lesson = "```console\n$ touch made\n```\n";
    std::fs::write(workbench.home.path("lessons/22_other.md"), lesson).unwrap();
    let reply = workbench.post("/api/run", r#"{"page":"22_other","block":1}"#);
    assert_eq!(reply.status(), 500);
    assert!(reply.text().contains("`touch`"), "{}", reply.text());
}

#[test]
fn the_folder_of_a_session_is_removed() {
    let workbench = Workbench::open("scratch");
    let lesson =
        "```js\n// where.js\nconst x = 1\n```\n```console\n$ cat where.js; cat; true\n```\n";
    std::fs::write(workbench.home.path("lessons/22_where.md"), lesson).unwrap();
    let mut tab = workbench.tab("22_where");
    let session = workbench.run("22_where", 1);
    tab.shown("1", "const x = 1");
    let pid = tab.seen.iter().find_map(|event| {
        let (_, pid) = event.split_once("\"pid\":")?;
        pid.split(',').next()?.parse::<u32>().ok()
    });
    let folder = std::fs::read_link(format!("/proc/{}/cwd", pid.expect("a start")));
    workbench.done("/api/input", &format!(r#"{{"session":{session},"terminal":"1","end":true}}"#));
    tab.wait(&["\"kind\":\"over\""]);
    let Ok(folder) = folder else { return }; // only Linux reports it
    assert!(folder.starts_with(std::env::temp_dir()), "{}", folder.display());
    until("the folder is gone", || !folder.exists());
}

//! Programs that the workbench has started end with their page, and with the workbench, however
//! that ends.

use std::net::TcpListener;

use super::opened::Workbench;
use super::tab::Tab;
use crate::common::{command, until};

/// Opens a workbench that runs a server, and returns the server's port, too.
fn serving(name: &str) -> (Workbench, Tab, u16) {
    let workbench = Workbench::open(name);
    let mut tab = workbench.tab("03_server");
    workbench.run("03_server", 2);
    let shown = tab.shown("1", "server started: port ");
    let (_, port) = shown.split_once("port ").expect("a port");
    let digits = port.split('.').next().unwrap_or_default();
    let port = digits.parse().expect("a number");
    (workbench, tab, port)
}

fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}

#[test]
fn programs_end_with_their_page() {
    let (workbench, mut tab, port) = serving("page");
    assert!(!is_free(port));
    let other = workbench.tab("04_client");
    drop(tab);
    until("the server is gone", || is_free(port));
    tab = Tab::open(&workbench, "03_server", 1);
    tab.wait(&["\"kind\":\"exit\"", "\"terminal\":\"1\"", "SIGKILL"]);
    drop(other);
}

#[test]
fn programs_end_with_ctrl_c() {
    let (workbench, _tab, port) = serving("ctrl-c");
    let id = workbench.program.id().to_string();
    assert!(command("kill").args(["-s", "INT", &id]).status().expect("kill").success());
    until("the server is gone", || is_free(port));
}

#[test]
fn programs_end_when_the_workbench_is_killed() {
    let (workbench, _tab, port) = serving("killed");
    let Workbench { program, home, .. } = workbench;
    program.kill(); // SIGKILL
    until("the server is gone", || is_free(port));
    drop(home);
}

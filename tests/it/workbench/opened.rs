//! A workbench that runs, in a separate folder, and how it is opened.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use net_notes::http::{self, Reply};

use super::tab::Tab;
use crate::common::{Program, command, copy_files};

const COACH: &str = env!("CARGO_BIN_EXE_net-notes");

/// A student's folder. Removed when dropped.
pub struct Home {
    folder: PathBuf,
    /// Builds the examples in place of cargo.
    pub cargo: Option<PathBuf>,
}

impl Home {
    pub fn new(name: &str) -> Home {
        let folder = format!("net-notes-workbench-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        let _ = fs::remove_dir_all(&folder);
        for part in ["lessons/", "examples/", "tests/exercises/"] {
            copy_files(part, &folder);
        }
        Home { folder, cargo: None }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Starts the coach in this folder.
    pub fn start(&self, args: &[&str]) -> Program {
        let mut coach = command(COACH);
        coach.current_dir(&self.folder).env("CARGO_MANIFEST_DIR", &self.folder).args(args);
        coach.envs(self.cargo.iter().map(|cargo| ("CARGO", cargo)));
        Program::spawn(&mut coach)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A workbench that runs, and a browser that knows its key.
pub struct Workbench {
    pub program: Program,
    /// `http://127.0.0.1:PORT`
    pub at: String,
    pub port: u16,
    pub key: String,
    pub cookie: String,
    /// Dropped last: the workbench uses it.
    pub home: Home,
}

impl Workbench {
    pub fn open(name: &str) -> Workbench {
        Workbench::open_with(Home::new(name), &["--port", "0"])
    }

    pub fn open_with(home: Home, args: &[&str]) -> Workbench {
        let mut program = home.start(&[&["open", "--lang", "en"], args].concat());
        let url = program.line_with("http://").trim().to_string();
        let (at, key) = url.split_once("/?key=").expect("a key");
        let port: u16 = at.rsplit_once(':').expect("a port").1.parse().expect("a number");
        let reply = http::get(&url).expect("it is up");
        let cookie = reply.header("set-cookie").expect("a cookie");
        let cookie = cookie.split(';').next().unwrap_or_default().to_string();
        Workbench { program, at: at.into(), port, key: key.into(), cookie, home }
    }

    /// Sends a request as a page of ours that reads this.
    pub fn get(&self, path: &str) -> Reply {
        let call = http::request("GET", &format!("{}{path}", self.at));
        call.header("Cookie", &self.cookie).send().expect("an answer")
    }

    /// Sends a request as a page of ours that wants this to be done.
    pub fn post(&self, path: &str, body: &str) -> Reply {
        let call = http::request("POST", &format!("{}{path}", self.at));
        let call = call.header("Cookie", &self.cookie).header("Origin", &self.at);
        call.header("Content-Type", "application/json").body(body).send().expect("an answer")
    }

    /// Does the same, asserts that it succeeds, and returns the answer.
    pub fn done(&self, path: &str, body: &str) -> String {
        let reply = self.post(path, body);
        assert!(matches!(reply.status(), 200 | 204), "{path} {body}: {}", reply.text());
        reply.text().into_owned()
    }

    /// Runs a block, and returns the number of its session.
    pub fn run(&self, page: &str, block: usize) -> u64 {
        let reply = self.done("/api/run", &format!(r#"{{"page":"{page}","block":{block}}}"#));
        let number = reply.trim_start_matches(r#"{"session":"#).trim_end_matches('}');
        number.parse().unwrap_or_else(|_| panic!("{reply}"))
    }

    /// Opens a tab that shows this page, and reads from the first event on.
    pub fn tab(&self, page: &str) -> Tab {
        Tab::open(self, page, 1)
    }
}

#[test]
fn the_address_leads_in_and_the_key_leaves_it() {
    let workbench = Workbench::open("address");
    let reply = http::get(&format!("{}/?a=b&key={}", workbench.at, workbench.key)).unwrap();
    assert_eq!((reply.status(), reply.header("location")), (303, Some("/?a=b")));
    let cookie = reply.header("set-cookie").unwrap();
    assert_eq!(cookie, format!("{}; HttpOnly; SameSite=Strict; Path=/", workbench.cookie));
    // A browser takes two slashes here for the beginning of a host.
    let reply =
        http::get(&format!("{}//evil.example/?key={}", workbench.at, workbench.key)).unwrap();
    assert_eq!(reply.header("location"), Some("/evil.example/"));

    let reply = workbench.get("/");
    assert_eq!((reply.status(), reply.header("location")), (303, Some("/en/index.html")));
    let reply = workbench.get("/en/03_server.html");
    assert_eq!(reply.status(), 200);
    assert!(reply.text().contains("In Rust"), "{}", reply.text());
    let none = workbench.get("/en/04_none.html");
    assert_eq!(none.status(), 404);
    assert!(none.text().contains("There is no such page.") && none.text().contains("没有这一页。"));

    workbench.done("/api/language", r#"{"language":"zh"}"#);
    assert_eq!(workbench.get("/").header("location"), Some("/zh/index.html"));
    assert_eq!(workbench.post("/api/language", r#"{"language":"de"}"#).status(), 400);
}

/// A page should be there in 50 ms; what is asserted is far above that, so that a busy machine does not make it red. How long
/// it takes is printed.
#[test]
fn a_page_is_there_at_once() {
    let workbench = Workbench::open("at-once");
    for path in
        ["/zh/index.html", "/en/03_server.html", "/zh/15_how_it_works.html", "/en/exercise_03.html"]
    {
        let mut times: Vec<Duration> = (0..9)
            .map(|_| {
                let began = Instant::now();
                assert_eq!(workbench.get(path).status(), 200, "{path}");
                began.elapsed()
            })
            .collect();
        times.sort();
        let median = times[times.len() / 2];
        println!("{path}: {median:?} (from {:?} to {:?})", times[0], times[times.len() - 1]);
        assert!(median < Duration::from_secs(1), "{path}: {times:?}");
    }
}

#[test]
fn every_answer_is_protected() {
    let workbench = Workbench::open("protected");
    let stranger = http::get(&workbench.at).unwrap();
    assert_eq!(stranger.status(), 403);
    assert!(stranger.text().contains("cargo run -- open"), "{}", stranger.text());
    let led_in = http::get(&format!("{}/?key={}", workbench.at, workbench.key)).unwrap();
    assert_eq!(led_in.status(), 303);
    let policy = |host: &str| {
        format!(
            "default-src 'self'; connect-src 'self' ws://{host} wss://{host}; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
        )
    };
    let own = policy(&workbench.at["http://".len()..]);
    let picture = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
    for (reply, policy) in [
        (stranger, &*policy("localhost")),
        (led_in, &own),
        (workbench.get("/en/03_server.html"), &own),
        (workbench.get("/assets/page.js"), &own),
        (workbench.get("/pictures/05_order.svg"), picture),
        (workbench.get("/none"), &own),
        (workbench.get("/api/none"), &own),
        (workbench.post("/api/run", "{}"), &own),
    ] {
        for (name, value) in [
            ("content-security-policy", policy),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(reply.header(name), Some(value), "{name}: {reply:?}");
        }
        assert_eq!(reply.header("access-control-allow-origin"), None, "{reply:?}");
    }
}

/// Linux has more addresses for itself than 127.0.0.1; a server that is open to all machines is found at them, too.
#[test]
fn nothing_is_open_to_other_machines() {
    let workbench = Workbench::open("loopback");
    let mut tab = workbench.tab("wire");
    let hello = tab.wait(&["\"trace\":\""]);
    let (_, trace) = hello.split_once("\"trace\":\"127.0.0.1:").expect("an address");
    let trace: u16 = trace.split('"').next().and_then(|port| port.parse().ok()).expect("a port");
    for port in [workbench.port, trace] {
        TcpStream::connect(("127.0.0.1", port)).expect("it listens");
        let elsewhere = TcpStream::connect(("127.0.0.2", port));
        assert!(elsewhere.is_err(), "port {port} is open at 127.0.0.2");
    }
}

#[test]
fn both_names_of_this_machine_lead_to_it() {
    let workbench = Workbench::open("names");
    let mut hosts = vec!["127.0.0.1", "localhost"];
    if TcpListener::bind("[::1]:0").is_ok() {
        hosts.push("[::1]");
        TcpStream::connect(("::1", workbench.port)).expect("listens there, too");
    }
    for host in hosts {
        let url = format!("http://{host}:{}/en/03_server.html", workbench.port);
        let call = http::request("GET", &url).header("Cookie", &workbench.cookie);
        assert_eq!(call.send().unwrap().status(), 200, "{host}");
    }
}

#[test]
fn open_tabs_survive_a_restart() {
    let Workbench { program, port, cookie, key, home, .. } = Workbench::open("restart");
    program.kill();
    let workbench = Workbench::open_with(home, &["--port", &port.to_string()]);
    assert_eq!((&workbench.key, &workbench.cookie), (&key, &cookie));
    let mode = {
        use std::os::unix::fs::PermissionsExt;
        fs::metadata(workbench.home.path(".workbench-key")).unwrap().permissions().mode()
    };
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_port_that_is_taken_is_said_with_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let home = Home::new("taken");
    for name in ["open", "wire"] {
        let (status, out, err) = home.start(&[name, "--port", &port, "--lang", "en"]).wait();
        assert_eq!(status.code(), Some(1), "{out}{err}");
        let said = format!("port {port} is taken");
        assert!(
            err.contains(&said) && err.contains(&format!("cargo run -- --lang en {name} --port 0"))
                || err.contains(&format!("cargo run -- {name} --port 0")),
            "{err}"
        );
    }
    assert_eq!(home.start(&["open", "--port", "x"]).wait().0.code(), Some(2));
    assert_eq!(home.start(&["open", "--host", "a/b"]).wait().0.code(), Some(2));
}

#[test]
fn one_more_name_can_be_allowed() {
    let workbench =
        Workbench::open_with(Home::new("host"), &["--port", "0", "--host", "box.example"]);
    for (host, status) in [("box.example", 200), ("evil.example", 403)] {
        let call = http::request("GET", &format!("{}/en/03_server.html", workbench.at));
        let call = call.header("Cookie", &workbench.cookie).header("Host", host);
        assert_eq!(call.send().unwrap().status(), status, "{host}");
    }
}

#[test]
fn the_viewer_alone_names_its_page_and_what_to_type() {
    let home = Home::new("wire");
    let mut program = home.start(&["wire", "--port", "0", "--lang", "en"]);
    let url = program.line_with("http://");
    assert!(url.contains("/en/wire.html?key="), "{url}");
    let line = program.line_with("NET_TRACE=");
    let (address, command) = line.trim().trim_start_matches("NET_TRACE=").split_once(' ').unwrap();
    assert!(command.starts_with("cargo run --example "), "{line}");
    TcpStream::connect(address).expect("the collector listens");
}

#[test]
fn only_files_of_the_course_are_shown() {
    let workbench = Workbench::open("files");
    let source = |file: &str| workbench.get(&format!("/api/source?file={file}"));
    let reply = source("examples/03_server.rs");
    assert_eq!(reply.status(), 200);
    assert!(reply.text().contains("create_server"), "{}", reply.text());
    assert_eq!(source("tests%2Fexercises%2F03_server.rs").status(), 200);
    fs::write(workbench.home.path("examples/notes.txt"), "of the student's").unwrap();
    for file in [
        "",
        "none",
        ".workbench-key",
        "examples/none.rs",
        "examples/notes.txt",
        "examples",
        "examples/",
        "/etc/passwd",
        "examples/../.workbench-key",
        "examples/../tests/exercises/03_server/solution.rs",
        "tests/exercises/03_server/solution.rs",
        "tests/exercises/../../.workbench-key",
        "examples/%2e%2e/.workbench-key",
        "examples%00/03_server.rs",
        "examples/03_server.rs%00",
        "examples\\03_server.rs",
        "%ff",
        "%2",
    ] {
        assert!(matches!(source(file).status(), 400 | 404), "{file}: {}", source(file).text());
    }
    for path in [
        "/en/../.workbench-key",
        "/en/%2e%2e/.workbench-key",
        "/.workbench-key",
        "/en/pictures/../README.md",
        "/en//etc/passwd.html",
    ] {
        let reply = workbench.get(path);
        assert_eq!(reply.status(), 404, "{path}: {}", reply.text());
    }
}

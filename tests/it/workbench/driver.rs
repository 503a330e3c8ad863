//! A real browser: Chromium, driven by chromedriver. WebDriver is HTTP with JSON, so it is spoken
//! with the crate's own client.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use net_notes::http;

use crate::common::json::{quoted, string};
use crate::common::{DEADLINE, Program, command, peer, until};

/// Headless, without what it would do on the internet on its own, and without what it cannot do as
/// root.
const OPTIONS: [&str; 10] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
];

/// A browser, and the tab that the commands go to. Ended when dropped.
pub struct Driver {
    program: Program,
    /// `http://127.0.0.1:PORT/session/ID`
    session: String,
    /// The profile: new and empty, and removed afterwards.
    profile: PathBuf,
}

impl Driver {
    /// Starts the browser. Returns `None`, and prints a notice, if there is no Chromium here, or no
    /// chromedriver.
    pub fn start() -> Option<Driver> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let chromium = peer("chromium")?;
        let driver = peer("chromedriver")?;
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let profile = format!("net-notes-driver-{}-{number}", std::process::id());
        let profile = std::env::temp_dir().join(profile);
        let mut start = command(driver);
        start.arg("--port=0").env("LANGUAGE", "en_US").env("LC_ALL", "en_US.UTF-8");
        let mut program = Program::spawn(&mut start);
        let line = program.line_with("started successfully on port ");
        let port = line.trim_end().trim_end_matches('.').rsplit(' ').next().unwrap_or_default();
        let mut options: Vec<String> = OPTIONS.iter().map(|option| format!("{option:?}")).collect();
        options.push(format!("\"--user-data-dir={}\"", profile.display()));
        let wanted = format!(
            r#"{{"capabilities":{{"alwaysMatch":{{"goog:chromeOptions":{{"binary":"{}","args":[{}]}},"goog:loggingPrefs":{{"browser":"ALL"}}}}}}}}"#,
            chromium.display(),
            options.join(",")
        );
        let at = format!("http://127.0.0.1:{port}/session");
        let reply = send("POST", &at, &wanted);
        let id = text(&reply, "sessionId");
        Some(Driver { program, session: format!("{at}/{id}"), profile })
    }

    fn command(&self, method: &str, path: &str, body: &str) -> String {
        send(method, &format!("{}{path}", self.session), body)
    }

    /// Opens this address, and waits until the page is loaded.
    pub fn go(&self, url: &str) {
        self.command("POST", "/url", &format!(r#"{{"url":{}}}"#, quoted(url)));
    }

    /// Returns the name of the tab that the commands go to.
    pub fn tab(&self) -> String {
        text(&self.command("GET", "/window", ""), "value")
    }

    /// Opens another tab, and goes to it.
    pub fn open_tab(&self) {
        let tab = text(&self.command("POST", "/window/new", r#"{"type":"tab"}"#), "handle");
        self.go_to_tab(&tab);
    }

    /// Goes to a tab, by its name.
    pub fn go_to_tab(&self, tab: &str) {
        self.command("POST", "/window", &format!(r#"{{"handle":{}}}"#, quoted(tab)));
    }

    /// Returns the value of a JavaScript expression, as text.
    pub fn eval(&self, expression: &str) -> String {
        let script = format!("return String({expression})");
        let body = format!(r#"{{"script":{},"args":[]}}"#, quoted(&script));
        text(&self.command("POST", "/execute/sync", &body), "value")
    }

    /// Waits until an expression is true in the page.
    pub fn wait(&self, expression: &str) {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let now = self.eval(expression);
            if now == "true" {
                return;
            }
            if Instant::now() >= deadline {
                let page = self.eval("document.body.innerText");
                panic!("{expression}: {now}; the page: {page:.2000}\n{}", self.console());
            }
        }
    }

    /// Types into the element that has the focus, as a keyboard does.
    pub fn type_in(&self, text: &str) {
        let keys: Vec<String> = text
            .chars()
            .map(|c| quoted(&c.to_string()))
            .map(|c| format!(r#"{{"type":"keyDown","value":{c}}},{{"type":"keyUp","value":{c}}}"#))
            .collect();
        let body =
            format!(r#"{{"actions":[{{"type":"key","id":"k","actions":[{}]}}]}}"#, keys.join(","));
        self.command("POST", "/actions", &body);
    }

    /// Clicks on the first element that this selector finds, where a mouse would.
    pub fn click(&self, selector: &str) {
        let body = format!(r#"{{"using":"css selector","value":{}}}"#, quoted(selector));
        let reply = self.command("POST", "/element", &body);
        let id = text(&reply, "element-6066-11e4-a52e-4f735466cecf");
        self.command("POST", &format!("/element/{id}/click"), "{}");
    }

    /// Sends a command of the DevTools protocol, for what WebDriver has no command for.
    pub fn devtools(&self, command: &str, parameters: &str) {
        let body = format!(r#"{{"cmd":"{command}","params":{parameters}}}"#);
        self.command("POST", "/goog/cdp/execute", &body);
    }

    /// Returns a picture of the window, as a PNG.
    pub fn screenshot(&self) -> Vec<u8> {
        decoded(&text(&self.command("GET", "/screenshot", ""), "value"))
    }

    /// Returns what the browser has reported about the page: errors of scripts, and what a policy
    /// has refused.
    pub fn console(&self) -> String {
        self.command("POST", "/se/log", r#"{"type":"browser"}"#)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // The browser ends with its session.
        let _ = http::request("DELETE", &self.session).timeout(Duration::from_secs(10)).send();
        if !std::thread::panicking() {
            until("the driver runs until it is killed", || self.program.is_running());
        }
        let _ = fs::remove_dir_all(&self.profile);
    }
}

fn send(method: &str, url: &str, body: &str) -> String {
    let mut call = http::request(method, url).timeout(DEADLINE);
    if method == "POST" {
        call = call.header("Content-Type", "application/json").body(body);
    }
    let reply = call.send().unwrap_or_else(|error| panic!("{method} {url}: {error}"));
    let text = reply.text().into_owned();
    assert_eq!(reply.status(), 200, "{method} {url} {body}: {text}");
    text
}

/// Returns the string of this name in an answer of the driver.
fn text(message: &str, name: &str) -> String {
    string(message, name).unwrap_or_else(|| panic!("{name} is no string in {message}"))
}

/// Decodes a text in Base64.
fn decoded(text: &str) -> Vec<u8> {
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for six in text.bytes().filter_map(value) {
        bits = bits << 6 | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}

//! A real browser: headless Chromium, controlled through a pipe (the DevTools protocol).
//!
//! It reads commands from descriptor 3 and writes answers to descriptor 4: JSON, with a NUL after
//! each. When the pipe is closed, for example because this test was killed, it ends with all of its
//! processes.
#![allow(dead_code)] // each test target uses its own part

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Stdio, id};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use crate::common::json::{quoted, string};
use crate::common::{DEADLINE, becomes_true, command, peer};

/// Headless, without what it would do on the internet on its own, and without what it cannot do as
/// root.
const OPTIONS: [&str; 12] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    // A page that is left would stay alive for a while, with its connections: `Back` would show it
    // unchanged.
    "--disable-features=BackForwardCache",
    "--no-proxy-server",
    "--remote-debugging-pipe",
    "about:blank",
];

/// A browser with one page; ended when dropped.
pub struct Browser {
    child: Child,
    commands: Option<ChildStdin>,
    messages: Receiver<String>,
    /// The profile: new and empty, and removed afterwards.
    profile: PathBuf,
    /// The session of the page, for every command to it.
    session: String,
    number: usize,
    /// The number of pages that have begun so far.
    pages: usize,
}

impl Browser {
    /// Starts the browser. Returns `None`, and prints a notice, if there is no Chromium here.
    pub fn start() -> Option<Browser> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let chromium = peer("chromium")?;
        let name = format!("net-notes-browser-{}-{}", id(), COUNT.fetch_add(1, Relaxed));
        let profile = env::temp_dir().join(name);
        let mut shell = command("sh");
        shell.args(["-c", r#"exec "$0" "$@" 3<&0 4>&1 >/dev/null"#]).arg(chromium);
        shell.arg(format!("--user-data-dir={}", profile.display())).args(OPTIONS);
        // English, also if the user is not: the browser guesses encodings by the language.
        shell.env("LANGUAGE", "en_US").env("LC_ALL", "en_US.UTF-8");
        // Its processes are a separate group, so that all of them can be ended if need be.
        let mut child = shell
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh is there");
        let commands = child.stdin.take();
        let mut answers = BufReader::new(child.stdout.take().expect("piped"));
        let (send, messages) = channel();
        thread::spawn(move || {
            let mut message = Vec::new();
            while answers.read_until(0, &mut message).is_ok_and(|size| size > 0) {
                message.pop();
                let text = String::from_utf8(std::mem::take(&mut message)).expect("JSON is UTF-8");
                if send.send(text).is_err() {
                    break;
                }
            }
        });
        let session = String::new();
        let mut browser =
            Browser { child, commands, messages, profile, session, number: 0, pages: 0 };
        let page = browser.command("Target.createTarget", r#""url":"about:blank""#);
        let page = format!(r#""targetId":"{}","flatten":true"#, text(&page, "targetId"));
        let session = browser.command("Target.attachToTarget", &page);
        browser.session = text(&session, "sessionId");
        browser.command("Page.enable", "");
        Some(browser)
    }

    /// Opens a page and waits until it is loaded completely. `Err`: the error that the browser
    /// reports instead, as `net::ERR_…`.
    pub fn open(&mut self, url: &str) -> Result<(), String> {
        let result = self.command("Page.navigate", &format!(r#""url":{}"#, quoted(url)));
        if result.contains(r#""errorText":"#) {
            return Err(text(&result, "errorText"));
        }
        self.whole();
        Ok(())
    }

    /// Reloads the page, as the browser's button does.
    pub fn reload(&mut self) {
        let before = self.pages;
        self.command("Page.reload", "");
        self.next_page(before);
    }

    /// Clicks on something that leads to another page, and waits until that page is loaded
    /// completely.
    pub fn follow(&mut self, selector: &str) {
        let before = self.pages;
        self.click(selector);
        self.next_page(before);
    }

    fn next_page(&mut self, before: usize) {
        while self.pages == before {
            self.message("the next page", |_| true);
        }
        self.whole();
    }

    /// Waits until the page that has begun is loaded completely.
    fn whole(&mut self) {
        self.value("document.readyState == 'complete' || new Promise(done => onload = done)");
    }

    /// Returns the text that the page shows.
    pub fn shown(&mut self) -> String {
        self.value("document.body.innerText")
    }

    /// Returns the value of a JavaScript expression in the page, as text.
    pub fn value(&mut self, expression: &str) -> String {
        let expression = quoted(&format!("(async () => String(await ({expression})))()"));
        let parameters = format!(r#""expression":{expression},"awaitPromise":true"#);
        let result = self.command("Runtime.evaluate", &parameters);
        assert!(!result.contains("exceptionDetails"), "{expression}: {result}");
        text(&result, "value")
    }

    /// Clicks on an element with the mouse.
    pub fn click(&mut self, selector: &str) {
        let place = |side: &str, size: &str| {
            format!(
                "(box => box.{side} + box.{size} / 2)(document.querySelector('{selector}').getBoundingClientRect())"
            )
        };
        let (x, y) = (self.value(&place("left", "width")), self.value(&place("top", "height")));
        for kind in ["mousePressed", "mouseReleased"] {
            let event =
                format!(r#""type":"{kind}","x":{x},"y":{y},"button":"left","clickCount":1"#);
            self.command("Input.dispatchMouseEvent", &event);
        }
    }

    /// Types into the element that has the focus, as a keyboard or an input method does.
    pub fn type_in(&mut self, what: &str) {
        self.command("Input.insertText", &format!(r#""text":{}"#, quoted(what)));
    }

    /// Sends a command, and returns its result.
    fn command(&mut self, method: &str, parameters: &str) -> String {
        self.number += 1;
        let session = match &self.session[..] {
            "" => String::new(),
            session => format!(r#","sessionId":"{session}""#),
        };
        let number = self.number;
        let command =
            format!(r#"{{"id":{number},"method":"{method}","params":{{{parameters}}}{session}}}"#);
        let pipe = self.commands.as_mut().expect("open until the drop");
        pipe.write_all(format!("{command}\0").as_bytes()).expect("the browser lives");
        let start = format!(r#"{{"id":{number},"#);
        let answer = self.message(method, |message| message.starts_with(&start));
        assert!(!answer.starts_with(&format!(r#"{start}"error""#)), "{command}: {answer}");
        answer
    }

    /// Returns the next message that is `wanted`; ignores others.
    fn message(&mut self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let message = self.messages.recv_timeout(left);
            let message = message.unwrap_or_else(|why| panic!("chromium, {what}: {why}"));
            self.pages += usize::from(message.contains(r#""method":"Page.frameNavigated""#));
            if wanted(&message) {
                return message;
            }
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.commands = None; // ends the browser
        if !becomes_true(DEADLINE, || !matches!(self.child.try_wait(), Ok(None))) {
            let group = format!("-{}", self.child.id());
            let _ = command("kill").args(["-KILL", "--", &group]).status();
            let _ = self.child.wait();
        }
        let _ = fs::remove_dir_all(&self.profile);
    }
}

/// Returns the string of this name in a message of the browser.
fn text(message: &str, name: &str) -> String {
    string(message, name).unwrap_or_else(|| panic!("{name} is no string in {message}"))
}

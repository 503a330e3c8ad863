//! A program in a terminal: its output is compared with the page as it arrives.

use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::command::Ports;
use super::compare::{Want, compare};
use crate::common;

pub struct Running<'a> {
    ports: &'a Ports,
    typed: String,
    child: Child,
    stdin: Option<ChildStdin>,
    out: Receiver<Vec<u8>>,
    seen: Vec<u8>,
    over: bool,
    wanted: Vec<Want>,
    /// The time to wait for the next output. Reaching it is a failure.
    patience: Duration,
}

impl<'a> Running<'a> {
    /// Starts `line`, which `typed` was turned into, as a shell would after a command that returned
    /// `status`.
    pub fn start(
        typed: &str,
        line: &str,
        status: i32,
        folder: &Path,
        ports: &'a Ports,
        patience: Duration,
    ) -> Running<'a> {
        let mut child = common::command("sh")
            // One pipe for both streams, so that their lines stay in the order in which they were
            // written.
            .args(["-c", &format!("exec 2>&1; (exit {status})\n{line}")])
            .current_dir(folder)
            .process_group(0) // a pipeline is several programs, and Ctrl-C reaches all of them
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("sh starts");
        let (send, out) = channel();
        let mut stdout = child.stdout.take().expect("piped");
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(n @ 1..) = stdout.read(&mut buffer) {
                if send.send(buffer[..n].to_vec()).is_err() {
                    break;
                }
            }
        });
        let stdin = child.stdin.take();
        let (typed, wanted, seen) = (typed.to_string(), Vec::new(), Vec::new());
        Running { ports, typed, child, stdin, out, seen, over: false, wanted, patience }
    }

    pub fn expect(&mut self, want: Want) {
        self.wanted.push(want);
    }

    /// Waits until everything expected so far was seen.
    pub fn until_seen(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + self.patience;
        loop {
            let text = self.text();
            let whole =
                if self.over { text.len() } else { text.rfind('\n').map_or(0, |at| at + 1) };
            let lines = lines(&text[..whole]);
            let result = compare(&self.wanted, &lines);
            // The program may print no more of a line before the line's end.
            if result.reached || compare(&self.wanted, &self::lines(&text)).reached {
                return Ok(());
            }
            if result.misfit.is_some() {
                return Err(self.report(&lines, result.misfit, "printed something else"));
            }
            if self.over {
                return Err(self.report(&lines, None, "ended before it printed all of that"));
            }
            if !self.receive(deadline) {
                return Err(self.report(&lines, None, "printed no more than this, and waits"));
            }
        }
    }

    /// Waits until the program ends, and compares all it printed. Returns its exit status.
    pub fn until_over(&mut self) -> Result<i32, String> {
        self.until_seen()?;
        let deadline = Instant::now() + self.patience;
        while !self.over {
            if !self.receive(deadline) {
                let lines = lines(&self.text());
                return Err(self.report(
                    &lines,
                    None,
                    "still runs: show the student's `^C`, or go on in a later block of its terminal",
                ));
            }
        }
        let lines = lines(&self.text());
        let result = compare(&self.wanted, &lines);
        if !result.exact {
            return Err(self.report(&lines, result.misfit, "printed more than that"));
        }
        let mut status = None;
        common::until("a program without output ends", || {
            status = self.child.try_wait().expect("own child");
            status.is_some()
        });
        Ok(status.and_then(|status| status.code()).unwrap_or(130)) // as a shell reports Ctrl-C
    }

    pub fn type_in(&mut self, line: &str) -> Result<(), String> {
        self.until_seen()?;
        let line = self.ports.to_free(line) + "\n";
        let stdin = self.stdin.as_mut().ok_or("typed after ^D")?;
        stdin
            .write_all(line.as_bytes())
            .map_err(|error| format!("{line:?} cannot be typed: {error}"))
    }

    /// Types `^D`.
    pub fn end_of_input(&mut self) -> Result<(), String> {
        self.until_seen()?;
        self.stdin = None;
        Ok(())
    }

    /// Types `^C`.
    pub fn interrupt(&mut self) -> Result<(), String> {
        self.until_seen()?;
        self.signal("INT");
        // If this test runs in the background of a shell, the program may have inherited that the
        // signal is ignored.
        if !self.over_by(Instant::now() + Duration::from_secs(2)) {
            self.signal("TERM");
        }
        Ok(())
    }

    fn signal(&self, name: &str) {
        let kill = format!("kill -s {name} -- -{} 2>/dev/null", self.child.id());
        let _ = common::command("sh").args(["-c", &kill]).status();
    }

    fn over_by(&mut self, deadline: Instant) -> bool {
        while !self.over && self.receive(deadline) {}
        self.over
    }

    /// Receives the next piece of output, or its end. Returns `false` if neither arrived in time.
    fn receive(&mut self, deadline: Instant) -> bool {
        match self.out.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(piece) => self.seen.extend(piece),
            Err(RecvTimeoutError::Disconnected) => self.over = true,
            Err(RecvTimeoutError::Timeout) => return false,
        }
        true
    }

    fn text(&self) -> String {
        self.ports.to_own(&String::from_utf8_lossy(&self.seen))
    }

    fn report(&self, lines: &[String], misfit: Option<usize>, what: &str) -> String {
        let mut report = format!("`$ {}` {what}\n  on the page:\n", self.typed);
        for want in &self.wanted {
            match want {
                Want::Line(line) => report.push_str(&format!("      {line}\n")),
                Want::Anything => report.push_str("      …\n"),
                Want::Blanks => {}
            }
        }
        report.push_str("  in this run:\n");
        for (number, line) in lines.iter().enumerate() {
            let mark = if misfit == Some(number) { "--> " } else { "    " };
            report.push_str(&format!("  {mark}{}\n", line.trim_end()));
        }
        report
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if !self.over {
            self.signal("KILL");
        }
        let _ = self.child.wait();
    }
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(ToString::to_string).collect()
}

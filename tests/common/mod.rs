//! Shared by all tests: a deadline on everything, real peers, and programs that are always ended.
#![allow(dead_code, unused_imports)] // each test target uses its own part

#[cfg(unix)] // browsers are searched for there
pub mod browser;
mod coach;
mod command;
mod files;
pub mod json;
mod random;
mod wait;

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, Once, OnceLock};
use std::time::{Duration, Instant};
use std::{env, fs, panic, thread};

pub use coach::{Exercise, Verdict, build, coach, exercises, library};
pub use command::command;
pub use files::{committed, copy_files, files, known_to_git, walk};
pub use random::{Random, pattern};
pub use wait::{DEADLINE, becomes_true, let_pass, until};

/// Runs `body` on a new thread, and fails by name if it is not done in time. A panic in it is
/// passed on.
pub fn within<T: Send + 'static>(what: &str, body: impl FnOnce() -> T + Send + 'static) -> T {
    within_for(DEADLINE, what, body)
}

/// Does the same as [`within`], for a body that may take as long as `limit`.
pub fn within_for<T: Send + 'static>(
    limit: Duration,
    what: &str,
    body: impl FnOnce() -> T + Send + 'static,
) -> T {
    let (done, over) = channel();
    let worker = thread::spawn(move || {
        let result = body();
        let _ = done.send(());
        result
    });
    if let Err(RecvTimeoutError::Timeout) = over.recv_timeout(limit) {
        panic!("{what}: not done after {limit:?}");
    }
    worker.join().unwrap_or_else(|cause| panic::resume_unwind(cause))
}

/// For [`alone`]: a process with the limits of this one.
pub const AS_IT_IS: &str = "";
/// For [`alone`]: as many descriptors as the system allows. A shell can raise the limit up to the
/// hard one.
pub const MANY_DESCRIPTORS: &str =
    r#"ulimit -n "$(ulimit -Hn)" 2>/dev/null || ulimit -n 4096; exec "$@""#;

/// Runs the test called `name` of this `module` (`module_path!()`) again, in a separate process,
/// where nothing else opens descriptors or starts threads. A shell `script` sets the limits of that
/// process and ends in `exec "$@"`; Windows has neither shell nor limits. `true`: this is that
/// process.
pub fn alone(module: &str, name: &str, script: &str) -> bool {
    alone_for(DEADLINE, module, name, script)
}

/// Returns the name by which the harness knows the test `name` of this `module`: without the crate,
/// which begins a module's path.
pub fn test_name(module: &str, name: &str) -> String {
    module.split("::").skip(1).chain([name]).collect::<Vec<_>>().join("::")
}

/// Does the same as [`alone`], for a test that may take as long as `limit`.
pub fn alone_for(limit: Duration, module: &str, name: &str, script: &str) -> bool {
    const INSIDE: &str = "NET_NOTES_ALONE";
    let name = test_name(module, name);
    if env::var_os(INSIDE).is_some_and(|inside| inside == *name) {
        return true;
    }
    let own = env::current_exe().expect("own path");
    let in_shell = cfg!(unix) && !script.is_empty();
    let mut again = command(if in_shell { Path::new("sh") } else { &own });
    if in_shell {
        again.args(["-c", script, "sh"]).arg(own);
    }
    again.args(["--exact", &name, "--include-ignored", "--nocapture"]).env(INSIDE, &name);
    let mut child = again.spawn().expect("this program, or sh");
    if !becomes_true(limit, || !matches!(child.try_wait(), Ok(None))) {
        let _ = child.kill();
        let _ = child.wait();
        panic!("{name}, alone: not done after {limit:?}");
    }
    let status = child.wait().expect("own child");
    assert!(status.success(), "{name}, alone: see above");
    false
}

/// Returns the folder of the files under test: the repository's, unless `NET_NOTES_ROOT` names a
/// copy (see tests/it/week.rs).
pub fn root() -> PathBuf {
    env::var_os("NET_NOTES_ROOT").map_or_else(package, PathBuf::from)
}

/// Returns the folder that is built. Determined when the test runs: cargo does not compile again
/// when the folder is renamed.
pub fn package() -> PathBuf {
    env::var_os("CARGO_MANIFEST_DIR").map_or(env!("CARGO_MANIFEST_DIR").into(), PathBuf::from)
}

/// Returns the program called `name` on this machine, or prints a notice and returns `None`, so
/// that the caller returns. With `CI` set (and not empty) a missing peer is a failure: there, no
/// test may pass by not running. `NET_NOTES_SKIP=nc,telnet` names those that a system does not have
/// at all, as Windows has no nc.
pub fn peer(name: &str) -> Option<PathBuf> {
    let found = env::split_paths(&env::var_os("PATH").unwrap_or_default())
        .flat_map(|folder| [folder.join(name), folder.join(format!("{name}.exe"))])
        .find(|path| path.is_file());
    if found.is_none() {
        lacking(name, name);
    }
    found
}

/// Returns the [`peer`] if it exits successfully with these arguments: some builds of it may lack
/// what the test needs.
pub fn peer_that(name: &str, args: &[&str]) -> Option<PathBuf> {
    let found = peer(name)?;
    let output = command(&found).args(args).stdin(Stdio::null()).output();
    if output.is_ok_and(|output| output.status.success()) {
        return Some(found);
    }
    lacking(name, &format!("{name} {}", args.join(" ")));
    None
}

/// Returns the [`peer`]. Some of them observe other programs, which a system does not permit to
/// every user: then it is skipped, in CI as well, as installing it again would not help.
pub fn permitted(name: &str) -> Option<PathBuf> {
    let found = peer(name)?;
    let harmless: &[&str] = match name {
        "tcpdump" => &["-i", "lo", "-L"], // lists what the loopback could provide
        "strace" => &["-o", "/dev/null", "true"],
        _ => return Some(found),
    };
    let output = command(&found).args(harmless).stdin(Stdio::null()).output();
    if output.is_ok_and(|output| output.status.success()) {
        return Some(found);
    }
    skipped(&format!("this system does not permit {name}"));
    None
}

/// Reports that the peer called `name` is missing, or does not have `what`, so that the caller
/// returns. See [`peer`].
pub fn lacking(name: &str, what: &str) {
    let excused = env::var("NET_NOTES_SKIP").unwrap_or_default();
    assert!(
        !in_ci() || excused.split(',').any(|other| other == name),
        "this test needs `{what}`, and CI is set: install it"
    );
    skipped(&format!("no {what}"));
}

/// Whether this is CI, where no peer may be missing. An empty variable counts as not set.
pub fn in_ci() -> bool {
    env::var_os("CI").is_some_and(|ci| !ci.is_empty())
}

/// Reports under Wine that Wine lacks this, so that the caller leaves it out. Only for what plain
/// std cannot do there either.
pub fn wine_lacks(what: &str) -> bool {
    let wine = cfg!(windows) && Path::new(r"C:\windows\system32\winecfg.exe").exists();
    if wine {
        skipped(&format!("Wine lacks {what}"));
    }
    wine
}

/// For [`wine_lacks`]: a compiler for Windows would need to run in it.
pub const COMPILER: &str = "a Rust compiler";

/// For [`wine_lacks`]: it shuts a socket down before it closes it, so the peer may read the FIN
/// before the reset arrives.
pub const RESET_BY_CLOSE: &str =
    "a close with bytes unread that the peer sees as a reset every time";

/// Returns a number about this process from Linux's `/proc/self/status`: `VmRSS` (KiB), `Threads`.
pub fn own_status(field: &str) -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    let number = line.expect("the field").split_whitespace().next();
    number.and_then(|number| number.parse().ok()).expect("a number")
}

/// Returns the number of this process's descriptors, on Linux. The first server of a process opens
/// one that stays open, to report when there are no more: it is counted from the first call on.
pub fn own_descriptors() -> usize {
    static REPORTS: Once = Once::new();
    REPORTS.call_once(|| {
        let server = net_notes::create_server(|_| {});
        server.listen(("127.0.0.1", 0), |_| {}).expect("port 0 is free");
        server.close().expect("it listens");
    });
    fs::read_dir("/proc/self/fd").expect("Linux").count()
}

/// Returns a Python that has this module.
pub fn python_with(module: &str) -> Option<PathBuf> {
    let has = |python: &Path| {
        let import = format!("import {module}");
        let mut command = command(python);
        command.args(["-c", &import]).stderr(Stdio::null()).stdout(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let python = peer("python3")?;
    let system = PathBuf::from("/usr/bin/python3"); // the path of Debian's package
    let found = [python, system].into_iter().find(|python| has(python));
    if found.is_none() {
        lacking(module, &format!("Python's {module}"));
    }
    found
}

/// Counts the panics of all threads from now on, and reports them as usual: of a panic in a server,
/// a client sees only the end of its connection.
pub fn count_panics() -> Arc<AtomicUsize> {
    let panics = Arc::new(AtomicUsize::new(0));
    let (panicked, usual) = (panics.clone(), panic::take_hook());
    panic::set_hook(Box::new(move |panic| {
        panicked.fetch_add(1, Ordering::SeqCst);
        usual(panic);
    }));
    panics
}

/// Prints a notice that the test harness does not capture: a skip that stays invisible would be a
/// silent pass.
pub fn skipped(why: &str) {
    let _ = writeln!(std::io::stderr().lock(), "skipped: {why}");
}

/// Starts the example `name` as a server on a free port, and returns that port too.
pub fn start_example(name: &str) -> (Program, u16) {
    let mut server = Program::start(example(name), &["0"]);
    let port = server.port();
    (server, port)
}

/// Runs the example `name` to its end.
pub fn run_example(name: &str, arguments: &[&str], limit: Duration) -> assert_cmd::assert::Assert {
    let command = command(example(name));
    assert_cmd::Command::from_std(command).args(arguments).timeout(limit).assert()
}

/// Returns the built example `name`, brought up to date first: `cargo test --test 03_server` alone
/// builds no examples.
pub fn example(name: &str) -> PathBuf {
    static BUILT: OnceLock<Mutex<Vec<String>>> = OnceLock::new();
    let mut built =
        BUILT.get_or_init(Mutex::default).lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if !built.iter().any(|done| done == name) {
        let mut cargo = command(env!("CARGO"));
        cargo.current_dir(package()).args(["build", "--quiet", "--example", name]);
        if !cfg!(debug_assertions) {
            cargo.arg("--release");
        }
        assert!(cargo.status().expect("cargo runs").success(), "example {name} does not build");
        built.push(name.to_string());
    }
    // target/debug/deps/this_test -> target/debug/examples/name
    let profile = env::current_exe().expect("own path");
    let profile = profile.parent().and_then(Path::parent).expect("target/PROFILE");
    profile.join("examples").join(format!("{name}{}", env::consts::EXE_SUFFIX))
}

/// Returns the output that the header of `examples/NAME.rs` shows: its last `text` block.
pub fn header_output(name: &str) -> String {
    let path = root().join(format!("examples/{name}.rs"));
    let source =
        std::fs::read_to_string(&path).expect("the example's source").replace("\r\n", "\n");
    let header = source.lines().take_while(|line| line.starts_with("//!"));
    let header: String =
        header.map(|line| line.trim_start_matches("//!").to_string() + "\n").collect();
    let block = header.rsplit_once("```text\n").and_then(|(_, rest)| rest.split_once(" ```"));
    let (block, _) = block.unwrap_or_else(|| panic!("{name}: no ```text block in its header"));
    block.lines().map(|line| line.strip_prefix(' ').unwrap_or(line).to_string() + "\n").collect()
}

/// Returns `output` as a header shows it: on the default port, and without the `\r` and the spaces
/// at the end of a line, which no terminal shows.
pub fn as_in_header(output: &str) -> String {
    let mut text = String::new();
    for line in output.replace('\r', "").lines() {
        let mut rest = line.trim_end();
        while let Some(at) = ["port ", "127.0.0.1:", "[::1]:"]
            .iter()
            .filter_map(|before| Some(rest.find(before)? + before.len()))
            .min()
        {
            text.push_str(&rest[..at]);
            rest = &rest[at..];
            let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            text.push_str(if after.len() < rest.len() { "5000" } else { "" });
            rest = after;
        }
        text.push_str(rest);
        text.push('\n');
    }
    text
}

/// A running program whose lines can be waited for. Killed, by its own id, when dropped.
pub struct Program {
    name: String,
    child: Child,
    stdin: Option<ChildStdin>,
    out: Receiver<String>,
    /// All of stderr so far, and the thread that reads it.
    errors: Arc<Mutex<Vec<u8>>>,
    err: Option<thread::JoinHandle<()>>,
    /// Every line of stdout so far, which a failure prints.
    seen: Vec<String>,
}

impl Program {
    /// Starts `program` with `args`; all three streams are pipes.
    pub fn start(program: impl AsRef<Path>, args: &[&str]) -> Program {
        Program::spawn(command(program.as_ref()).args(args))
    }

    /// Starts a command that the caller has configured.
    pub fn spawn(command: &mut Command) -> Program {
        let name = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        let (send, out) = channel();
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        thread::spawn(move || {
            let mut line = Vec::new();
            while stdout.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
                if send
                    .send(String::from_utf8_lossy(&std::mem::take(&mut line)).into_owned())
                    .is_err()
                {
                    break;
                }
            }
        });
        let mut stderr = child.stderr.take().expect("piped");
        let errors = Arc::new(Mutex::new(Vec::new()));
        let all = errors.clone();
        let err = thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(size @ 1..) = stderr.read(&mut chunk) {
                all.lock().expect("nobody panics with it").extend_from_slice(&chunk[..size]);
            }
        });
        let stdin = child.stdin.take();
        Program { name, child, stdin, out, errors, err: Some(err), seen: Vec::new() }
    }

    /// Returns the process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether the program has not ended.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("own child").is_none()
    }

    /// Returns the next line of stdout, including its line end (`\r` too).
    pub fn line(&mut self) -> String {
        match self.out.recv_timeout(DEADLINE) {
            Ok(line) => {
                self.seen.push(line.clone());
                line
            }
            Err(why) => panic!("{}: no next line ({why}); so far {:#?}", self.name, self.seen),
        }
    }

    /// Reads lines until one contains `part`, and returns that line.
    pub fn line_with(&mut self, part: &str) -> String {
        loop {
            let line = self.line();
            if line.contains(part) {
                return line;
            }
        }
    }

    /// Returns the port in the first line that has a number at its end or after `port `, as an
    /// example on port 0 prints it.
    pub fn port(&mut self) -> u16 {
        let line = self.line_with("port ");
        let digits = line.rsplit("port ").next().unwrap_or_default();
        let digits: String = digits.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap_or_else(|_| panic!("{}: no port in {line:?}", self.name))
    }

    /// Types `text` into the program.
    pub fn type_in(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().expect("stdin is open");
        stdin.write_all(text.as_bytes()).and_then(|()| stdin.flush()).expect("the program reads");
    }

    /// Closes the program's standard input, as Ctrl-D does.
    pub fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Waits until the program ends. Returns its status, all of stdout, and all of stderr.
    pub fn wait(mut self) -> (ExitStatus, String, String) {
        self.stdin = None;
        let deadline = Instant::now() + DEADLINE;
        loop {
            match self.out.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => self.seen.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    panic!("{}: still running; so far {:#?}", self.name, self.seen)
                }
            }
        }
        let mut status = None;
        until(&format!("{} has ended", self.name), || {
            status = self.child.try_wait().expect("own child");
            status.is_some()
        });
        (status.expect("waited"), self.seen.concat(), self.stderr())
    }

    /// Ends the program now. Returns all of its stdout and stderr.
    pub fn kill(mut self) -> (String, String) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.seen.extend(self.out.iter());
        (self.seen.concat(), self.stderr())
    }

    /// Waits until stderr contains `part`. Returns all of stderr so far.
    pub fn error_with(&self, part: &str) -> String {
        until(&format!("{} says {part:?} on stderr", self.name), || self.errors().contains(part));
        self.errors()
    }

    fn errors(&self) -> String {
        String::from_utf8_lossy(&self.errors.lock().expect("nobody panics with it")).into_owned()
    }

    fn stderr(&mut self) -> String {
        if let Some(reader) = self.err.take() {
            reader.join().expect("reads stderr");
        }
        self.errors()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

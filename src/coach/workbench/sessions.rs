//! The running sessions: started by the number of a block, stopped with their page.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use std::{env, fs, thread};

use net_notes::check::{Lang, Scratch};

use super::log::Log;
use super::page::{self, File};
use super::ports::Ports;
pub(super) use super::program::NotTyped;
use super::session::{Script, Session};
use super::shell;
use super::tabs::Tabs;
use crate::coach::home::Home;
use crate::coach::lock;

/// The longest wait for the end of the programs of a stopped session.
const END_TIMEOUT: Duration = Duration::from_secs(3);

/// The sessions of a workbench.
#[derive(Debug)]
pub(super) struct Sessions {
    root: PathBuf,
    log: Arc<Log>,
    state: Mutex<State>,
    /// Notified when a session has ended.
    ended: Condvar,
}

/// Invariant: of each page at most one session is in `running` that was not stopped.
#[derive(Debug, Default)]
struct State {
    last: u64,
    running: BTreeMap<u64, Arc<Session>>,
}

/// The reason why a session was not started.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotRun {
    /// The page or its block does not exist.
    Unknown,
    /// The page has a command that is not allowed, or cannot be parsed.
    Impossible(String),
}

impl Sessions {
    pub(super) fn new(root: &Path, log: &Arc<Log>) -> Sessions {
        let (root, log) = (root.to_path_buf(), log.clone());
        Sessions { root, log, state: Mutex::default(), ended: Condvar::new() }
    }

    /// Starts the session that this block of the page belongs to. Returns its number.
    pub(super) fn run(self: &Arc<Self>, page: &str, block: u64) -> Result<u64, NotRun> {
        let text = self.lesson(page).ok_or(NotRun::Unknown)?;
        let read = page::read(&text);
        let (mut blocks, files) =
            read.map_err(|why| NotRun::Impossible(why.in_lang(Lang::En).to_string()))?;
        let number = blocks.iter().find(|one| one.number as u64 == block);
        let number = number.ok_or(NotRun::Unknown)?.session;
        blocks.retain(|block| block.session == number);
        let mut commands = Vec::new();
        for block in blocks {
            for typed in block.commands {
                let command = shell::Command::parse(&typed.line).map_err(NotRun::Impossible)?;
                commands.push((block.terminal.clone(), typed, command));
            }
        }
        if commands.is_empty() {
            return Err(NotRun::Unknown);
        }
        let session = {
            let mut state = lock(&self.state);
            state.last += 1;
            let session = Arc::new(Session::new(state.last, page, &self.log));
            state.running.insert(session.number(), session.clone());
            // All tabs of the page show it from now on, and those that are opened later. Under the lock: the latest one is last.
            let event = session.say("run", None).text("page", page);
            self.log.add_lasting(event.number("block", number as u64));
            session
        };
        for older in self.of_page(page).iter().filter(|one| one.number() < session.number()) {
            older.stop(); // its ports are free when its programs are gone
        }
        let (this, started) = (self.clone(), session.clone());
        thread::spawn(move || {
            let played = this.play(&started, commands, &files);
            started.stop();
            lock(&this.state).running.remove(&started.number());
            this.ended.notify_all();
            let why = played.err().map(|error| net_notes::code(&error).to_string());
            this.log.add_lasting(started.say("over", None).maybe("why", why.as_deref()));
        });
        Ok(session.number())
    }

    /// The text of a lesson, by its name. The name is compared with the existing ones, and never becomes part of a path.
    fn lesson(&self, name: &str) -> Option<String> {
        let mut entries = fs::read_dir(self.root.join("lessons")).ok()?.filter_map(Result::ok);
        let file = format!("{name}.md");
        let entry = entries.find(|entry| entry.file_name().to_str() == Some(&file))?;
        fs::read_to_string(entry.path()).ok()
    }

    fn play(
        &self,
        session: &Arc<Session>,
        commands: Vec<(String, page::Typed, shell::Command)>,
        files: &[File],
    ) -> io::Result<()> {
        let lines: String =
            commands.iter().map(|(_, typed, _)| typed.line.clone() + "\n").collect();
        let used: Vec<&File> = files.iter().filter(|file| lines.contains(&file.name)).collect();
        let sources = self.root.join("examples");
        let examples: Vec<&str> = commands.iter().flat_map(|(.., it)| it.examples()).collect();
        let Some(built) = self.build(session, &commands[0].0, &examples)? else { return Ok(()) };
        self.wait_for_older(session);
        let defaults = examples.iter().filter_map(|name| Ports::of_example(&sources, name));
        let mut named: String = defaults.map(|port| format!("{port} ")).collect();
        named.extend(used.iter().map(|file| file.text.as_str()).chain([&*lines]));
        let ports = Ports::free_for(&named);
        for (page, used) in ports.changed() {
            let event = session.say("port", None).number("page", page.into());
            self.log.add(event.number("used", used.into()));
        }
        let folder = Scratch::new()?;
        for file in used {
            fs::write(folder.path().join(&file.name), ports.replace(&file.text))?;
        }
        session.play(&Script { commands, ports, folder, sources, built });
        Ok(())
    }

    /// Builds the examples, and returns their paths. `None`: they do not compile, which was reported.
    fn build(
        &self,
        session: &Session,
        terminal: &str,
        examples: &[&str],
    ) -> io::Result<Option<BTreeMap<String, PathBuf>>> {
        let mut built = BTreeMap::new();
        if examples.is_empty() {
            return Ok(Some(built));
        }
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
        cargo.current_dir(Home::library()).args(["build", "--quiet"]);
        cargo.args(["--message-format", "json-render-diagnostics"]);
        let mut names: Vec<&str> = examples.to_vec();
        names.sort_unstable();
        names.dedup();
        let names: Vec<String> = names.iter().map(|name| format!("--example {name}")).collect();
        cargo.args(names.iter().flat_map(|name| name.split(' ')));
        let command = format!("cargo build {}", names.join(" "));
        self.log.add(session.say("build", Some(terminal)).text("command", &command));
        cargo.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let Some(mut child) = session.spawn_build(&mut cargo)? else { return Ok(None) };
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let errors = thread::spawn(move || {
            let mut text = Vec::new();
            let _ = stderr.map(|stderr| stderr.take(64 << 10).read_to_end(&mut text));
            String::from_utf8_lossy(&text).into_owned()
        });
        for line in BufReader::new(stdout.ok_or(io::ErrorKind::BrokenPipe)?).lines() {
            // {"reason":"compiler-artifact",…,"executable":"/…/examples/03_server",…}
            let Ok(line) = line else { break }; // no text: rustc's, whose path is none either
            let Some((_, rest)) = line.split_once(r#""executable":""#) else { continue };
            let path =
                PathBuf::from(rest.split('"').next().unwrap_or_default().replace(r"\\", r"\"));
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            built.insert(name, path);
        }
        let status = child.wait()?;
        session.end_build();
        let errors = errors.join().unwrap_or_default();
        if status.success() {
            return Ok(Some(built));
        }
        let out = session.say("out", Some(terminal)).text("stream", "out");
        self.log.add(out.text("text", &errors));
        let code = status.code().unwrap_or(1).to_string();
        self.log.add_lasting(session.say("exit", Some(terminal)).text("status", &code));
        Ok(None)
    }

    /// Waits for the end of the stopped sessions of this page: they still hold its ports.
    fn wait_for_older(&self, session: &Session) {
        let older = |state: &mut State| {
            let mut others = state.running.range(..session.number());
            others.any(|(_, other)| other.page() == session.page())
        };
        drop(self.ended.wait_timeout_while(lock(&self.state), END_TIMEOUT, older));
    }

    fn of_page(&self, page: &str) -> Vec<Arc<Session>> {
        let state = lock(&self.state);
        state.running.values().filter(|session| session.page() == page).cloned().collect()
    }

    fn find(&self, number: u64) -> Option<Arc<Session>> {
        lock(&self.state).running.get(&number).cloned()
    }

    pub(super) fn type_in(
        &self,
        session: u64,
        terminal: &str,
        text: &str,
    ) -> Option<Result<(), NotTyped>> {
        self.find(session)?.type_in(terminal, text)
    }

    pub(super) fn end_input(&self, session: u64, terminal: &str) -> Option<()> {
        self.find(session)?.end_input(terminal)
    }

    /// Interrupts the program of one terminal, or stops the whole session.
    pub(super) fn stop(&self, session: u64, terminal: Option<&str>) -> Option<()> {
        let session = self.find(session)?;
        match terminal {
            Some(terminal) => session.interrupt(terminal),
            None => {
                session.stop();
                Some(())
            }
        }
    }

    /// Stops the sessions whose page is gone, and the programs that ignored Ctrl-C. Must be called regularly.
    pub(super) fn sweep(&self, tabs: &Tabs) {
        let all: Vec<Arc<Session>> = lock(&self.state).running.values().cloned().collect();
        for session in all {
            session.end_stubborn();
            if tabs.are_gone(session.page(), session.began()) {
                session.stop();
            }
        }
    }
}

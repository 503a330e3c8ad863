//! One run of a page's session: its commands, each in its terminal, in the order of the page.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::process::{self, Child};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use net_notes::check::{ProcessGroup, Scratch};

use super::collector::Collector;
use super::json::Object;
use super::log::Log;
use super::output::Output;
use super::page::Typed;
use super::ports::Ports;
use super::program::{self, NotTyped, Program};
use super::shell::Command;
use crate::coach::lock;

/// The longest wait of a command for the output of the one before it. After this it starts anyway.
const SHOWN_TIMEOUT: Duration = Duration::from_secs(2);

/// The commands to run, and where they run.
#[derive(Debug)]
pub(super) struct Script {
    /// For each command: its terminal, the text of the page, and its parsed form.
    pub(super) commands: Vec<(String, Typed, Command)>,
    pub(super) ports: Ports,
    /// The folder in which the commands run.
    pub(super) folder: Scratch,
    /// The folder of the sources of the examples.
    pub(super) sources: PathBuf,
    /// The built examples, by name.
    pub(super) built: BTreeMap<String, PathBuf>,
}

/// A session that runs, or has run. Its programs end when it is [stopped](Self::stop).
#[derive(Debug)]
pub(super) struct Session {
    number: u64,
    page: String,
    began: Instant,
    log: Arc<Log>,
    state: Mutex<State>,
    changed: Condvar,
}

/// Invariant: a terminal has a program from when one was started in it until its output has ended, and never two.
#[derive(Debug, Default)]
struct State {
    /// Whether no more commands are started.
    stopped: bool,
    terminals: BTreeMap<String, Terminal>,
    /// The build before the first command.
    build: Option<ProcessGroup>,
}

#[derive(Debug, Default)]
struct Terminal {
    program: Option<Program>,
    /// The shell's `$?` after the last command.
    status: i32,
    /// The number of lines that the current or last program has printed.
    lines: usize,
}

impl Session {
    pub(super) fn new(number: u64, page: &str, log: &Arc<Log>) -> Session {
        let (page, log) = (page.to_string(), log.clone());
        let (state, changed) = (Mutex::default(), Condvar::new());
        Session { number, page, began: Instant::now(), log, state, changed }
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn page(&self) -> &str {
        &self.page
    }

    pub(super) fn began(&self) -> Instant {
        self.began
    }

    /// Begins an event about this session.
    pub(super) fn say(&self, kind: &str, terminal: Option<&str>) -> Object {
        let event = Object::kind(kind).number("session", self.number);
        match terminal {
            Some(terminal) => event.text("terminal", terminal),
            None => event,
        }
    }

    /// Shows text in a terminal: the output of its program, or what was typed.
    fn print(&self, terminal: &str, stream: &str, text: &str) {
        let event = self.say("out", Some(terminal)).text("stream", stream);
        self.log.add_output(event.text("text", text));
    }

    /// Starts the build, which ends when the session is stopped. `None`: it was stopped.
    pub(super) fn spawn_build(&self, cargo: &mut process::Command) -> io::Result<Option<Child>> {
        let group = ProcessGroup::new()?;
        let mut state = lock(&self.state);
        if state.stopped {
            return Ok(None);
        }
        let child = group.spawn(cargo)?;
        state.build = Some(group);
        Ok(Some(child))
    }

    /// The build has ended.
    pub(super) fn end_build(&self) {
        let build = lock(&self.state).build.take();
        drop(build); // kills what it may have left behind, which takes a moment
    }

    /// Runs all commands, and returns when the last one has ended, or when the session was stopped.
    pub(super) fn play(self: &Arc<Self>, script: &Script) {
        let mut collectors = Vec::new();
        let mut before: Option<(&str, &Typed)> = None;
        for (terminal, typed, command) in &script.commands {
            if !self.wait_for_turn(terminal, before) {
                break;
            }
            if let Err(error) = self.start(terminal, typed, command, script, &mut collectors) {
                let why = net_notes::code(&error).to_string();
                self.log.add(self.say("exit", Some(terminal)).text("status", &why));
            }
            before = Some((terminal, typed));
        }
        let idle = |state: &State| state.terminals.values().all(|one| one.program.is_none());
        drop(self.wait_until(None, idle));
        drop(collectors); // when they have got the last events
    }

    /// Waits until the terminal is free and the command before has printed its lines. `false`: the session was stopped.
    fn wait_for_turn(&self, terminal: &str, before: Option<(&str, &Typed)>) -> bool {
        let is_free = |state: &State| {
            state.stopped || state.terminals.get(terminal).is_none_or(|it| it.program.is_none())
        };
        drop(self.wait_until(None, is_free));
        let has_shown = |state: &State| {
            let of = before.and_then(|(name, typed)| Some((state.terminals.get(name)?, typed)));
            let shown =
                of.is_none_or(|(it, typed)| it.program.is_none() || it.lines >= typed.shown);
            state.stopped || shown
        };
        !self.wait_until(Some(Instant::now() + SHOWN_TIMEOUT), has_shown).stopped
    }

    fn wait_until(
        &self,
        deadline: Option<Instant>,
        fact: impl Fn(&State) -> bool,
    ) -> std::sync::MutexGuard<'_, State> {
        let mut state = lock(&self.state);
        while !fact(&state) {
            state = match deadline {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        break;
                    }
                    let waited = self.changed.wait_timeout(state, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        state
    }

    fn start(
        self: &Arc<Self>,
        name: &str,
        typed: &Typed,
        command: &Command,
        script: &Script,
        collectors: &mut Vec<Collector>,
    ) -> std::io::Result<()> {
        let (number, terminal) = (self.number, name.to_string());
        let tag = move |event: Object| event.number("session", number).text("terminal", &terminal);
        let collector = Collector::start(0, &self.log, Arc::new(tag))?;
        let trace = collector.address();
        collectors.push(collector);
        let built = |name: &str| script.built.get(name).cloned().unwrap_or_default();
        let line = command.line(&script.ports, &script.sources, built);
        let mut state = lock(&self.state);
        if state.stopped {
            return Ok(());
        }
        let terminal = state.terminals.entry(name.to_string()).or_default();
        let (this, typed_into) = (self.clone(), name.to_string());
        let echo = move |text: &str| this.print(&typed_into, "in", text);
        let started = Program::start(&line, terminal.status, script.folder.path(), &trace, echo);
        let (program, child) = started?;
        let event = self.say("start", Some(name)).text("command", &typed.line);
        self.log.add_lasting(event.number("pid", child.id().into())); // before anything that it prints
        terminal.program = Some(program);
        terminal.lines = 0;
        drop(state);
        let (this, name) = (self.clone(), name.to_string());
        thread::spawn(move || this.follow(&name, child));
        Ok(())
    }

    /// Reads what the program in this terminal prints, to its end.
    fn follow(&self, name: &str, child: std::process::Child) {
        let mut output = Output::default();
        let out = |text: &str| self.print(name, "out", text);
        let ended = program::follow(child, |piece| {
            if let Some(text) = output.feed(piece).filter(|text| !text.is_empty()) {
                out(&text);
            }
            let mut state = lock(&self.state);
            if let Some(terminal) = state.terminals.get_mut(name) {
                terminal.lines += piece.iter().filter(|byte| **byte == b'\n').count();
            }
            self.changed.notify_all();
        });
        if let Some(text) = output.end() {
            out(&text);
        }
        let (status, shown) = program::status(&ended);
        self.log.add_lasting(self.say("exit", Some(name)).text("status", &shown));
        let mut state = lock(&self.state);
        let program = state.terminals.get_mut(name).and_then(|terminal| {
            terminal.status = status;
            terminal.program.take()
        });
        self.changed.notify_all();
        drop(state);
        drop(program); // ends what it may have left behind, which takes a moment
    }

    /// Types into the program of this terminal. `None`: none runs there.
    pub(super) fn type_in(&self, terminal: &str, text: &str) -> Option<Result<(), NotTyped>> {
        let state = lock(&self.state);
        let program = state.terminals.get(terminal)?.program.as_ref()?;
        Some(program.type_in(text))
    }

    /// Ends the input of the program of this terminal.
    pub(super) fn end_input(&self, terminal: &str) -> Option<()> {
        let mut state = lock(&self.state);
        state.terminals.get_mut(terminal)?.program.as_mut().map(Program::end_input)
    }

    /// Interrupts the program of this terminal.
    pub(super) fn interrupt(&self, terminal: &str) -> Option<()> {
        let mut state = lock(&self.state);
        state.terminals.get_mut(terminal)?.program.as_mut().map(Program::interrupt)
    }

    /// Kills the running programs, and starts no more.
    pub(super) fn stop(&self) {
        let mut state = lock(&self.state);
        state.stopped = true;
        self.changed.notify_all();
        let groups = (take_groups(&mut state, |_| true), state.build.take());
        drop(state);
        drop(groups); // kills, which takes a moment
    }

    /// Kills the programs that ignored Ctrl-C.
    pub(super) fn end_stubborn(&self) {
        let groups = take_groups(&mut lock(&self.state), Program::is_stubborn);
        drop(groups);
    }
}

/// The groups of the programs that are `wanted`. A terminal keeps its program until the output of that has ended.
fn take_groups(state: &mut State, wanted: impl Fn(&Program) -> bool) -> Vec<ProcessGroup> {
    let programs = state.terminals.values_mut().filter_map(|terminal| terminal.program.as_mut());
    programs.filter(|program| wanted(program)).filter_map(Program::take_group).collect()
}

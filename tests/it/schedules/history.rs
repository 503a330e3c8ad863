//! A finished log as calls and turns, each with a beginning and an end: the input of the rules.
//!
//! A position in the log is a time. One thing happened before another only if it ended before the
//! other began. Otherwise they happened at the same time, and no rule may depend on their order.

use std::collections::HashMap;
use std::thread::ThreadId;
use std::time::Duration;

use super::action::Action;
use super::log::{Answer, Entry, Event, Facts, Properties, Role, RunResult, What};

/// A call of the library.
pub struct Call {
    role: Role,
    pub action: Action,
    /// The number of the record or the timer.
    pub number: u32,
    pub begin: usize,
    /// `usize::MAX` if it has not returned.
    pub end: usize,
    pub from: Duration,
    pub until: Duration,
    pub answer: Answer,
    /// The innermost listener that made it, of any socket.
    listener: Option<usize>,
}

impl Call {
    pub fn may_end_our_direction(&self) -> bool {
        self.action.ends() || self.action.is_abrupt()
    }

    /// Whether a blocking write has failed: it has written nothing, or the socket is closed.
    pub fn has_failed(&self) -> bool {
        matches!(self.answer, Answer::Took { result: Err(_), .. })
    }
}

/// A listener that was called.
pub struct Turn {
    role: Role,
    pub event: Event,
    pub facts: Facts,
    pub begin: usize,
    pub end: usize,
    pub at: Duration,
    until: Duration,
    /// The position at which the turn before it ended: the next turn was decided after that.
    pub decided_after: usize,
    pub not_before: Duration,
    /// The call that the thread was inside.
    pub inside: Option<Action>,
}

/// A call or a listener that a thread is inside.
enum Frame {
    Call(usize),
    Turn(usize),
}

#[derive(Default)]
pub struct History {
    calls: Vec<Call>,
    turns: Vec<Turn>,
    sockets: Vec<(Role, Properties)>,
    ran: Vec<(Role, RunResult)>,
    /// The role, the position of the note, and the position for which it is true.
    settled: Vec<(Role, usize, usize)>,
}

impl History {
    pub fn new(log: &[Entry]) -> History {
        let mut history = History::default();
        let mut threads: HashMap<ThreadId, Vec<Frame>> = HashMap::new();
        for (position, entry) in log.iter().enumerate() {
            history.add(position, entry, threads.entry(entry.thread).or_default());
        }
        history
    }

    fn add(&mut self, position: usize, entry: &Entry, stack: &mut Vec<Frame>) {
        let (at, role) = (entry.at, entry.role);
        match &entry.what {
            What::Properties(properties) => self.sockets.push((role, *properties)),
            What::Settled(since) => self.settled.push((role, position, *since)),
            What::Ran(result) => self.ran.push((role, result.clone())),
            What::Call(action, number) => {
                let listener = stack.iter().rev().find_map(|frame| match frame {
                    Frame::Turn(turn) => Some(*turn),
                    Frame::Call(_) => None,
                });
                stack.push(Frame::Call(self.calls.len()));
                self.calls.push(Call {
                    role,
                    action: *action,
                    number: *number,
                    begin: position,
                    end: usize::MAX,
                    from: at,
                    until: Duration::MAX,
                    answer: Answer::Nothing,
                    listener,
                });
            }
            What::Return(answer) => {
                if let Some(Frame::Call(call)) = stack.pop() {
                    let call = &mut self.calls[call];
                    (call.end, call.until, call.answer) = (position, at, answer.clone());
                }
            }
            What::Enter(event, facts) => {
                let before = self.turns.iter().rfind(|turn| turn.role == role);
                let (decided_after, not_before) = before.map_or((0, Duration::ZERO), |turn| {
                    (turn.end.min(position), turn.until.min(at))
                });
                let inside = match stack.last() {
                    Some(Frame::Call(call)) => Some(self.calls[*call].action),
                    _ => None,
                };
                stack.push(Frame::Turn(self.turns.len()));
                self.turns.push(Turn {
                    role,
                    event: event.clone(),
                    facts: *facts,
                    begin: position,
                    end: usize::MAX,
                    at,
                    until: Duration::MAX,
                    decided_after,
                    not_before,
                    inside,
                });
            }
            What::Leave => {
                while let Some(frame) = stack.pop() {
                    match frame {
                        Frame::Call(call) => self.calls[call].end = position, // a panic has left it
                        Frame::Turn(turn) => {
                            (self.turns[turn].end, self.turns[turn].until) = (position, at);
                            break;
                        }
                    }
                }
            }
        }
    }

    pub fn sockets(&self) -> Vec<Socket<'_>> {
        self.sockets.iter().map(|(role, properties)| self.socket(*role, *properties)).collect()
    }

    fn socket(&self, role: Role, properties: Properties) -> Socket<'_> {
        let calls: Vec<_> = self.calls.iter().filter(|call| call.role == role).collect();
        let turns: Vec<_> = self.turns.iter().filter(|turn| turn.role == role).collect();
        let by_call = calls.iter().find(|call| call.may_end_our_direction());
        let by_turn = turns.iter().filter_map(|turn| match &turn.event {
            Event::End if !properties.half_open => Some(turn.begin),
            // An error of the kernel destroys the socket, maybe long before it is emitted. An error
            // of the plan has no code.
            Event::Error(code) if !code.is_empty() => Some(0),
            Event::Close(true) if !properties.has_error_listener => Some(0),
            Event::Close(_) => Some(turn.begin),
            _ => None,
        });
        let ends = by_call.map(|call| call.begin).into_iter().chain(by_turn);
        let ending = ends.min().unwrap_or(usize::MAX);
        let settled = self.settled.iter().find(|(other, at, _)| *other == role && *at < ending);
        Socket {
            role,
            properties,
            turns,
            calls,
            ran: self.ran.iter().find(|(other, _)| *other == role).map(|(_, result)| result),
            settled: settled.map(|(.., since)| *since),
            ending,
            all_turns: &self.turns,
        }
    }
}

/// The history of one socket.
pub struct Socket<'h> {
    pub role: Role,
    pub properties: Properties,
    pub calls: Vec<&'h Call>,
    pub turns: Vec<&'h Turn>,
    pub ran: Option<&'h RunResult>,
    /// A position at which neither Drain nor a timer was awaited, although the socket had not
    /// ended.
    pub settled: Option<usize>,
    /// Before this position neither was our direction ended nor was the socket destroyed.
    pub ending: usize,
    all_turns: &'h [Turn],
}

impl<'h> Socket<'h> {
    /// Returns the first turn for an event of this kind.
    pub fn first(&self, is_it: impl Fn(&Event) -> bool) -> Option<&'h Turn> {
        self.turns.iter().find(|turn| is_it(&turn.event)).copied()
    }

    pub fn had(&self, event: &Event) -> bool {
        self.first(|other| other == event).is_some()
    }

    pub fn close(&self) -> Option<&'h Turn> {
        self.first(|event| matches!(event, Event::Close(_)))
    }

    pub fn had_error(&self) -> Option<bool> {
        match self.close()?.event {
            Event::Close(had_error) => Some(had_error),
            _ => None,
        }
    }

    pub fn writes(&self) -> impl Iterator<Item = &'h Call> {
        self.calls.iter().copied().filter(|call| call.action.bytes().is_some())
    }

    /// Returns the listener that made a call, of any socket.
    pub fn listener_of(&self, call: &Call) -> Option<&'h Turn> {
        call.listener.map(|turn| &self.all_turns[turn])
    }

    /// Returns how many events may be on their way when a call returns that excludes them: none, if
    /// it was made in a listener of the same socket.
    pub fn in_flight(&self, call: &Call) -> usize {
        let is_own = self.listener_of(call).is_some_and(|turn| turn.role == self.role);
        usize::from(!is_own)
    }

    /// Whether both directions have ended normally.
    pub fn is_clean(&self) -> bool {
        let was_closed = |call: &Call| self.close().is_some_and(|close| close.begin < call.begin);
        self.had_error() == Some(false)
            && self.had(&Event::End)
            && self.had(&Event::Finish)
            && self.calls.iter().all(|call| !call.action.is_abrupt() || was_closed(call))
    }
}

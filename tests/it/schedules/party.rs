//! One peer: executes its part of the plan, and records it. It judges nothing.

mod timers;
mod writes;

use std::io::{self, Write};
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, RwLock, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use self::timers::Timers;
use super::action::Action;
use super::log::{Event, Log, Properties, Role, What, lock};
use super::net::{EventSocket, ListenerId, event};
use super::plan::Part;
use super::recorder::Recorder;
use super::server::RunningServer;

/// The payload of the panics of the plan.
pub struct Planned;

/// The pause of a slow reader after a chunk, in milliseconds: longer than a `write` waits for
/// room.
const PAUSE_MS: u64 = 7;

pub struct Party {
    pub recorder: Recorder,
    part: Part,
    rough: bool,
    /// The server that has accepted this peer.
    pub server: OnceLock<Weak<RunningServer>>,
    /// The state that a write must check. Writes share it, so that they can happen at the same
    /// time.
    gate: RwLock<Gate>,
    listener: Mutex<Option<ListenerId>>,
    handle: Mutex<Option<EventSocket>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    timers: Mutex<Timers>,
    /// The number of listeners that have begun.
    steps: AtomicU64,
    /// The number of chunks that have arrived.
    chunks: AtomicU64,
    /// The last number of a record, a timer or a listener that is called once.
    numbers: AtomicU32,
    /// All bytes that Data has carried.
    received: Mutex<Vec<u8>>,
}

#[derive(Default)]
struct Gate {
    /// Our direction was ended.
    ended: bool,
    /// The plan of this party is over: no more writes, pauses, or new listeners.
    over: bool,
    /// The plans of all parties are over: this side may end. Before, a peer that writes what the
    /// plan says would write to nobody.
    leaves: bool,
}

impl Party {
    pub fn new(log: &Arc<Log>, role: Role, part: &Part, rough: bool) -> Party {
        let properties = Properties {
            is_accepted: role != Role::Client,
            half_open: part.half_open,
            has_error_listener: part.has_error_listener,
            high_water_mark: part.high_water_mark,
            fed_by: None,
        };
        Party {
            recorder: Recorder::new(log, role, properties),
            part: part.clone(),
            rough,
            server: OnceLock::new(),
            gate: RwLock::default(),
            listener: Mutex::default(),
            handle: Mutex::default(),
            threads: Mutex::default(),
            timers: Mutex::default(),
            steps: AtomicU64::new(0),
            chunks: AtomicU64::new(0),
            numbers: AtomicU32::new(0),
            received: Mutex::default(),
        }
    }

    /// The Connection listener: the first turn of an accepted socket.
    pub fn accepted(self: &Arc<Self>, socket: &EventSocket) {
        let _turn = self.recorder.enter(socket, Event::Connection);
        self.begin(socket);
    }

    /// Adds all listeners, and does the first actions of the plan.
    pub fn begin(self: &Arc<Self>, socket: &EventSocket) {
        let party = self.clone();
        let step = move |socket: &EventSocket, _: &Event| party.step(socket);
        self.recorder.listen(socket, self.part.has_error_listener, step);
        self.add_listener(socket);
        if self.part.keeps_handle {
            *lock(&self.handle) = Some(socket.clone());
        }
        if self.part.early {
            self.start_threads(socket);
        }
        self.part.first.iter().for_each(|action| self.perform(socket, *action));
        if !self.part.early {
            self.start_threads(socket);
        }
        // What `finish` and `leave` do, if they were called before this side existed.
        let (over, leaves) = {
            let gate = self.gate.read().unwrap();
            (gate.over, gate.leaves)
        };
        if over {
            self.resume(socket);
        }
        if leaves {
            self.leave();
        }
    }

    fn start_threads(self: &Arc<Self>, socket: &EventSocket) {
        for actions in self.part.on_threads.clone() {
            let (party, socket) = (self.clone(), socket.clone());
            let perform = move || actions.iter().for_each(|action| party.perform(&socket, *action));
            lock(&self.threads).push(thread::spawn(perform));
        }
    }

    pub fn threads_are_done(&self) -> bool {
        lock(&self.threads).iter().all(JoinHandle::is_finished)
    }

    /// Ends the plan: from now on this side reads, and ends. Returns `false` if a write
    /// is in progress.
    pub fn finish(&self) -> bool {
        let Ok(mut gate) = self.gate.try_write() else { return false };
        if !std::mem::replace(&mut gate.over, true) {
            lock(&self.handle).iter().for_each(|socket| self.resume(socket));
        }
        true
    }

    /// Whether neither Drain nor a timer is awaited any longer. The log records it, with the
    /// position from which it is true: a write that has not returned by then may promise another
    /// Drain.
    pub fn is_settled(&self) -> bool {
        let position = self.recorder.log.position();
        let Some(socket) = lock(&self.handle).clone() else { return true };
        let is_settled = !socket.writable_need_drain() && lock(&self.timers).awaited.is_empty();
        if is_settled {
            self.recorder.add(What::Settled(position));
        }
        is_settled || socket.is_destroyed()
    }

    /// Ends this side, if the test has a handle. Called when all parties have finished.
    pub fn leave(self: &Arc<Self>) {
        self.gate.write().unwrap().leaves = true;
        let Some(socket) = lock(&self.handle).take() else { return };
        self.perform(&socket, self.part.last);
        self.resume(&socket); // last, so that this alone must be enough
    }

    pub fn received(&self) -> Vec<u8> {
        lock(&self.received).clone()
    }

    fn next_number(&self) -> u32 {
        self.numbers.fetch_add(1, Ordering::SeqCst) + 1
    }

    fn add_listener(self: &Arc<Self>, socket: &EventSocket) {
        let mut listener = lock(&self.listener);
        if listener.is_none() {
            let party = self.clone();
            *listener = Some(self.recorder.listen_to_data(socket, move |socket, data| {
                lock(&party.received).extend_from_slice(data);
                if party.chunks.fetch_add(1, Ordering::SeqCst) < party.part.rests {
                    party.recorder.act(Action::Pause, || socket.pause());
                    party.resume_after(socket, PAUSE_MS);
                }
                party.step(socket);
            }));
        }
    }

    /// Executes the actions that the plan has for this listener.
    fn step(self: &Arc<Self>, socket: &EventSocket) {
        let n = self.steps.fetch_add(1, Ordering::SeqCst) as usize;
        let actions = self.part.in_listeners.get(n).into_iter().flatten();
        actions.for_each(|action| self.perform(socket, *action));
    }

    fn resume(&self, socket: &EventSocket) {
        self.recorder.act(Action::Resume, || socket.resume());
    }

    fn perform(self: &Arc<Self>, socket: &EventSocket, action: Action) {
        let recorder = &self.recorder;
        match action {
            Action::Write(_) | Action::WriteThen(_) | Action::Block(_) | Action::EndWith(_) => {
                self.write(socket, action);
            }
            Action::Flush => {
                recorder.block(socket, action, 0, |socket| socket.flush().map(|()| 0));
            }
            Action::End => {
                let Some(mut gate) = self.gate_to_end(socket) else { return };
                gate.ended = true;
                drop(gate);
                recorder.act(action, || socket.end());
            }
            Action::CloseWithin(millis) => {
                let Some(mut gate) = self.gate_to_end(socket) else { return };
                gate.ended = true;
                drop(gate);
                recorder.act(action, || socket.close_within(Duration::from_millis(millis)));
            }
            Action::DestroySoon => recorder.act(action, || socket.destroy_soon()),
            Action::Destroy => recorder.act(action, || socket.destroy()),
            Action::DestroyWith => {
                recorder.act(action, || socket.destroy_with(io::Error::other("as planned")));
            }
            Action::Panic => {
                recorder.add(What::Call(action, 0)); // it does not return
                resume_unwind(Box::new(Planned)); // without the message of panic!
            }
            Action::CloseAll => {
                let server = self.server.get().and_then(Weak::upgrade);
                server.iter().for_each(|it| recorder.act(action, || it.close_all_connections()));
            }
            Action::Relisten => {
                let gate = self.gate.read().unwrap();
                let server = self.server.get().and_then(Weak::upgrade).filter(|_| !gate.over);
                server.iter().for_each(|it| recorder.act(action, || it.listen_again()));
            }
            Action::Pause => {
                let gate = self.gate.read().unwrap();
                if !gate.over {
                    recorder.act(action, || socket.pause());
                }
            }
            Action::Resume => self.resume(socket),
            Action::SetTimeout(millis) => {
                recorder.act(action, || socket.set_timeout(millis.map(Duration::from_millis)));
            }
            Action::After(_) | Action::Every(_) => self.add_timer(socket, action),
            Action::Cancel(which) => self.cancel_timer(socket, which),
            Action::SetNoDelay(on) => recorder.act(action, || socket.set_no_delay(on)),
            Action::RemoveListener => {
                // The lock is held during the call: two listeners would receive all data twice.
                let mut listener = lock(&self.listener);
                listener.take().into_iter().for_each(|id| {
                    recorder.act(action, || socket.off(id));
                });
            }
            Action::AddListener => self.add_listener(socket),
            Action::Once => {
                let (party, number) = (self.clone(), self.next_number());
                let once = move |socket: &EventSocket, ()| {
                    drop(party.recorder.enter(socket, Event::Once(number)));
                };
                recorder.act(action, || socket.once(event::Drain, once));
            }
            Action::Ask => recorder.ask(socket),
            Action::Compute(micros) => compute(micros),
            Action::Yield => thread::yield_now(),
            Action::Await(events) => {
                let deadline = Instant::now() + Duration::from_millis(3);
                while self.steps.load(Ordering::SeqCst) < events && Instant::now() < deadline {
                    thread::yield_now();
                }
            }
            Action::Forward(_) => unreachable!("a relay does that"),
        }
    }
}

/// Keeps the processor busy, as a slow listener does.
pub fn compute(micros: u64) {
    let began = Instant::now();
    while began.elapsed() < Duration::from_micros(micros) {}
}

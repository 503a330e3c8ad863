//! One peer: does its part of the plan, and watches that what is promised of events holds.

use std::any::Any;
use std::cell::Cell;
use std::io;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::plan::{Action, Part};
use super::records::{Reader, WRITERS, record};
use net::{EventSocket, ListenerId, ReadyState, event};
use net_notes as net;

thread_local! {
    /// This thread is inside a call of the library: no listener may be called on it.
    static IN_CALL: Cell<bool> = const { Cell::new(false) };
}

/// Calls the library.
fn call<T>(library: impl FnOnce() -> T) -> T {
    let before = IN_CALL.replace(true);
    let result = library();
    IN_CALL.set(before);
    result
}

/// What a listener of the plan panics with.
pub struct Planned;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Entry {
    Connection,
    Connect,
    Ready,
    Data(usize),
    Drain,
    Finish,
    Timeout,
    End,
    Error,
    Close(bool),
    Callback(usize, bool),
    /// Not an event: an action has begun.
    Does(Action),
}

pub struct Party {
    pub side: usize,
    part: Part,
    rough: bool,
    began: Instant,
    /// What a write has to look at. Writes share it, so that they can happen at the same time.
    gate: RwLock<Gate>,
    /// Held while `pause` or `resume` is called: so the book knows which was last.
    flow: Mutex<()>,
    listening: Mutex<Option<ListenerId>>,
    handle: Mutex<Option<EventSocket>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// A listener or a write callback runs.
    busy: AtomicBool,
    /// How many have run.
    steps: AtomicU64,
    book: Mutex<Book>,
}

#[derive(Default)]
struct Gate {
    /// `end` was called.
    ended: bool,
    /// The plan is over: nothing more is written, and nothing is paused.
    over: bool,
}

/// What has happened.
struct Book {
    log: Vec<(Duration, Entry)>,
    faults: Vec<String>,
    reader: Reader,
    /// How many bytes Data has carried.
    seen: u64,
    /// How many the socket has read in all, at Close.
    read: u64,
    /// Records of each writer, bytes in all, and calls of `write`.
    written: [u16; WRITERS],
    bytes: u64,
    writes: usize,
    /// Of each callback: who wrote, and whether it was told.
    callbacks: Vec<(u8, Option<bool>)>,
    /// In a listener of this socket.
    destroyed_here: bool,
    paused_here: bool,
    destroyed: bool,
    /// Something was written when the socket was closed already, or about to be: it may be lost.
    late: bool,
    deaf: bool,
    panicked: bool,
    panicked_late: bool,
    timeout: bool,
}

/// A listener or callback that runs.
struct Turn<'a>(&'a Party);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.busy.store(false, Ordering::SeqCst);
    }
}

fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Party {
    pub fn new(side: usize, part: &Part, rough: bool, began: Instant) -> Arc<Party> {
        Arc::new(Party {
            side,
            part: part.clone(),
            rough,
            began,
            gate: RwLock::default(),
            flow: Mutex::default(),
            listening: Mutex::default(),
            handle: Mutex::default(),
            threads: Mutex::default(),
            busy: AtomicBool::new(false),
            steps: AtomicU64::new(0),
            book: Mutex::new(Book {
                log: Vec::new(),
                faults: Vec::new(),
                reader: Reader::of(1 - side),
                seen: 0,
                read: 0,
                written: [0; WRITERS],
                bytes: 0,
                writes: 0,
                callbacks: Vec::new(),
                destroyed_here: false,
                paused_here: false,
                destroyed: false,
                late: false,
                deaf: false,
                panicked: false,
                panicked_late: false,
                timeout: false,
            }),
        })
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        unpoisoned(&self.book)
    }

    fn fault(&self, what: impl Into<String>) {
        self.book().faults.push(what.into());
    }

    /// Adds all listeners, and does the first part of the plan.
    pub fn begin(self: &Arc<Self>, socket: &EventSocket) {
        macro_rules! plain {
            ($($event:ident)*) => {$(
                let party = self.clone();
                call(|| socket.on(event::$event, move |socket, ()| {
                    let _turn = party.enter(Entry::$event);
                    party.step(socket);
                }));
            )*};
        }
        plain!(Connect Ready Drain Finish Timeout End);
        if self.part.hears_errors {
            let party = self.clone();
            call(|| {
                socket.on(event::Error, move |socket, _| {
                    let _turn = party.enter(Entry::Error);
                    party.step(socket);
                })
            });
        }
        let party = self.clone();
        call(|| {
            socket.on(event::Close, move |socket, had_error| {
                let _turn = party.enter(Entry::Close(had_error));
                party.look_at_closed(socket);
                party.step(socket);
            })
        });
        self.hear(socket);
        if self.part.keeps_handle {
            *unpoisoned(&self.handle) = Some(socket.clone());
        }
        if self.part.early {
            self.start_threads(socket);
        }
        for action in &self.part.first {
            self.perform(socket, *action, 0, false);
        }
        if !self.part.early {
            self.start_threads(socket);
        }
        if self.gate.read().unwrap().over {
            self.leave(); // the plan was over before this side was there
        }
    }

    /// The Connection listener: the first turn of an accepted socket.
    pub fn accepted(self: &Arc<Self>, socket: &EventSocket) {
        let _turn = self.enter(Entry::Connection);
        self.begin(socket);
    }

    fn start_threads(self: &Arc<Self>, socket: &EventSocket) {
        for (n, actions) in self.part.on_threads.iter().enumerate() {
            let (party, socket, actions) = (self.clone(), socket.clone(), actions.clone());
            let thread = thread::spawn(move || {
                for action in actions {
                    party.perform(&socket, action, n as u8 + 1, false);
                }
            });
            unpoisoned(&self.threads).push(thread);
        }
    }

    /// The foreign threads that have not been waited for.
    pub fn threads(&self) -> Vec<JoinHandle<()>> {
        std::mem::take(&mut *unpoisoned(&self.threads))
    }

    /// From here on the plan does no more than come to an end.
    pub fn finish(&self) {
        self.gate.write().unwrap().over = true;
    }

    /// Ends this side, if somebody has a handle.
    pub fn leave(&self) {
        let Some(socket) = unpoisoned(&self.handle).take() else { return };
        self.gate.write().unwrap().ended = true;
        call(|| socket.end());
        self.resume(&socket); // last, so that it has to be enough
    }

    fn hear(self: &Arc<Self>, socket: &EventSocket) {
        let mut listening = unpoisoned(&self.listening);
        if listening.is_none() {
            let party = self.clone();
            *listening = Some(call(|| {
                socket.on(event::Data, move |socket, data| {
                    let _turn = party.enter(Entry::Data(data.len()));
                    party.read(socket, data);
                    party.step(socket);
                })
            }));
        }
    }

    /// A listener begins: checks whether it may.
    fn enter(&self, what: Entry) -> Turn<'_> {
        let in_call = IN_CALL.get();
        let overlaps = self.busy.swap(true, Ordering::SeqCst);
        let mut book = self.book();
        if in_call {
            book.faults.push(format!("{what:?} inside a call"));
        }
        if overlaps {
            book.faults.push(format!("{what:?} while another listener runs"));
        }
        if let Some(why) = book.forbids(what, self) {
            book.faults.push(format!("{what:?} {why}"));
        }
        book.log.push((self.began.elapsed(), what));
        Turn(self)
    }

    /// After an event has been looked at: what the plan wants to be done in it.
    fn step(self: &Arc<Self>, socket: &EventSocket) {
        let n = self.steps.fetch_add(1, Ordering::SeqCst) as usize;
        for action in self.part.in_listeners.get(n).into_iter().flatten() {
            self.perform(socket, *action, 0, true);
        }
    }

    fn read(&self, socket: &EventSocket, data: &[u8]) {
        let taken = call(|| socket.bytes_read());
        let mut book = self.book();
        book.seen += data.len() as u64;
        if taken < book.seen {
            let why = format!("{} bytes came, and bytes_read() says {taken}", book.seen);
            book.faults.push(why);
        }
        let read = if book.deaf { Ok(()) } else { book.reader.take(data) };
        book.faults.extend(read.err());
    }

    fn look_at_closed(&self, socket: &EventSocket) {
        let (local, state) = call(|| (socket.local_addr(), socket.ready_state()));
        self.book().read = call(|| socket.bytes_read());
        if local.is_some() || state != ReadyState::Closed || !socket.is_destroyed() {
            self.fault(format!("at Close: {local:?}, {state:?}"));
        }
    }

    fn perform(self: &Arc<Self>, socket: &EventSocket, action: Action, writer: u8, inside: bool) {
        let now = self.began.elapsed();
        self.book().log.push((now, Entry::Does(action)));
        match action {
            Action::Write(length) | Action::WriteThen(length) => {
                let gate = self.gate.read().unwrap();
                if gate.over || (gate.ended && !self.rough) {
                    return;
                }
                let data = self.book().next_record(self.side, writer, length);
                if action == Action::Write(length) {
                    call(|| socket.write(data));
                } else {
                    let done = self.callback(socket, writer);
                    call(|| socket.write_then(data, done));
                }
                self.book().late |= call(|| socket.is_destroyed());
            }
            Action::End => {
                self.gate.write().unwrap().ended = true;
                call(|| socket.end());
            }
            Action::EndWith(length) => {
                let mut gate = self.gate.write().unwrap();
                if !gate.over && !gate.ended {
                    gate.ended = true;
                    let data = self.book().next_record(self.side, writer, length);
                    call(|| socket.end_with(data));
                    self.book().late |= call(|| socket.is_destroyed());
                }
            }
            Action::Destroy | Action::DestroyWith => {
                let mut book = self.book();
                book.destroyed |= !book.is_closed();
                drop(book);
                match action {
                    Action::Destroy => call(|| socket.destroy()),
                    _ => call(|| socket.destroy_with(io::Error::other("as planned"))),
                }
                self.book().destroyed_here |= inside;
            }
            Action::Panic => {
                let mut book = self.book();
                // After Close run() may have returned already.
                *if book.is_closed() { &mut book.panicked_late } else { &mut book.panicked } = true;
                drop(book);
                resume_unwind(Box::new(Planned)); // without the message of panic!
            }
            Action::Pause => {
                let gate = self.gate.read().unwrap();
                if !gate.over {
                    let _flow = unpoisoned(&self.flow);
                    call(|| socket.pause());
                    self.book().paused_here = inside;
                }
            }
            Action::Resume => self.resume(socket),
            Action::SetTimeout(idle) => {
                self.book().timeout |= idle.is_some();
                call(|| socket.set_timeout(idle.map(Duration::from_millis)));
            }
            Action::SetNoDelay(on) => call(|| socket.set_no_delay(on)),
            Action::Deaf => {
                self.book().deaf = true;
                let mut listening = unpoisoned(&self.listening);
                if let Some(id) = listening.take() {
                    call(|| socket.off(id));
                }
            }
            Action::Hear => self.hear(socket),
            Action::Once => {
                let party = self.clone();
                let mut calls = 0;
                call(|| {
                    socket.once(event::Drain, move |_, ()| {
                        calls += 1;
                        if calls > 1 || IN_CALL.get() || party.busy.swap(true, Ordering::SeqCst) {
                            party.fault("a `once` listener twice, in a call, or beside another");
                        }
                        drop(Turn(&party));
                    })
                });
            }
            Action::Ask => {
                call(|| {
                    let text =
                        format!("{socket:?} {} {}", socket.is_paused(), socket.writable_length());
                    (text, socket.bytes_written(), socket.remote_addr())
                });
            }
            Action::Compute(micros) => {
                let began = Instant::now();
                while began.elapsed() < Duration::from_micros(micros) {}
            }
            Action::Yield => thread::yield_now(),
            Action::Await(events) => {
                let patience = Instant::now() + Duration::from_millis(3);
                while self.steps.load(Ordering::SeqCst) < events && Instant::now() < patience {
                    thread::yield_now();
                }
            }
        }
    }

    fn resume(&self, socket: &EventSocket) {
        let _flow = unpoisoned(&self.flow);
        self.book().paused_here = false;
        call(|| socket.resume());
    }

    fn callback(
        self: &Arc<Self>,
        socket: &EventSocket,
        writer: u8,
    ) -> impl FnOnce(io::Result<()>) + Send + use<> {
        let (party, socket) = (self.clone(), socket.clone());
        let mut book = self.book();
        let number = book.callbacks.len();
        book.callbacks.push((writer, None));
        move |result| {
            let _turn = party.enter(Entry::Callback(number, result.is_ok()));
            party.step(&socket);
        }
    }

    /// A write callback has not been called.
    pub fn owes(&self) -> bool {
        self.book().callbacks.iter().any(|(_, told)| told.is_none())
    }

    /// Neither was there an error nor did anybody destroy it.
    pub fn is_clean(&self) -> bool {
        let book = self.book();
        book.count(Entry::Close(false)) == 1 && !book.destroyed && !book.panicked
    }

    /// What `run()` returned has to fit.
    pub fn judge_run(&self, result: Result<io::Result<()>, Box<dyn Any + Send>>) {
        let mut book = self.book();
        let unheard = book.count(Entry::Close(true)) == 1 && !self.part.hears_errors;
        let fits = match &result {
            Err(panic) => (book.panicked || book.panicked_late) && panic.is::<Planned>(),
            Ok(result) => !book.panicked && result.is_err() == unheard,
        };
        if !fits {
            book.faults.push(format!("run() returned {result:?}"));
        }
    }

    /// When all is over: what is wrong. `clean`: both sides closed as they should.
    pub fn judge(&self, peer: &Party, clean: bool) -> Vec<String> {
        let (peer_written, peer_bytes, all_sent) = {
            let book = peer.book();
            (book.written, book.bytes, !book.late)
        };
        let mut book = self.book();
        let mut faults = std::mem::take(&mut book.faults);
        let closes = book.count(Entry::Close(true)) + book.count(Entry::Close(false));
        if closes != 1 {
            faults.push(format!("Close {closes} times"));
        }
        let more = book.reader.begun.iter().zip(peer_written).any(|(read, wrote)| *read > wrote);
        if more || book.seen > book.read || book.read > peer_bytes {
            faults.push("more came than was written".into());
        }
        if clean {
            let whole = book.reader.begun == peer_written && book.reader.is_complete();
            let seen = book.deaf || (whole && book.seen == peer_bytes);
            if all_sent && !(seen && book.read == peer_bytes) {
                let (seen, begun) = (book.seen, book.reader.begun);
                faults.push(format!(
                    "a clean end, and {seen} of {peer_bytes} bytes, {begun:?} of {peer_written:?} records"
                ));
            }
            for event in [Entry::Finish, Entry::End] {
                if book.count(event) != 1 {
                    faults.push(format!("a clean end, and {event:?} {} times", book.count(event)));
                }
            }
        }
        let name = ["client", "server"][self.side];
        faults.into_iter().map(|fault| format!("{name}: {fault}")).collect()
    }

    /// What happened, line by line.
    pub fn tell(&self) -> Vec<(Duration, String)> {
        let indent = " ".repeat(40 * self.side);
        let book = self.book();
        book.log.iter().map(|(at, entry)| (*at, format!("{indent}{entry:?}"))).collect()
    }
}

impl Book {
    fn count(&self, what: Entry) -> usize {
        self.log.iter().filter(|(_, entry)| *entry == what).count()
    }

    fn is_closed(&self) -> bool {
        self.log.iter().any(|(_, entry)| matches!(entry, Entry::Close(_)))
    }

    /// The bytes of a write. Nothing is written for a length of zero: that is one of the cases.
    fn next_record(&mut self, side: usize, writer: u8, length: usize) -> Vec<u8> {
        self.writes += 1;
        if length == 0 {
            return Vec::new();
        }
        let number = self.written[usize::from(writer)];
        self.written[usize::from(writer)] += 1;
        let record = record(side, writer, number, length);
        self.bytes += record.len() as u64;
        record
    }

    /// Why this must not happen now.
    fn forbids(&mut self, what: Entry, party: &Party) -> Option<String> {
        let had = |entry| self.count(entry) > 0;
        let why = match what {
            Entry::Callback(number, ok) => return self.told(number, ok),
            _ if self.is_closed() => "after Close",
            Entry::Error if had(Entry::Error) => "a second time",
            Entry::Close(bad)
                if bad != (had(Entry::Error) || self.panicked) && party.part.hears_errors =>
            {
                "but the errors were others"
            }
            Entry::Error | Entry::Close(_) => return None,
            _ if had(Entry::Error) => "between Error and Close",
            Entry::Connection | Entry::Connect if had(what) => "a second time",
            // As in Node, Connect and Ready are one step.
            Entry::Ready if !had(Entry::Connect) || had(Entry::Ready) => "but not after Connect",
            Entry::Ready => return None,
            _ if self.destroyed_here => "after destroy() in a listener",
            // End is held back by what is held, not by the pause.
            Entry::Data(_) if self.paused_here => "after pause() in a listener",
            Entry::Data(0) => "without data",
            Entry::Data(_) if had(Entry::End) => "after End",
            Entry::Data(_) | Entry::End if party.side == 0 && !had(Entry::Ready) => "before Ready",
            Entry::End | Entry::Finish if had(what) => "a second time",
            Entry::Finish if !party.ends(self) => "without end()",
            Entry::Drain if self.count(Entry::Drain) >= self.writes => "without a write",
            Entry::Timeout if !self.timeout => "without a limit",
            _ => return None,
        };
        Some(why.to_string())
    }

    fn told(&mut self, number: usize, ok: bool) -> Option<String> {
        let (writer, told) = self.callbacks[number];
        self.callbacks[number].1 = Some(ok);
        let later = self.callbacks[number + 1..].iter().filter(|(other, _)| *other == writer);
        let overtaken = later.clone().any(|(_, told)| *told == Some(true));
        let mut earlier = self.callbacks[..number].iter().filter(|(other, _)| *other == writer);
        match told {
            Some(_) => Some("a second time".into()),
            None if ok && overtaken => Some("after that of a later write".into()),
            None if ok && earlier.any(|(_, told)| *told == Some(false)) => {
                Some("though an earlier write failed".into())
            }
            None => None,
        }
    }
}

impl Party {
    /// Whether a FIN may have been sent: by `end()`, or because the peer has ended.
    fn ends(&self, book: &Book) -> bool {
        (!self.part.half_open && book.count(Entry::End) > 0)
            // A thread that just calls end() holds the gate. Looked at once: it may let go between two looks.
            || self.gate.try_read().map_or(true, |gate| gate.ended)
    }
}

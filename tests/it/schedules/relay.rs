//! A relay between two sockets, by Node's idiom or by other means; optionally with a copy for a
//! third peer.

use std::io::{self, Write};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::action::Action;
use super::log::{Event, Log, Properties, Role, lock};
use super::net::{Address, ConnectOptions, EventSocket, event};
use super::party::compute;
use super::plan::{self, Forwarding, NEVER_REACHED_MS};
use super::recorder::Recorder;

/// The number of chunks that the channel to the thread of [`Forwarding::Thread`] holds. Beyond that
/// the source waits.
const CHANNEL_CHUNKS: usize = 1;

impl Forwarding {
    /// Returns how many chunks may be on their way to a queue that is full: the one that is being
    /// written; and with a thread also those in the channel, and the one that waits for the
    /// channel.
    pub fn chunks_in_flight(self) -> usize {
        if self == Forwarding::Thread { CHANNEL_CHUNKS + 2 } else { 1 }
    }
}

pub struct Relay {
    plan: plan::Relay,
    log: Arc<Log>,
    server: Address,
    sink: Option<Address>,
    running: Mutex<Vec<(Role, JoinHandle<io::Result<()>>)>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// One of the relay's sockets.
#[derive(Clone)]
struct End {
    socket: EventSocket,
    recorder: Recorder,
}

impl Relay {
    pub fn new(
        plan: &plan::Relay,
        log: &Arc<Log>,
        server: Address,
        sink: Option<Address>,
    ) -> Relay {
        let (running, threads) = Default::default();
        Relay { plan: plan.clone(), log: log.clone(), server, sink, running, threads }
    }

    /// The Connection listener. Half-close is passed on; when one socket is closed, the other one
    /// leaves.
    pub fn accepted(&self, socket: &EventSocket) {
        let from = self.end(socket.clone(), Role::From, self.plan.back);
        let _turn = from.recorder.enter(socket, Event::Connection);
        let to = self.open(&self.server, Role::To, self.plan.there);
        let tap = self.sink.as_ref().map(|sink| self.open(sink, Role::Tap, Forwarding::Pipe));
        self.forward(self.plan.there, &from, &to, tap.as_ref());
        self.forward(self.plan.back, &to, &from, None);
        listen(&from, &to, tap.as_ref(), self.plan.there, self.plan.back);
        listen(&to, &from, None, self.plan.back, self.plan.there);
        self.run(&to);
        if let Some(tap) = tap {
            tap.recorder.listen(&tap.socket, true, |_, _| {});
            tap.recorder.listen_to_data(&tap.socket, |_, _| {});
            self.run(&tap);
        }
    }

    fn end(&self, socket: EventSocket, role: Role, fed_by: Forwarding) -> End {
        let properties = Properties {
            is_accepted: role == Role::From,
            half_open: true,
            has_error_listener: true,
            high_water_mark: self.plan.high_water_mark,
            fed_by: Some(fed_by),
        };
        End { socket, recorder: Recorder::new(&self.log, role, properties) }
    }

    fn open(&self, at: &Address, role: Role, fed_by: Forwarding) -> End {
        let options = ConnectOptions::from(at.clone())
            .allow_half_open(true)
            .high_water_mark(self.plan.high_water_mark);
        self.end(EventSocket::new(options), role, fed_by)
    }

    fn run(&self, end: &End) {
        lock(&self.running).push((end.recorder.role, end.socket.spawn()));
    }

    /// Returns the running sockets, for the caller to wait for.
    pub fn running(&self) -> Vec<(Role, JoinHandle<io::Result<()>>)> {
        std::mem::take(&mut lock(&self.running))
    }

    pub fn threads_are_done(&self) -> bool {
        lock(&self.threads).iter().all(JoinHandle::is_finished)
    }

    /// Forwards data from one socket to another one; a pipe also to a third one.
    fn forward(&self, by: Forwarding, from: &End, to: &End, tap: Option<&End>) {
        let (to, hesitation) = (to.clone(), self.plan.hesitation);
        let recorder = from.recorder.clone();
        match by {
            Forwarding::Idiom => {
                from.recorder.listen_to_data(&from.socket, move |from, data| {
                    if !to.write(data) {
                        compute(hesitation);
                        recorder.act(Action::Pause, || from.pause());
                    }
                });
            }
            Forwarding::Thread => {
                let sender = self.start_thread(from, to);
                recorder.listen_to_data(&from.socket, move |_, data| {
                    let _ = sender.send(data.to_vec());
                });
            }
            Forwarding::Blocking => {
                recorder.listen_to_data(&from.socket, move |_, data| {
                    let action = Action::Forward(data.len());
                    to.recorder.block(&to.socket, action, 0, |socket| {
                        socket.write_all(data).map(|()| data.len())
                    });
                });
            }
            Forwarding::Pipe => {
                let targets: Vec<End> = [&to].into_iter().chain(tap).cloned().collect();
                for to in &targets {
                    recorder.act(Action::Resume, || from.socket.pipe(&to.socket));
                }
                // Called after the listeners of the pipes.
                recorder.listen_to_data(&from.socket, move |_, _| {
                    targets.iter().for_each(|to| to.recorder.ask(&to.socket));
                });
            }
        }
    }

    /// Starts a thread that writes what it receives, outside any listener: so it must ask whether
    /// Drain was already emitted. An empty chunk is the end of the source, and the end of the
    /// channel its close.
    fn start_thread(&self, from: &End, to: End) -> SyncSender<Vec<u8>> {
        let (sender, chunks) = sync_channel::<Vec<u8>>(CHANNEL_CHUNKS);
        let at_end = sender.clone();
        from.socket.on(event::End, move |_, ()| _ = at_end.send(Vec::new()));
        let (from, hesitation) = (from.clone(), self.plan.hesitation);
        lock(&self.threads).push(thread::spawn(move || {
            for chunk in chunks {
                if chunk.is_empty() {
                    to.end();
                } else if !to.write(&chunk) {
                    compute(hesitation);
                    from.recorder.act(Action::Pause, || from.socket.pause());
                    if !to.socket.writable_need_drain() {
                        from.resume();
                    }
                }
            }
            to.leave();
        }));
        sender
    }
}

impl End {
    fn write(&self, data: &[u8]) -> bool {
        let action = Action::Forward(data.len());
        self.recorder.write(&self.socket, action, 0, || self.socket.write(data))
    }

    fn end(&self) {
        self.recorder.act(Action::End, || self.socket.end());
    }

    fn resume(&self) {
        self.recorder.act(Action::Resume, || self.socket.resume());
    }

    /// Leaves when the socket that it forwards to is closed. What the peer still sends is read, as
    /// the peer may wait for that in a listener.
    fn leave(&self) {
        let close = || self.socket.close_within(Duration::from_millis(NEVER_REACHED_MS));
        self.recorder.act(Action::CloseWithin(NEVER_REACHED_MS), close);
    }
}

/// Adds the other listeners: `there` leads from this socket to the other one, and `back` leads to
/// this one.
fn listen(this: &End, other: &End, tap: Option<&End>, there: Forwarding, back: Forwarding) {
    let (other, tap) = (other.clone(), tap.cloned());
    this.recorder.listen(&this.socket, true, move |_, event| match event {
        Event::Drain if matches!(back, Forwarding::Idiom | Forwarding::Thread) => other.resume(),
        Event::End if matches!(there, Forwarding::Idiom | Forwarding::Blocking) => other.end(),
        Event::Close(_) => {
            if there != Forwarding::Thread {
                other.leave(); // otherwise the thread does so, after the last chunk
            }
            tap.iter().for_each(End::end); // a pipe does not, if there was no End
        }
        _ => {}
    });
}

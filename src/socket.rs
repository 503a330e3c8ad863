//! [`EventSocket`]: a connection that calls listeners, as Node's `net.Socket` does.

mod connect;
mod emit;
pub(crate) mod event;
mod identity;
mod pipe;
mod reading;
mod run;
mod state;
mod text;
mod watch;
mod writing;

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use self::emit::Guard;
use self::event::SocketEvent;
use self::state::{Flow, Life, Pending, State};
use crate::endpoint::Address;
use crate::error;
use crate::listeners::ListenerId;
use crate::options::{ConnectOptions, SocketOptions};
use crate::stream::Stream;
use crate::sync::Monitor;
use crate::wire::{self, Tap};

/// A connection: bytes go out by [`write`](Self::write) and come in as [`Data`](crate::event::Data). Node: `net.Socket`.
///
/// It is a handle and cheap to clone; all clones are the same connection, and equal. Every method may be called on any
/// thread and in any listener.
///
/// Nothing happens before [`run`](Self::run): it connects, reads, calls the listeners, and returns when the socket is
/// closed. (A socket that a server has accepted is run by its server.) So listeners added before it miss no event.
///
/// ```
/// use net_notes::{self as net, event};
///
/// let server = net::create_server(|socket| socket.end_with("hello"));
/// server.listen(0, |_| {})?;
/// let port = server.address().and_then(|address| address.port()).unwrap();
/// let running = server.spawn();
///
/// let socket = net::connect(port, |_| println!("connected"));
/// socket.on(event::Data, |_, data| assert_eq!(data, b"hello"));
/// socket.on(event::Close, move |_, had_error| {
///     assert!(!had_error);
///     let _ = server.close();
/// });
/// socket.run()?;
/// running.join().unwrap()?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Threads
///
/// The listeners of one socket are called one at a time, in the order in which they were added, on the thread of `run`;
/// what is due while that thread waits for data (`Drain`, `Finish`, the callbacks of `write_then`) on a second one that
/// comes and goes. No lock of the library is held meanwhile. A listener that blocks holds up its own socket only.
///
/// # Panics
///
/// A panic in a listener destroys the socket; `Close` is emitted, and `run` goes on with the panic. In a socket of a
/// server it ends there: the server and the other sockets go on.
#[derive(Clone)]
#[must_use = "nothing happens before run() or spawn()"]
pub struct EventSocket(Arc<Inner>);

struct Inner {
    id: u64,
    monitor: Monitor<State>,
    /// Somebody watches the wire: the one thing that an unwatched socket looks at.
    tapped: AtomicBool,
    taps: Mutex<Vec<Box<dyn Tap>>>,
}

/// What a socket is good for at the moment. Node: `readyState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReadyState {
    /// Not connected yet; also before `run()`.
    Opening,
    /// Both sides are open.
    Open,
    /// We have ended our side; the peer may go on. Node: `readOnly`.
    ReadOnly,
    /// The peer has ended its side; we may go on. Node: `writeOnly`.
    WriteOnly,
    /// Neither, or destroyed.
    Closed,
}

impl EventSocket {
    /// A socket that will connect when it is run. Node: `net.connect(options)` without a callback.
    pub fn new(to: impl Into<ConnectOptions>) -> EventSocket {
        EventSocket::with(State::client(to.into()), "client")
    }

    /// A socket for a connection that a listener has accepted.
    pub(crate) fn accepted(
        stream: Stream,
        remote: Option<Address>,
        options: SocketOptions,
    ) -> EventSocket {
        connect::set_up(&stream, &options);
        EventSocket::with(State::accepted(stream, remote, options), "server")
    }

    fn with(state: State, kind: &'static str) -> EventSocket {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let socket = EventSocket(Arc::new(Inner {
            id,
            monitor: Monitor::new(state),
            tapped: AtomicBool::new(false),
            taps: Mutex::default(),
        }));
        if let Some(printer) = wire::printer(id, kind) {
            socket.tap(printer);
        }
        socket
    }

    /// Calls `listener` at every `event`. Adding one for `Data` or `Text` starts the flow, unless `pause` was called.
    /// Node: `socket.on`.
    pub fn on<E: SocketEvent>(
        &self,
        _event: E,
        listener: impl for<'a> FnMut(&EventSocket, E::Args<'a>) + Send + 'static,
    ) -> ListenerId {
        self.add::<E>(false, Box::new(listener))
    }

    /// Calls `listener` at the next `event`, and never again. Node: `socket.once`.
    pub fn once<E: SocketEvent>(
        &self,
        _event: E,
        listener: impl for<'a> FnOnce(&EventSocket, E::Args<'a>) + Send + 'static,
    ) -> ListenerId {
        let mut listener = Some(listener);
        self.add::<E>(
            true,
            Box::new(move |socket, args| {
                if let Some(listener) = listener.take() {
                    listener(socket, args);
                }
            }),
        )
    }

    fn add<E: SocketEvent>(&self, once: bool, listener: event::Listener<E>) -> ListenerId {
        let mut state = self.lock();
        if state.life == Life::Over {
            drop(state); // and the listener after it: it will never be called, and what it owns is let go
            return ListenerId::next();
        }
        let id = E::list(&mut state.listeners).add(once, listener);
        if E::STARTS_FLOW && state.flow == Flow::NotStarted {
            drop(self.flow(state, Flow::Flowing));
        }
        id
    }

    /// Removes a listener; `false` if it is not there (any more). One removed while its event is being emitted is still
    /// called that time. Node: `socket.off`.
    pub fn off(&self, id: ListenerId) -> bool {
        let mut go = Vec::new();
        let found = self.lock().listeners.remove(id, &mut go);
        drop(go); // not under the lock: what a listener owns may run code of its own
        found
    }

    /// Connects, reads and calls the listeners until the socket is closed. `Ok`, or the error that no `Error` listener
    /// heard. In Node this is the event loop, which nobody calls by name.
    ///
    /// # Errors
    ///
    /// Also, with code `ERR_INVALID_STATE`, when the socket runs, or ran before, or is run by its server.
    ///
    /// # Panics
    ///
    /// Goes on with the panic of a listener, when the socket is closed.
    pub fn run(&self) -> io::Result<()> {
        self.begin()?;
        self.live()
    }

    /// [`run`](Self::run) on a new thread. The socket counts as running from here on.
    ///
    /// # Panics
    ///
    /// If the system gives no more threads, as [`thread::spawn`].
    pub fn spawn(&self) -> JoinHandle<io::Result<()>> {
        let begun = self.begin();
        let socket = self.clone();
        thread::spawn(move || begun.and_then(|()| socket.live()))
    }

    /// Sends bytes, in order. `false`: more than the high-water mark is queued now, so better wait for
    /// [`Drain`](crate::event::Drain); nothing is lost if one does not. Before the connection is there, it queues.
    /// Node: `socket.write`.
    ///
    /// Never waits longer than a few milliseconds: what the kernel does not take at once is copied to a queue, which a
    /// second thread drains. After `end()` it is an error (`ERR_STREAM_WRITE_AFTER_END`), which destroys the socket;
    /// after `destroy()` nothing happens.
    pub fn write(&self, data: impl AsRef<[u8]>) -> bool {
        self.send(data.as_ref(), None)
    }

    /// [`write`](Self::write) with a callback: called exactly once, never inside this call, when the kernel has taken the
    /// bytes or never will. It says nothing about the peer. It may follow `Close`; on a socket that is never run it is not
    /// called. Node: `socket.write(data, callback)`; unlike Node's, a write that `destroy` cut off never reports success.
    pub fn write_then(
        &self,
        data: impl AsRef<[u8]>,
        done: impl FnOnce(io::Result<()>) + Send + 'static,
    ) -> bool {
        self.send(data.as_ref(), Some(Box::new(done)))
    }

    /// Ends our side: what is queued goes out, then the FIN; the peer may go on writing. Node: `socket.end`.
    pub fn end(&self) {
        self.end_now();
    }

    /// `write(data)`, then `end()`. Node: `socket.end(data)`.
    pub fn end_with(&self, data: impl AsRef<[u8]>) {
        let state = self.lock();
        match (state.destroyed, state.ended) {
            (true, _) => {}
            // Also when the peer has ended, where a write says EPIPE.
            (false, true) => {
                drop(state);
                self.destroy_with(error::refused_write(error::WRITE_AFTER_END));
            }
            (false, false) => {
                drop(state);
                self.send(data.as_ref(), None);
                self.end_now();
            }
        }
    }

    /// Closes now: what is queued is dropped, no event follows but `Close`. The peer sees an end, or a reset if bytes of
    /// its own lie unread. Returns at once; harmless the second time. (A `Ready` still follows the `Connect` in whose
    /// listener it was called, as in Node.) Node: `socket.destroy`.
    pub fn destroy(&self) {
        let state = self.destroy_locked(self.lock(), None);
        drop(self.stir(state));
    }

    /// `destroy` with a reason: `Error` is emitted, then `Close` with `true`. Node: `socket.destroy(error)`.
    pub fn destroy_with(&self, error: io::Error) {
        let mut error = Some(error);
        let mut state = self.lock();
        if !state.destroyed {
            state = self.destroy_locked(state, error.take());
        }
        drop(self.stir(state));
        drop(error); // a second one is swallowed, and not under the lock: it may run code of its own
    }

    /// Holds data back until [`resume`](Self::resume), and the `End` behind it; an `End` with nothing before it comes all the
    /// same. From 16 KiB on no more is read ahead, and the peer is slowed down by TCP itself. Node: `socket.pause`.
    pub fn pause(&self) {
        self.set_flow(Flow::Paused);
    }

    /// Lets data flow; to nobody, if nobody listens. Node: `socket.resume`.
    pub fn resume(&self) {
        self.set_flow(Flow::Flowing);
    }

    fn set_flow(&self, flow: Flow) {
        drop(self.flow(self.lock(), flow));
    }

    fn flow<'s>(&'s self, mut state: Guard<'s>, flow: Flow) -> Guard<'s> {
        state.flow = flow;
        if flow == Flow::Flowing {
            state.begun = true;
            if !state.held.is_empty() {
                state.pending.push_back(Pending::Held);
            }
        }
        self.stir(state)
    }

    /// Whether `pause` was called, and not `resume` after it. Node: `socket.isPaused`.
    pub fn is_paused(&self) -> bool {
        self.lock().flow == Flow::Paused
    }

    /// Emits [`Timeout`](crate::event::Timeout) when nothing was received and nothing written for so long: once, until
    /// something is again. `None` (and zero, as in Node): never. Closes nothing. Node: `socket.setTimeout`.
    pub fn set_timeout(&self, idle: Option<Duration>) {
        let mut state = self.lock();
        if state.destroyed {
            return;
        }
        state.idle = idle.filter(|idle| !idle.is_zero());
        state.deadline = None;
        if state.life == Life::Running {
            state.touch();
        }
        if state.clock_to_keep().is_some() {
            state = self.start_helper(state);
        }
        self.monitor().notify(&state);
    }

    /// Sends small writes at once (`TCP_NODELAY`) instead of gathering them while an acknowledgement is awaited (Nagle's
    /// algorithm, RFC 896). Remembered before the connection is there. Node: `socket.setNoDelay`.
    pub fn set_no_delay(&self, on: bool) {
        let mut state = self.lock();
        state.options.no_delay = on;
        if let Some(stream) = &state.stream {
            stream.set_no_delay(on);
        }
    }

    /// Our end's address; `None` while not connected, and for the connecting end of a Unix domain socket.
    pub fn local_addr(&self) -> Option<Address> {
        let state = self.lock();
        state.stream.as_ref().filter(|_| !state.destroyed)?.local_addr()
    }

    /// The peer's address; `None` before the connection is there, and for the connecting end of a Unix domain socket.
    /// Stays known after `Close`.
    pub fn remote_addr(&self) -> Option<Address> {
        self.lock().remote.clone()
    }

    /// Bytes taken from the kernel, also those that are held back.
    pub fn bytes_read(&self) -> u64 {
        self.lock().bytes_read
    }

    /// Bytes given to `write`, also those that are queued.
    pub fn bytes_written(&self) -> u64 {
        self.lock().bytes_written
    }

    /// Bytes given to `write` that the kernel has not taken yet.
    pub fn writable_length(&self) -> usize {
        self.lock().length
    }

    /// What the socket is good for at the moment. Node: `socket.readyState`.
    pub fn ready_state(&self) -> ReadyState {
        let state = self.lock();
        match (state.destroyed, state.end_emitted, state.ended) {
            (true, ..) => ReadyState::Closed,
            _ if state.stream.is_none() => ReadyState::Opening,
            (_, false, false) => ReadyState::Open,
            (_, false, true) => ReadyState::ReadOnly,
            (_, true, false) => ReadyState::WriteOnly,
            (_, true, true) => ReadyState::Closed,
        }
    }

    /// Whether the socket was destroyed; also by its regular close.
    pub fn is_destroyed(&self) -> bool {
        self.lock().destroyed
    }

    fn lock(&self) -> Guard<'_> {
        self.0.monitor.lock()
    }

    fn monitor(&self) -> &Monitor<State> {
        &self.0.monitor
    }
}

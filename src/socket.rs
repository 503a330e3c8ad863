//! [`EventSocket`]: a connection that calls listeners, as Node's `net.Socket` does.

mod blocking;
mod chunks;
mod clock;
mod closing;
mod connect;
mod dispatch;
mod emit;
pub(crate) mod event;
mod helper;
mod identity;
mod input;
mod life;
mod lock;
mod output;
mod pipe;
mod reading;
mod run;
mod state;
mod text;
mod timing;
mod watch;
mod writing;

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use self::event::SocketEvent;
use self::state::State;
use self::state::input::{Flow, Holder, Peer};
use self::state::life::Life;
use self::state::output::{Drain, Fin};
pub use self::state::timer::TimerId;
use crate::endpoint::Address;
use crate::listeners::ListenerId;
use crate::options::{ConnectOptions, SocketOptions};
use crate::panics;
use crate::stream::Stream;
use crate::sync::Monitor;
use crate::wire::{self, CallSite, Observer};

/// A connection: [`write`](Self::write) sends bytes, and [`Data`](crate::event::Data) carries the
/// bytes received. Node: `net.Socket`.
///
/// An `EventSocket` is a handle and cheap to clone; all clones refer to the same connection, and
/// are equal. Every method may be called on any thread and in any listener.
///
/// Nothing happens before [`run`](Self::run): it connects, reads, calls the listeners, and returns
/// when the socket is closed. (A socket that a server has accepted is run by its server.) So
/// listeners added before `run` miss no event.
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
/// The listeners of one socket are called one at a time, in the order of registration, on the
/// thread of `run`. While that thread waits for data, a second thread, which exists only when it is
/// needed, emits `Drain`, `Finish` and `Timeout`, and the data that was held when `resume` is
/// called or a listener is added late; it also calls timers and the callbacks of `write_then`. No
/// lock of the library is held during a call. A listener that blocks delays its
/// own socket only.
///
/// # Panics
///
/// A panic in a listener destroys the socket; `Close` is emitted, and then `run` resumes the panic.
/// On an accepted socket the panic ends there: the server and the other sockets continue.
#[derive(Clone)]
#[must_use = "nothing happens before run() or spawn()"]
pub struct EventSocket(Arc<SocketInner>);

struct SocketInner {
    id: u64,
    /// Whether a server has accepted the socket, and so runs it.
    accepted: bool,
    monitor: Monitor<State>,
    /// Whether there are observers: all that an unobserved socket checks.
    observed: AtomicBool,
    observers: Mutex<Vec<Box<dyn Observer>>>,
}

impl Drop for SocketInner {
    /// A socket that was never run still holds all values that the user gave it.
    fn drop(&mut self) {
        let discarded = self.monitor.get_mut().take_users_values();
        panics::drop_each(discarded).into_iter().for_each(panics::discard);
    }
}

/// The directions of a socket that are open at the moment. Node: `readyState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReadyState {
    /// Not connected yet; also before `run()`.
    Opening,
    /// Both directions are open.
    Open,
    /// We have ended our side; the peer may continue to send. Node: `readOnly`.
    ReadOnly,
    /// The peer has ended its side; we may continue to send. Node: `writeOnly`.
    WriteOnly,
    /// Both directions have ended, or the socket is destroyed.
    Closed,
}

impl EventSocket {
    /// Creates a socket that connects when it is run. Node: `net.connect(options)` without a
    /// callback.
    #[track_caller]
    pub fn new(to: impl Into<ConnectOptions>) -> EventSocket {
        let socket = EventSocket::with(State::client(to.into()), false);
        wire::introduce(CallSite::of_caller());
        socket.trace(CallSite::default());
        socket
    }

    /// Creates a socket for a connection that a server has accepted. The server must
    /// [`trace`](Self::trace) it, without its lock.
    pub(crate) fn accepted(
        stream: Stream,
        remote: Option<Address>,
        options: SocketOptions,
    ) -> EventSocket {
        connect::apply_options(&stream, &options);
        EventSocket::with(State::accepted(stream, remote, options), true)
    }

    fn with(state: State, accepted: bool) -> EventSocket {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        EventSocket(Arc::new(SocketInner {
            id,
            accepted,
            monitor: Monitor::new(state),
            observed: AtomicBool::new(false),
            observers: Mutex::default(),
        }))
    }

    /// Calls `listener` at every `event`. Adding a listener for `Data` or `Text` starts the flow,
    /// unless `pause` was called. Node: `socket.on`.
    #[track_caller]
    pub fn on<E: SocketEvent>(
        &self,
        _event: E,
        listener: impl for<'a> FnMut(&EventSocket, E::Args<'a>) + Send + 'static,
    ) -> ListenerId {
        self.add::<E>(false, Box::new(listener))
    }

    /// Calls `listener` at the next `event` only. Node: `socket.once`.
    #[track_caller]
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

    #[track_caller]
    fn add<E: SocketEvent>(&self, once: bool, listener: event::BoxedListener<E>) -> ListenerId {
        let mut state = self.lock();
        if state.is_over() {
            // The lock goes first, and then the listener, which will never be called: its `Drop`
            // may be code of the user.
            drop(state);
            return ListenerId::next();
        }
        let id = E::list(&mut state.dispatch.listeners).add(once, listener);
        if E::STARTS_FLOW {
            state.start_flow();
        }
        id
    }

    /// Removes a listener. Returns `false` if it was already removed, or belongs to another socket.
    /// A listener that is removed while its event is being emitted is still called for this event.
    /// Node: `socket.off`.
    pub fn off(&self, id: ListenerId) -> bool {
        let mut removed = Vec::new();
        let found = self.lock().dispatch.listeners.remove(id, &mut removed);
        drop(removed); // not under the lock: its `Drop` may be code of the user
        found
    }

    /// Connects, reads and calls the listeners until the socket is closed. Returns `Ok`, or the
    /// error if no `Error` listener was registered. In Node this is the event loop, which no
    /// program calls by name.
    ///
    /// # Errors
    ///
    /// Also, with code `ERR_INVALID_STATE`, if the socket runs, or ran before, or is run by its
    /// server.
    ///
    /// # Panics
    ///
    /// Resumes the panic of a listener, once the socket is closed.
    #[track_caller]
    pub fn run(&self) -> io::Result<()> {
        let permit = self.claim_run()?;
        self.run_to_close(permit)
    }

    /// Calls [`run`](Self::run) on a new thread. The socket counts as running once this returns.
    ///
    /// # Panics
    ///
    /// If the system gives no more threads, as [`thread::spawn`].
    #[track_caller]
    pub fn spawn(&self) -> JoinHandle<io::Result<()>> {
        let claimed = self.claim_run();
        let socket = self.clone();
        thread::spawn(move || claimed.and_then(|permit| socket.run_to_close(permit)))
    }

    /// Sends bytes, in order. Returns `false` if at least as many bytes as the high-water mark are
    /// queued now; it is better to wait for [`Drain`](crate::event::Drain) then, but nothing is
    /// lost otherwise. Before the connection is established, all bytes are queued. Node:
    /// `socket.write`.
    ///
    /// `write` never waits for the peer: bytes that the kernel does not take within a few
    /// milliseconds are copied to a queue, and a second thread sends them. (The copy takes about
    /// 0.5 ms per MiB.) After `end()`, `write` is an error (`ERR_STREAM_WRITE_AFTER_END`, or `EPIPE`
    /// if the peer has ended, too) that destroys the socket; after `destroy()` it does nothing.
    ///
    /// # Back-pressure
    ///
    /// The Drain that a `false` promises is emitted after the listener that called `write` has
    /// returned, even if that is another socket's listener. So this is correct, as in Node:
    ///
    /// ```
    /// use net_notes::{EventSocket, event};
    ///
    /// fn relay(from: &EventSocket, to: &EventSocket) {
    ///     let (source, target) = (from.clone(), to.clone());
    ///     from.on(event::Data, move |from, data| {
    ///         if !target.write(data) {
    ///             from.pause();
    ///         }
    ///     });
    ///     to.on(event::Drain, move |_, ()| source.resume());
    /// }
    /// ```
    ///
    /// Outside of listeners the Drain may be emitted at any moment, even before the next line runs:
    /// there, check [`writable_need_drain`](Self::writable_need_drain), or write with
    /// [`io::Write`](std::io::Write), which blocks.
    #[track_caller]
    pub fn write(&self, data: impl AsRef<[u8]>) -> bool {
        self.send(data.as_ref(), None)
    }

    /// Like [`write`](Self::write), with a callback: it is called exactly once, never inside this
    /// call, when the kernel has taken the bytes or never will. It says nothing about the peer. It
    /// may follow `Close`; on a socket that is never run it is not called. Node:
    /// `socket.write(data, callback)`; unlike in Node, a write that `destroy` cut off never reports
    /// success.
    #[track_caller]
    pub fn write_then(
        &self,
        data: impl AsRef<[u8]>,
        done: impl FnOnce(io::Result<()>) + Send + 'static,
    ) -> bool {
        self.send(data.as_ref(), Some(Box::new(done)))
    }

    /// Whether a `write` has returned `false`, and its [`Drain`](crate::event::Drain) has not
    /// begun. Node: `socket.writableNeedDrain`.
    ///
    /// For threads that are not inside a listener: there, Drain may be emitted between `write` and
    /// `pause`:
    ///
    /// ```
    /// use net_notes::EventSocket;
    ///
    /// /// Writes, and pauses `from` while `to` is full. A Drain listener resumes it.
    /// fn forward(from: &EventSocket, to: &EventSocket, data: &[u8]) {
    ///     if !to.write(data) {
    ///         from.pause();
    ///         if !to.writable_need_drain() {
    ///             from.resume(); // Drain was emitted before the pause
    ///         }
    ///     }
    /// }
    /// ```
    pub fn writable_need_drain(&self) -> bool {
        let state = self.lock();
        state.output.drain != Drain::NotOwed && state.output.fin == Fin::NotAsked
    }

    /// Holds back data, and the `End` that follows it, until [`resume`](Self::resume); an `End`
    /// without data before it is emitted all the same. Nothing more is read once 16 KiB are held (so
    /// at most 80 KiB are), and then TCP itself slows the peer down. Called before the connection is established, it prevents reading
    /// altogether. For the idiom with `Drain`, see [`write`](Self::write). Node: `socket.pause`.
    pub fn pause(&self) {
        self.lock().hold_flow(Holder::User);
    }

    /// Lets data flow. Without a listener the data is lost. A [`pipe`](Self::pipe) whose target is
    /// full still holds it back. Node: `socket.resume`.
    pub fn resume(&self) {
        self.lock().release_flow(Holder::User);
    }

    /// Whether data is held back: by `pause`, or by a pipe that waits for its target. Node:
    /// `socket.isPaused`.
    pub fn is_paused(&self) -> bool {
        matches!(self.lock().input.flow, Flow::Paused { .. })
    }

    /// Sends small writes at once (`TCP_NODELAY`), instead of gathering them until an
    /// acknowledgement arrives (Nagle's algorithm, RFC 896). May be called before the connection is
    /// established. Node: `socket.setNoDelay`.
    pub fn set_no_delay(&self, on: bool) {
        let mut state = self.lock();
        state.options.no_delay = on;
        if let Some(stream) = state.stream() {
            stream.set_no_delay(on);
        }
    }

    /// The address of our end. `None` before the connection is established, after `destroy` and
    /// `Close` (as in Node), and for the connecting end of a Unix domain socket. Node:
    /// `socket.localAddress`, `localPort`.
    pub fn local_addr(&self) -> Option<Address> {
        self.lock().stream()?.local_addr()
    }

    /// The address of the peer. `None` before the connection is established, and on the accepted
    /// end of a Unix domain socket, whose peer has none. Remains known after `Close`. Node:
    /// `socket.remoteAddress`, `remotePort`.
    pub fn remote_addr(&self) -> Option<Address> {
        self.lock().remote.clone()
    }

    /// The number of bytes read from the kernel, including held data. Node: `socket.bytesRead`.
    pub fn bytes_read(&self) -> u64 {
        self.lock().input.bytes_read
    }

    /// The number of bytes given to `write`, including queued ones. Node: `socket.bytesWritten`.
    pub fn bytes_written(&self) -> u64 {
        self.lock().output.bytes_written
    }

    /// The number of bytes given to `write` that the kernel has not taken yet. `destroy` does not
    /// change it; 0 as soon as the descriptor is closed, before `Close`. Node:
    /// `socket.writableLength`.
    pub fn writable_length(&self) -> usize {
        self.lock().output.length
    }

    /// The directions that are open at the moment. Node: `socket.readyState`.
    pub fn ready_state(&self) -> ReadyState {
        let state = self.lock();
        let peer_ended = state.input.peer == Peer::Ended;
        match (&state.life, peer_ended, state.output.fin != Fin::NotAsked) {
            (Life::New(_) | Life::Connecting, ..) => ReadyState::Opening,
            (Life::Greeting(_) | Life::Open(_), false, false) => ReadyState::Open,
            (Life::Greeting(_) | Life::Open(_), false, true) => ReadyState::ReadOnly,
            (Life::Greeting(_) | Life::Open(_), true, false) => ReadyState::WriteOnly,
            _ => ReadyState::Closed,
        }
    }

    /// Whether the socket was destroyed, which its regular close does, too. Node:
    /// `socket.destroyed`.
    pub fn is_destroyed(&self) -> bool {
        self.lock().is_destroyed()
    }
}

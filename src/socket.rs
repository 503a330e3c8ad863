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
use self::input::{Flow, Holder, Peer};
use self::life::Life;
use self::output::{Drain, Fin};
use self::state::State;
pub use self::timing::TimerId;
use crate::endpoint::Address;
use crate::listeners::ListenerId;
use crate::options::{ConnectOptions, SocketOptions};
use crate::panics;
use crate::stream::Stream;
use crate::sync::Monitor;
use crate::wire::{self, Observer};

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
    /// Accepted by a server, and run by it.
    accepted: bool,
    monitor: Monitor<State>,
    /// Somebody watches the wire: the one thing that an unwatched socket looks at.
    observed: AtomicBool,
    observers: Mutex<Vec<Box<dyn Observer>>>,
}

impl Drop for Inner {
    /// A socket that was never run still has everything that the user gave it.
    fn drop(&mut self) {
        let discarded = self.monitor.get_mut().take_users_values();
        panics::drop_each(discarded).into_iter().for_each(panics::discard);
    }
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
        EventSocket::with(State::client(to.into()), false)
    }

    /// A socket for a connection that a listener has accepted.
    pub(crate) fn accepted(
        stream: Stream,
        remote: Option<Address>,
        options: SocketOptions,
    ) -> EventSocket {
        connect::set_up(&stream, &options);
        EventSocket::with(State::accepted(stream, remote, options), true)
    }

    fn with(state: State, accepted: bool) -> EventSocket {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let socket = EventSocket(Arc::new(Inner {
            id,
            accepted,
            monitor: Monitor::new(state),
            observed: AtomicBool::new(false),
            observers: Mutex::default(),
        }));
        if let Some(printer) = wire::printer(id, if accepted { "server" } else { "client" }) {
            socket.add_observer(printer);
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
        if state.is_over() {
            drop(state); // and then the listener, which will never be called: not under the lock, as it is the user's
            return ListenerId::next();
        }
        let id = E::list(&mut state.dispatch.listeners).add(once, listener);
        if E::STARTS_FLOW {
            state.start_flow();
        }
        id
    }

    /// Removes a listener; `false` if it is not there (any longer). One removed while its event is being emitted is still
    /// called that time. Node: `socket.off`.
    pub fn off(&self, id: ListenerId) -> bool {
        let mut removed = Vec::new();
        let found = self.lock().dispatch.listeners.remove(id, &mut removed);
        drop(removed); // not under the lock: what a listener owns may run code of the user
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
        let permit = self.claim_run()?;
        self.run_to_close(permit)
    }

    /// [`run`](Self::run) on a new thread. The socket counts as running from here on.
    ///
    /// # Panics
    ///
    /// If the system gives no more threads, as [`thread::spawn`].
    pub fn spawn(&self) -> JoinHandle<io::Result<()>> {
        let claimed = self.claim_run();
        let socket = self.clone();
        thread::spawn(move || claimed.and_then(|permit| socket.run_to_close(permit)))
    }

    /// Sends bytes, in order. `false`: as many as the high-water mark or more are queued now, so it is better to wait for
    /// [`Drain`](crate::event::Drain); nothing is lost if you do not. Before the connection is there, it queues.
    /// Node: `socket.write`.
    ///
    /// It never waits for the peer: what the kernel does not take within a few milliseconds is copied to a queue, which a
    /// second thread sends. (To copy takes its time, too: about 0.5 ms a MiB.) After `end()` it is an error
    /// (`ERR_STREAM_WRITE_AFTER_END`), which destroys the socket; after `destroy()` nothing happens.
    ///
    /// # Back-pressure
    ///
    /// The Drain that a `false` promises comes after the listener has returned in which `write` said it, whichever socket's
    /// listener that was. So this is right, as in Node:
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
    /// Outside of listeners the Drain may come at any moment, also before the next line: there, ask
    /// [`writable_need_drain`](Self::writable_need_drain), or write by [`io::Write`](std::io::Write), which blocks.
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

    /// Whether a `write` has said `false`, and its [`Drain`](crate::event::Drain) has not begun. Node:
    /// `socket.writableNeedDrain`.
    ///
    /// For threads that are not inside of a listener, as Drain may come between `write` and `pause` there:
    ///
    /// ```
    /// use net_notes::EventSocket;
    ///
    /// /// Writes, and holds `from` back while `to` is full. A listener of Drain resumes it.
    /// fn forward(from: &EventSocket, to: &EventSocket, data: &[u8]) {
    ///     if !to.write(data) {
    ///         from.pause();
    ///         if !to.writable_need_drain() {
    ///             from.resume(); // Drain came before the pause
    ///         }
    ///     }
    /// }
    /// ```
    pub fn writable_need_drain(&self) -> bool {
        let state = self.lock();
        state.output.drain != Drain::NotOwed && state.output.fin == Fin::NotAsked
    }

    /// Holds data back until [`resume`](Self::resume), and the `End` behind it; an `End` with nothing before it comes all the
    /// same. From 16 KiB on no more is read ahead, and TCP itself slows the peer down. Before the connection is there, it
    /// prevents reading altogether. Node: `socket.pause`.
    ///
    /// For the idiom with `write` and `Drain`, see [`write`](Self::write).
    pub fn pause(&self) {
        self.lock().hold(Holder::User);
    }

    /// Lets data flow; also if nobody listens, then it is lost. A [`pipe`](Self::pipe) whose target is full still holds it.
    /// Node: `socket.resume`.
    pub fn resume(&self) {
        self.lock().release(Holder::User);
    }

    /// Whether `pause` was called, and not `resume` after it; or a pipe waits for its target. Node: `socket.isPaused`.
    pub fn is_paused(&self) -> bool {
        matches!(self.lock().input.flow, Flow::Paused { .. })
    }

    /// Sends small writes at once (`TCP_NODELAY`) instead of gathering them while an acknowledgement is awaited (Nagle's
    /// algorithm, RFC 896). Remembered before the connection is there. Node: `socket.setNoDelay`.
    pub fn set_no_delay(&self, on: bool) {
        let mut state = self.lock();
        state.options.no_delay = on;
        if let Some(stream) = state.stream() {
            stream.set_no_delay(on);
        }
    }

    /// The address of our end. `None` before the connection is there, from `destroy` and `Close` on (as in Node), and for the
    /// connecting end of a Unix domain socket.
    pub fn local_addr(&self) -> Option<Address> {
        self.lock().stream()?.local_addr()
    }

    /// The address of the peer. `None` before the connection is there, and for the connecting end of a Unix domain socket.
    /// Stays known after `Close`.
    pub fn remote_addr(&self) -> Option<Address> {
        self.lock().remote.clone()
    }

    /// Bytes taken from the kernel, including those that are held back.
    pub fn bytes_read(&self) -> u64 {
        self.lock().input.bytes_read
    }

    /// Bytes given to `write`, including those that are queued.
    pub fn bytes_written(&self) -> u64 {
        self.lock().output.bytes_written
    }

    /// Bytes given to `write` that the kernel has not taken yet. After `destroy` it stays what it was, and from `Close` on it
    /// is 0, as in Node.
    pub fn writable_length(&self) -> usize {
        self.lock().output.length
    }

    /// Since when the kernel has taken nothing of what is queued. `None`: nothing is queued.
    pub(crate) fn stalled_since(&self) -> Option<std::time::Instant> {
        self.lock().output.stalled_since
    }

    /// Whether Close has been emitted.
    pub(crate) fn is_over(&self) -> bool {
        self.lock().is_over()
    }

    /// What the socket is good for at the moment. Node: `socket.readyState`.
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

    /// Whether the socket was destroyed; also by its regular close.
    pub fn is_destroyed(&self) -> bool {
        self.lock().is_destroyed()
    }
}

//! [`Server`]: listens, accepts, and runs each connection on its own thread.

mod accept;
pub(crate) mod event;
mod listening;
mod never_ran;
mod refused;
mod state;

use std::fmt;
use std::io;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};

use self::event::{Connection, Listening, ServerEvent};
use self::listening::ActiveListener;
use self::state::{DueEvent, NextStep, RunState, ServerState};
use crate::deferred;
use crate::endpoint::{Address, Endpoint};
use crate::error::NetError;
use crate::listeners::ListenerId;
use crate::options::{ServerOptions, SocketOptions};
use crate::panics;
use crate::socket::EventSocket;
use crate::socket::event::Close;
use crate::sync::{Monitor, lock};
use crate::wire::{self, CallSite};

/// Accepts connections and runs each on its own thread. Node: `net.Server`.
///
/// A `Server` is a handle and cheap to clone; all clones refer to the same server. Every method may
/// be called on any thread and in any listener. `listen` binds at once, so the port is known after
/// it; [`run`](Self::run) accepts.
///
/// ```
/// use net_notes::{Server, ServerOptions, event};
///
/// let server = Server::new(ServerOptions::default());
/// server.on(event::Connection, |server, socket| {
///     socket.end_with("hello and goodbye\n");
///     let _ = server.close(); // one client is enough
/// });
/// server.listen(0, |server| println!("listening on {}", server.address().unwrap()))?;
/// # let client = net_notes::EventSocket::new(server.address().unwrap());
/// # client.on(event::Data, |_, data| assert_eq!(data, b"hello and goodbye\n"));
/// # let client = client.spawn();
/// server.run()?; // until close() was called and the last socket is closed
/// # client.join().unwrap()?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Threads
///
/// `Listening` and `Close` are called on the thread of `run`, `Connection` on the thread of the
/// socket that it carries, `Drop` on a separate thread, and `Error` on the thread that accepts. So
/// listeners of a server are `Fn + Sync`, and several may run at once. A listener of `Connection`
/// that never returns delays its own socket only; but `run` waits for it.
///
/// # Stopping in bounded time
///
/// [`close`](Self::close) stops accepting and does not touch open sockets: if a client never ends,
/// `run` never returns. [`close_all_connections`](Self::close_all_connections) ends them. Both
/// together return within milliseconds:
///
/// ```
/// # let server = net_notes::create_server(|socket| socket.resume());
/// # server.listen(0, |_| {})?;
/// # let running = server.spawn();
/// # let client = std::net::TcpStream::connect(("127.0.0.1", server.address().unwrap().port().unwrap()))?;
/// # while server.connections() == 0 { std::thread::yield_now() }
/// server.close()?;
/// server.close_all_connections();
/// # running.join().unwrap()?;
/// # drop(client);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// To let the clients finish first, call [`EventSocket::close_within`] on each socket.
#[derive(Clone)]
#[must_use = "nothing is accepted before run() or spawn()"]
pub struct Server(Arc<ServerInner>);

struct ServerInner {
    options: SocketOptions,
    monitor: Monitor<ServerState>,
}

impl Server {
    /// Creates a server without a connection callback: add one with `on(event::Connection, …)`.
    /// Node: `net.createServer(options)`.
    pub fn new(options: ServerOptions) -> Server {
        Server(Arc::new(ServerInner {
            options: options.socket,
            monitor: Monitor::new(ServerState::new(options.max_connections)),
        }))
    }

    /// Calls `listener` at every `event`. Node: `server.on`.
    #[track_caller]
    pub fn on<E: ServerEvent>(
        &self,
        _event: E,
        listener: impl for<'a> Fn(&Server, E::Args<'a>) + Send + Sync + 'static,
    ) -> ListenerId {
        E::list(&mut self.lock().listeners).add(false, Arc::new(listener))
    }

    /// Calls `first` for each connection, before all other listeners. Node:
    /// `prependListener('connection', …)`.
    pub(crate) fn watch(&self, first: impl Fn(&EventSocket) + Send + Sync + 'static) {
        Connection::list(&mut self.lock().listeners)
            .add_first(Arc::new(move |_, socket| first(socket)));
    }

    /// Calls `hook` inside each successful call of `close`, after the server has stopped listening.
    pub(crate) fn on_close_call(&self, hook: impl Fn() + Send + Sync + 'static) {
        self.lock().close_hooks.push(Arc::new(hook));
    }

    /// Removes a listener. Returns `false` if it was already removed, or belongs to another server.
    /// Node: `server.off`.
    pub fn off(&self, id: ListenerId) -> bool {
        let mut removed = Vec::new();
        let found = self.lock().listeners.remove(id, &mut removed);
        drop(removed); // not under the lock: its `Drop` may be code of the user
        found
    }

    /// Binds and listens at once; `on_listening` is called inside [`run`](Self::run), which
    /// accepts. A client that connects before `run` waits in the backlog. Node: `server.listen`,
    /// which reports errors as events.
    ///
    /// The compiler does not detect a missing `run`: so a server that listens and is dropped before
    /// it ran prints a line on standard error. After `close` it does not.
    ///
    /// # Errors
    ///
    /// `EADDRINUSE`: another program listens there, or the file of a Unix domain socket remains
    /// from a server that did not close (then remove the file). `EACCES`: permission denied, or the
    /// folder of the path does not exist. `ENOTFOUND`: the host is unknown. `EADDRNOTAVAIL`: it is
    /// not an address of this machine. `EINVAL`: the path is empty or too long. `EMFILE`: the
    /// process has no more descriptors. `ERR_SERVER_ALREADY_LISTEN`: this server listens.
    #[track_caller]
    pub fn listen<F>(&self, at: impl Into<Endpoint>, on_listening: F) -> io::Result<()>
    where
        F: FnOnce(&Server) + Send + 'static,
    {
        if self.is_listening() {
            // Checked before `bind`, which would fail with EADDRINUSE because of our own socket.
            return Err(NetError::AlreadyListening.into());
        }
        let open = ActiveListener::bind(&at.into())?;
        wire::introduce(CallSite::of_caller());
        let mut state = self.lock();
        if state.listening.is_some() {
            drop(state);
            open.close();
            return Err(NetError::AlreadyListening.into());
        }
        state.listen(open);
        self.notify_change(&state);
        let once = Mutex::new(Some(on_listening));
        Listening::list(&mut state.listeners).add(
            true,
            Arc::new(move |server, ()| {
                let on_listening = lock(&once).take();
                if let Some(on_listening) = on_listening {
                    on_listening(server);
                }
            }),
        );
        Ok(())
    }

    /// Accepts connections, until [`close`](Self::close) was called and the last socket is closed.
    /// The server may listen again at any time after `close`, before `run` has returned or after.
    /// In Node this is the event loop, which no program calls by name.
    ///
    /// # Errors
    ///
    /// `ERR_SERVER_NOT_RUNNING`: the server does not listen. `ERR_INVALID_STATE`: it runs already.
    /// Any other error: the system gives no thread.
    ///
    /// # Panics
    ///
    /// Resumes the panic of a listener, once the server is closed. A panic in `Connection`, or in a
    /// listener of an accepted socket, closes that socket and nothing else.
    pub fn run(&self) -> io::Result<()> {
        self.claim_run()?;
        self.run_to_close()
    }

    /// Calls [`run`](Self::run) on a new thread. The server counts as running once this returns.
    ///
    /// # Panics
    ///
    /// If the system gives no more threads, as [`thread::spawn`].
    pub fn spawn(&self) -> JoinHandle<io::Result<()>> {
        let claimed = self.claim_run();
        let server = self.clone();
        thread::spawn(move || claimed.and_then(|()| server.run_to_close()))
    }

    /// Claims the right to run: one thread at a time has it.
    fn claim_run(&self) -> io::Result<()> {
        let mut state = self.lock();
        if state.run == RunState::Running {
            return Err(NetError::ServerRuns.into());
        }
        if !state.begin_to_run() {
            return Err(NetError::NotListening.into());
        }
        Ok(())
    }

    /// Emits the events that become due, until there is nothing left to run for.
    fn run_to_close(&self) -> io::Result<()> {
        let mut result = Ok(());
        let mut state = self.lock();
        loop {
            match state.next() {
                NextStep::Wait => {
                    // Releases the lock until another thread has changed something.
                    state = self.0.monitor.wait(state, None);
                    continue;
                }
                NextStep::Return => break,
                NextStep::Emit(DueEvent::Close) => {
                    drop(state); // listeners are called with no lock held
                    wire::flush(); // the program may end after `run`, or in a listener of Close
                    self.emit::<Close>(());
                }
                NextStep::Emit(DueEvent::Listening(listener)) => {
                    drop(state);
                    self.emit::<Listening>(());
                    // A server whose listener has panicked does not begin to accept.
                    if self.lock().panic.is_some() {
                        let _ = self.close();
                    }
                    result = result.and(self.start_accepting(listener));
                }
            }
            state = self.lock();
        }
        let panic = state.panic.take();
        drop(state); // a panic must not unwind through the lock
        match panic {
            Some(panic) => resume_unwind(panic),
            None => result,
        }
    }

    /// Stops accepting at once; open sockets are not touched. `Close` is emitted, and `run`
    /// returns, when the last of them is closed: see
    /// [stopping in bounded time](Self#stopping-in-bounded-time). The file of a Unix domain socket
    /// is removed. Node: `server.close`.
    ///
    /// The server may [`listen`](Self::listen) again at once. As in Node, `Close` is then emitted
    /// for this call only if no socket was open.
    ///
    /// # Errors
    ///
    /// `ERR_SERVER_NOT_RUNNING`: the server does not listen.
    pub fn close(&self) -> io::Result<()> {
        let mut state = self.lock();
        let Some((listening, never_called)) = state.close() else {
            return Err(NetError::NotListening.into());
        };
        let hooks = state.close_hooks.clone();
        // Released here: the `Drop` of a callback may be code of the user, closing may block for a
        // moment, and the hooks take locks.
        drop(state);
        let panic = panics::drop_each(never_called);
        listening.close();
        hooks.iter().for_each(|hook| hook());
        let mut state = self.lock();
        state.closing -= 1;
        self.notify_change(&state);
        drop(state);
        self.record_panic(panic);
        Ok(())
    }

    /// Destroys every socket of this server, as [`EventSocket::destroy`] does: queued bytes are
    /// dropped. The server continues to accept, unless [`close`](Self::close) was called before.
    /// Node: `server.closeAllConnections`, which exists for `http` only.
    #[track_caller]
    pub fn close_all_connections(&self) {
        let sockets: Vec<EventSocket> = self.lock().sockets.values().cloned().collect();
        for socket in &sockets {
            socket.destroy();
        }
    }

    /// The address at which the server listens; `None` if it does not listen. Node:
    /// `server.address`.
    pub fn address(&self) -> Option<Address> {
        Some(self.lock().listening.as_ref()?.address.clone())
    }

    /// Whether the server listens: `listen` was called, and `close` was not called after it. Node:
    /// `server.listening`.
    pub fn is_listening(&self) -> bool {
        self.lock().listening.is_some()
    }

    /// The number of open accepted sockets. A socket counts from before its `Connection` to just
    /// before its `Close`. Node: `server.getConnections`.
    pub fn connections(&self) -> usize {
        self.lock().sockets.len()
    }

    /// Sets the largest number of open connections. A client beyond it is closed at once, and
    /// `Drop` is emitted. `None`: no limit. Node: `server.maxConnections`.
    pub fn set_max_connections(&self, limit: Option<usize>) {
        self.lock().max_connections = limit;
    }

    fn lock(&self) -> MutexGuard<'_, ServerState> {
        self.0.monitor.lock()
    }

    /// Wakes the threads that wait for this change: the thread inside `run`, and the accepting
    /// thread if it has paused.
    fn notify_change(&self, state: &MutexGuard<'_, ServerState>) {
        if state.concerns_run() || state.backing_off {
            self.0.monitor.notify(state);
        }
    }

    /// Calls the listeners of `E`, with no lock held. Keeps a panic for `run`. Returns whether
    /// there was a listener.
    fn emit<E: ServerEvent>(&self, args: E::Args<'_>) -> bool {
        let calls = E::list(&mut self.lock().listeners).copy();
        let has_listener = !calls.is_empty();
        let panic = deferred::in_listener(|| {
            panics::first(
                calls
                    .iter()
                    .filter_map(|(site, call)| site.call(|| panics::catch(|| call(self, args)))),
            )
        });
        self.record_panic(panic);
        self.record_panic(panics::drop_each(calls));
        has_listener
    }

    /// Keeps the first panic for `run`.
    fn record_panic(&self, panic: Option<panics::Panic>) {
        let unwanted = panic.and_then(|panic| self.lock().record_panic(panic));
        unwanted.into_iter().for_each(panics::discard);
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("address", &self.address())
            .field("connections", &self.connections())
            .finish()
    }
}

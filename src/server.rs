//! [`Server`]: listens, accepts, and runs every connection on a thread of its own.

mod accept;
pub(crate) mod event;
mod listening;
mod never_ran;
mod state;

use std::fmt;
use std::io::{self, ErrorKind};
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};

use self::event::{Connection, Listening, ServerEvent};
use self::listening::ActiveListener;
use self::state::{Due, Next, Run, State};
use crate::deferred;
use crate::endpoint::{Address, Endpoint};
use crate::error;
use crate::listeners::ListenerId;
use crate::options::{ServerOptions, SocketOptions};
use crate::panics;
use crate::socket::EventSocket;
use crate::socket::event::Close;
use crate::sync::{Monitor, lock};

/// Accepts connections and runs each on a thread of its own. Node: `net.Server`.
///
/// It is a handle and cheap to clone; all clones are the same server. Every method may be called on any thread and in any
/// listener. `listen` binds at once, so the port is known after it; [`run`](Self::run) accepts.
///
/// ```
/// use net_notes::{Server, ServerOptions, event};
///
/// let server = Server::new(ServerOptions::default());
/// server.on(event::Connection, |server, socket| {
///     socket.end_with("hello and goodbye\n");
///     let _ = server.close(); // this one was enough
/// });
/// server.listen(0, |server| println!("listening on {}", server.address().unwrap()))?;
/// # let client = net_notes::EventSocket::new(server.address().unwrap());
/// # client.on(event::Data, |_, data| assert_eq!(data, b"hello and goodbye\n"));
/// # let client = client.spawn();
/// server.run()?; // until close() was called and the last socket is gone
/// # client.join().unwrap()?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Threads
///
/// `Listening` and `Close` are called on the thread of `run`, `Connection` on the thread of the socket that it carries, `Drop`
/// on a thread of its own, and `Error` on the one that accepts. So listeners of a server are `Fn + Sync`, and several may run
/// at once. A listener of `Connection` that never returns holds up its own socket only; but `run` waits for it.
///
/// # To stop in bounded time
///
/// [`close`](Self::close) stops accepting and leaves open sockets alone: a client that never ends keeps `run` waiting for
/// ever. [`close_all_connections`](Self::close_all_connections) ends them. Both together return within milliseconds:
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
/// To let them finish first, call [`EventSocket::close_within`] on each.
#[derive(Clone)]
#[must_use = "nothing is accepted before run() or spawn()"]
pub struct Server(Arc<Inner>);

struct Inner {
    options: SocketOptions,
    monitor: Monitor<State>,
}

impl Server {
    /// A server without a connection callback: add it with `on(event::Connection, …)`. Node: `net.createServer(options)`.
    pub fn new(options: ServerOptions) -> Server {
        Server(Arc::new(Inner {
            options: options.socket,
            monitor: Monitor::new(State::new(options.max_connections)),
        }))
    }

    /// Calls `listener` at every `event`. Node: `server.on`.
    pub fn on<E: ServerEvent>(
        &self,
        _event: E,
        listener: impl for<'a> Fn(&Server, E::Args<'a>) + Send + Sync + 'static,
    ) -> ListenerId {
        E::list(&mut self.lock().listeners).add(false, Arc::new(listener))
    }

    /// Calls `first` for every connection before its other listeners. Node: `prependListener('connection', …)`.
    pub(crate) fn watch(&self, first: impl Fn(&EventSocket) + Send + Sync + 'static) {
        Connection::list(&mut self.lock().listeners)
            .add_first(Arc::new(move |_, socket| first(socket)));
    }

    /// Calls `hook` inside of every call of `close` that closes, after the server has stopped to listen.
    pub(crate) fn on_close_call(&self, hook: impl Fn() + Send + Sync + 'static) {
        self.lock().close_hooks.push(Arc::new(hook));
    }

    /// Removes a listener; `false` if it is not there (any longer). Node: `server.off`.
    pub fn off(&self, id: ListenerId) -> bool {
        let mut removed = Vec::new();
        let found = self.lock().listeners.remove(id, &mut removed);
        drop(removed); // not under the lock: what a listener owns may run code of the user
        found
    }

    /// Binds and listens at once; `on_listening` is called inside [`run`](Self::run), which accepts. A client that connects
    /// in between waits. Node: `server.listen`, whose errors come as events.
    ///
    /// The compiler does not see a forgotten `run`: so a server that listens and is dropped before it
    /// ran prints a line on standard error. After `close` it does not.
    ///
    /// # Errors
    ///
    /// `EADDRINUSE`: somebody listens there already, or the file of a Unix domain socket is left over from a server that
    /// did not close; remove it if so. `EACCES`: not allowed, or the folder of the path does not exist. `ENOTFOUND`: no
    /// such host. `ERR_SERVER_ALREADY_LISTEN`: this server listens.
    pub fn listen<F>(&self, at: impl Into<Endpoint>, on_listening: F) -> io::Result<()>
    where
        F: FnOnce(&Server) + Send + 'static,
    {
        let already = || {
            let why = "Listen method has been called more than once without closing.";
            error::with_code(ErrorKind::InvalidInput, error::ALREADY_LISTEN, why)
        };
        if self.is_listening() {
            return Err(already()); // and not EADDRINUSE, caused by our own socket
        }
        let open = ActiveListener::bind(&at.into())?;
        let mut state = self.lock();
        if state.listening.is_some() {
            drop(state);
            open.close();
            return Err(already());
        }
        state.listen(open);
        self.changed(&state);
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

    /// Accepts connections, until [`close`](Self::close) was called and the last socket is gone. It may listen again at any
    /// time after `close`, before `run` has returned or after. In Node this is the event loop, which has no name there.
    ///
    /// # Errors
    ///
    /// `ERR_SERVER_NOT_RUNNING`: it does not listen. `ERR_INVALID_STATE`: it runs already. Or the system gives no thread.
    ///
    /// # Panics
    ///
    /// Goes on with the panic of a listener, when the server is closed. A panic in `Connection`, or in a listener of an
    /// accepted socket, closes that socket and nothing else.
    pub fn run(&self) -> io::Result<()> {
        self.claim_run()?;
        self.run_to_close()
    }

    /// [`run`](Self::run) on a new thread. The server counts as running from here on.
    ///
    /// # Panics
    ///
    /// If the system gives no more threads, as [`thread::spawn`].
    pub fn spawn(&self) -> JoinHandle<io::Result<()>> {
        let claimed = self.claim_run();
        let server = self.clone();
        thread::spawn(move || claimed.and_then(|()| server.run_to_close()))
    }

    fn claim_run(&self) -> io::Result<()> {
        let mut state = self.lock();
        if state.run == Run::Running {
            let why = "this server runs already";
            return Err(error::with_code(ErrorKind::InvalidInput, error::INVALID_STATE, why));
        }
        if !state.begin_to_run() {
            return Err(not_running());
        }
        Ok(())
    }

    fn run_to_close(&self) -> io::Result<()> {
        let mut result = Ok(());
        let mut state = self.lock();
        loop {
            match state.next() {
                Next::Wait => {
                    state = self.0.monitor.wait(state, None);
                    continue;
                }
                Next::Return => break,
                Next::Emit(Due::Close) => {
                    drop(state);
                    self.emit::<Close>(());
                }
                Next::Emit(Due::Listening(listener)) => {
                    drop(state);
                    self.emit::<Listening>(());
                    if self.lock().panic.is_some() {
                        let _ = self.close();
                    }
                    result = result.and(self.start_accepting(listener));
                }
            }
            state = self.lock();
        }
        let panic = state.panic.take();
        drop(state);
        match panic {
            Some(panic) => resume_unwind(panic),
            None => result,
        }
    }

    /// Stops accepting, at once; open sockets are not touched. `Close` is emitted, and `run` returns, when the last of them is
    /// gone: see [how to stop in bounded time](Self#to-stop-in-bounded-time). The file of a Unix domain socket is removed.
    /// Node: `server.close`.
    ///
    /// The server may [`listen`](Self::listen) again at once. As in Node, the `Close` of this call then comes only if no
    /// socket was open.
    ///
    /// # Errors
    ///
    /// `ERR_SERVER_NOT_RUNNING`: it does not listen (any longer).
    pub fn close(&self) -> io::Result<()> {
        let mut state = self.lock();
        let Some((listening, never_called)) = state.close() else { return Err(not_running()) };
        let hooks = state.close_hooks.clone();
        drop(state);
        let panic = panics::drop_each(never_called); // not under the lock: to drop it may run the user's code
        listening.close();
        hooks.iter().for_each(|hook| hook());
        let mut state = self.lock();
        state.closing -= 1;
        self.changed(&state);
        drop(state);
        self.record(panic);
        Ok(())
    }

    /// Destroys every socket of this server, as by [`EventSocket::destroy`]: what is queued is dropped. The server continues
    /// to accept, if [`close`](Self::close) was not called before. Node: `server.closeAllConnections`, which is there for
    /// `http` only.
    pub fn close_all_connections(&self) {
        let sockets: Vec<EventSocket> = self.lock().sockets.values().cloned().collect();
        sockets.iter().for_each(EventSocket::destroy);
    }

    /// Where the server listens; `None` if it does not.
    pub fn address(&self) -> Option<Address> {
        Some(self.lock().listening.as_ref()?.address.clone())
    }

    /// Whether `listen` was called and `close` was not. Node: `server.listening`.
    pub fn is_listening(&self) -> bool {
        self.lock().listening.is_some()
    }

    /// How many accepted sockets are open. A socket counts from its `Connection` to just before its `Close`.
    /// Node: `server.getConnections`.
    pub fn connections(&self) -> usize {
        self.lock().sockets.len()
    }

    /// From how many connections on one more is refused: closed at once, and told by `Drop`. `None`: no limit.
    /// Node: `server.maxConnections`.
    pub fn set_max_connections(&self, limit: Option<usize>) {
        self.lock().max_connections = limit;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.monitor.lock()
    }

    /// Wakes the threads that the change concerns: the one inside `run`, and the one that has stopped accepting for a while.
    fn changed(&self, state: &MutexGuard<'_, State>) {
        if state.concerns_run() || state.backing_off {
            self.0.monitor.notify(state);
        }
    }

    /// Calls the listeners of `E`, with no lock held; keeps a panic for `run`. Returns whether there was one to call.
    fn emit<E: ServerEvent>(&self, args: E::Args<'_>) -> bool {
        let calls = E::list(&mut self.lock().listeners).copy();
        let heard = !calls.is_empty();
        let panic = deferred::in_listener(|| {
            panics::first(calls.iter().filter_map(|call| panics::catch(|| call(self, args))))
        });
        self.record(panic);
        self.record(panics::drop_each(calls));
        heard
    }

    /// Keeps the first panic for `run`.
    fn record(&self, panic: Option<panics::Panic>) {
        let unwanted = panic.and_then(|panic| self.lock().record_panic(panic));
        unwanted.into_iter().for_each(panics::discard);
    }
}

fn not_running() -> io::Error {
    error::with_code(ErrorKind::NotConnected, error::NOT_RUNNING, "Server is not running.")
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("address", &self.address())
            .field("connections", &self.connections())
            .finish()
    }
}

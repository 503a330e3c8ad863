//! [`Server`]: listens, accepts, and runs every connection on a thread of its own.

mod accept;
pub(crate) mod event;
mod never_ran;

use std::fmt;
use std::io::{self, ErrorKind};
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use self::accept::Open;
use self::event::{Connection, Listening, ServerEvent};
use crate::endpoint::{Address, Endpoint};
use crate::error;
use crate::listeners::ListenerId;
use crate::options::{ServerOptions, SocketOptions};
use crate::panics::{self, Panic};
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
/// `Listening` and `Close` are called on the thread of `run`, `Connection` on the thread of the socket it carries, `Drop`
/// and `Error` on the one that accepts. So listeners of a server are `Fn + Sync`, and several may run at once.
#[derive(Clone)]
#[must_use = "nothing is accepted before run() or spawn()"]
pub struct Server(Arc<Inner>);

struct Inner {
    options: SocketOptions,
    monitor: Monitor<State>,
}

/// What the threads of a server share. `open` is `Some` exactly while the server is listening, and whoever takes it out
/// closes it; `alive` counts the threads that `run` has to wait for.
struct State {
    listeners: event::Table,
    open: Option<Open>,
    running: bool,
    /// `close()` came before `run()`, so a Close is owed.
    closed_unrun: bool,
    /// The sockets whose descriptor is open: what `connections()` tells.
    connections: usize,
    /// The sockets whose Close is not over yet, the one thread that accepts, and the calls of `close`.
    alive: usize,
    /// The thread that accepts waits a little, as the system had no more descriptors or threads.
    resting: bool,
    max_connections: Option<usize>,
    /// What listeners panicked with; `run` goes on with the first.
    panics: Vec<Panic>,
}

impl Server {
    /// A server without a connection callback: add it with `on(event::Connection, …)`. Node: `net.createServer(options)`.
    pub fn new(options: ServerOptions) -> Server {
        Server(Arc::new(Inner {
            options: options.socket,
            monitor: Monitor::new(State {
                listeners: event::Table::default(),
                open: None,
                running: false,
                closed_unrun: false,
                connections: 0,
                alive: 0,
                resting: false,
                max_connections: options.max_connections,
                panics: Vec::new(),
            }),
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

    /// Removes a listener; `false` if it is not there (any more). Node: `server.off`.
    pub fn off(&self, id: ListenerId) -> bool {
        let mut go = Vec::new();
        let found = self.lock().listeners.remove(id, &mut go);
        drop(go); // not under the lock: what a listener owns may run code of its own
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
            return Err(already()); // and not EADDRINUSE, by oneself
        }
        let open = Open::bind(&at.into())?;
        let mut state = self.lock();
        if state.open.is_some() {
            drop(state);
            open.close();
            return Err(already());
        }
        state.open = Some(open);
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

    /// Accepts connections, until [`close`](Self::close) was called and the last socket is gone. It may then listen and
    /// run again. In Node this is the event loop, which nobody calls by name.
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
        self.begin()?;
        self.live()
    }

    /// [`run`](Self::run) on a new thread. The server counts as running from here on.
    ///
    /// # Panics
    ///
    /// If the system gives no more threads, as [`thread::spawn`].
    pub fn spawn(&self) -> JoinHandle<io::Result<()>> {
        let begun = self.begin();
        let server = self.clone();
        thread::spawn(move || begun.and_then(|()| server.live()))
    }

    fn begin(&self) -> io::Result<()> {
        let mut state = self.lock();
        if state.running {
            let why = "this server runs already";
            return Err(error::with_code(ErrorKind::InvalidInput, error::INVALID_STATE, why));
        }
        if state.open.is_none() && !state.closed_unrun {
            return Err(not_running());
        }
        state.running = true;
        Ok(())
    }

    fn live(&self) -> io::Result<()> {
        let mut result = Ok(());
        if std::mem::take(&mut self.lock().closed_unrun) {
            self.emit::<Close>(()); // for the time that it listened and did not run
        }
        if self.is_listening() {
            self.emit::<Listening>(());
            if !self.lock().panics.is_empty() {
                let _ = self.close();
            }
            result = self.start_accepting();
            let mut state = self.lock();
            while state.alive > 0 {
                state = self.0.monitor.wait(state, None);
            }
            state.closed_unrun = false; // by a Listening listener: this is its Close
            drop(state);
            self.emit::<Close>(());
        }
        let mut state = self.lock();
        state.running = false;
        let panics = std::mem::take(&mut state.panics);
        drop(state);
        match panics.into_iter().next() {
            Some(panic) => resume_unwind(panic),
            None => result,
        }
    }

    /// Stops accepting, at once. `Close` is emitted, and `run` returns, when the last socket is gone; open sockets are not
    /// touched. The file of a Unix domain socket is removed. Node: `server.close`.
    ///
    /// # Errors
    ///
    /// `ERR_SERVER_NOT_RUNNING`: it does not listen (any more).
    pub fn close(&self) -> io::Result<()> {
        let mut state = self.lock();
        let Some(open) = state.open.take() else { return Err(not_running()) };
        state.alive += 1; // `run` waits for this call, too: when it returns, the place is free
        let mut never_called = Vec::new();
        if !open.accepting {
            state.closed_unrun = true;
            // The callback of `listen` belongs to that listen, and will not be called.
            never_called = Listening::list(&mut state.listeners).take_once();
        }
        drop(state);
        drop(never_called); // not under the lock: what a listener owns may run code of its own
        open.close();
        self.one_less();
        Ok(())
    }

    /// Where the server listens; `None` if it does not.
    pub fn address(&self) -> Option<Address> {
        Some(self.lock().open.as_ref()?.address.clone())
    }

    /// Whether `listen` was called and `close` was not. Node: `server.listening`.
    pub fn is_listening(&self) -> bool {
        self.lock().open.is_some()
    }

    /// How many accepted sockets are open. A socket counts from its `Connection` to just before its `Close`.
    /// Node: `server.getConnections`.
    pub fn connections(&self) -> usize {
        self.lock().connections
    }

    /// From how many connections on one more is refused: closed at once, and told by `Drop`. `None`: no limit.
    /// Node: `server.maxConnections`.
    pub fn set_max_connections(&self, limit: Option<usize>) {
        self.lock().max_connections = limit;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.monitor.lock()
    }

    /// Calls the listeners of `E`, with no lock held; keeps a panic for `run`. Tells whether there was one to call.
    fn emit<E: ServerEvent>(&self, args: E::Args<'_>) -> bool {
        let calls = E::list(&mut self.lock().listeners).copy();
        let heard = !calls.is_empty();
        let mut panics: Vec<Panic> =
            calls.iter().filter_map(|call| panics::catch(|| call(self, args))).collect();
        panics.extend(panics::let_go(calls));
        self.lock().panics.extend(panics);
        heard
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

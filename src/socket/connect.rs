//! Name look-up and connect, in a way that `destroy`, the idle time and `connect_timeout` can
//! interrupt.

use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::EventSocket;
use super::event::{Connect, Error, Lookup, Ready, Resolved};
use super::state::output::Role;
use super::writing::WRITE_TIMEOUT;
use crate::endpoint::{Address, Endpoint, host_or_localhost, is_ip};
use crate::error;
use crate::options::{ConnectOptions, SocketOptions};
use crate::stream::{self, Stream};
use crate::sync::lock;
use crate::threads;
use crate::wire::{CallSite, WireEvent};

/// How long to try one address before the next one. Node: `autoSelectFamilyAttemptTimeout`.
const ADDRESS_TIMEOUT: Duration = Duration::from_millis(250);

/// The time limit of the first try to connect; it doubles with each try. See [`connect_in_tries`].
const FIRST_TRY_TIMEOUT: Duration = Duration::from_secs(1);

/// The time limit of all tries together: as long as Linux retransmits the SYN (tcp_syn_retries,
/// tcp(7)).
const ALL_TRIES_TIMEOUT: Duration = Duration::from_secs(127);

/// The reason why no connection was established.
enum ConnectFailure {
    /// `destroy()` was called; there is no error to report.
    Destroyed,
    Error(io::Error),
}

impl From<io::Error> for ConnectFailure {
    fn from(error: io::Error) -> Self {
        ConnectFailure::Error(error)
    }
}

/// The state of a task that another thread does for the runner.
enum TaskState<T> {
    Running,
    Done(io::Result<T>),
    /// The runner no longer waits for the result.
    GivenUp,
}

impl EventSocket {
    /// Connects, and emits Lookup, Connect and Ready.
    pub(super) fn establish(&self, options: &ConnectOptions, site: CallSite) {
        self.lock().connector = Some(thread::current().id());
        let deadline = options.connect_timeout.and_then(|limit| Instant::now().checked_add(limit));
        match self
            .resolve(&options.to, deadline)
            .and_then(|addresses| self.connect_any(addresses, deadline, site))
        {
            Ok((stream, remote)) => self.on_connected(stream, remote),
            Err(ConnectFailure::Destroyed) => {}
            Err(ConnectFailure::Error(error)) => self.destroy_with(error),
        }
    }

    /// Returns the addresses of an endpoint; looks up a name, and emits Lookup.
    fn resolve(
        &self,
        to: &Endpoint,
        deadline: Option<Instant>,
    ) -> Result<Vec<Address>, ConnectFailure> {
        let (host, port) = match to {
            Endpoint::Tcp { host, port } => (host_or_localhost(host).to_string(), *port),
            #[cfg(unix)]
            Endpoint::Unix(path) => return Ok(vec![Address::Unix(path.clone())]),
        };
        let is_name = is_ip(&host) == 0;
        let target = (host.clone(), port);
        let look_up = move || stream::addresses(&target.0, target.1);
        let found = if is_name {
            let call = SystemCall { name: "getaddrinfo", subject: host.clone() };
            self.on_other_thread(deadline, &call, move |_| Ok(look_up()))?
        } else {
            look_up()
        };
        let addresses = found.unwrap_or_default();
        if is_name {
            for address in &addresses {
                self.emit_lookup(&host, Ok(address.ip()));
            }
            if addresses.is_empty() {
                self.emit_lookup(&host, Err(stream::not_found(to)));
            }
        }
        if addresses.is_empty() {
            return Err(stream::not_found(to).into());
        }
        Ok(addresses.into_iter().map(Address::Tcp).collect())
    }

    fn emit_lookup(&self, host: &str, result: io::Result<std::net::IpAddr>) {
        let mut state = self.lock();
        state.restart_idle_timer();
        if !state.is_destroyed() {
            let resolved = Resolved { host: host.to_string(), result };
            self.emit::<Lookup>(&mut state, &resolved);
        }
        self.emit_pending(&mut state);
    }

    /// Tries one address after another.
    fn connect_any(
        &self,
        addresses: Vec<Address>,
        deadline: Option<Instant>,
        site: CallSite,
    ) -> Result<(Stream, Address), ConnectFailure> {
        let last = addresses.len().saturating_sub(1);
        let mut failure = ConnectFailure::Destroyed;
        for (n, address) in addresses.into_iter().enumerate() {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let limit = if n < last {
                Some(left.map_or(ADDRESS_TIMEOUT, |left| left.min(ADDRESS_TIMEOUT)))
            } else {
                left
            };
            self.observe(site, || WireEvent::Connect(&address));
            let target = address.clone();
            let call = SystemCall { name: "connect", subject: address.to_string() };
            let connect =
                move |given_up: &dyn Fn() -> bool| connect_in_tries(&target, limit, given_up);
            match self.on_other_thread(deadline, &call, connect) {
                Ok(stream) => return Ok((stream, address)),
                Err(ConnectFailure::Destroyed) => return Err(ConnectFailure::Destroyed),
                Err(ConnectFailure::Error(error)) => {
                    if error.kind() == ErrorKind::ConnectionRefused {
                        // A reset answers a SYN to a port without a listener (RFC 9293 3.10.7.1).
                        self.observe(self.listener_site::<Error>(), || WireEvent::Reset);
                    }
                    failure = ConnectFailure::Error(error);
                }
            }
        }
        Err(failure)
    }

    /// Runs a task that std cannot interrupt on another thread, and waits for its result as for any
    /// other change: so events are emitted, and `destroy` and the deadline are noticed. If the wait
    /// ends early, the task is abandoned: its thread ends when the system call does, and a late
    /// connection is closed at once.
    fn on_other_thread<T: Send + 'static>(
        &self,
        deadline: Option<Instant>,
        call: &SystemCall,
        task: impl FnOnce(&dyn Fn() -> bool) -> io::Result<T> + Send + 'static,
    ) -> Result<T, ConnectFailure> {
        if self.is_destroyed() {
            return Err(ConnectFailure::Destroyed); // in a Lookup listener, for example
        }
        let slot = Arc::new(Mutex::new(TaskState::Running));
        let socket = self.clone();
        let result = slot.clone();
        threads::start(Box::new(move || {
            // Without any lock: the task may take minutes. It checks in between whether it was
            // abandoned.
            let done = task(&|| matches!(*lock(&result), TaskState::GivenUp));
            let mut slot = lock(&result);
            if matches!(*slot, TaskState::Running) {
                *slot = TaskState::Done(done);
            }
            drop(slot); // the runner takes both locks, in the other order
            socket.lock().effects.wake();
        }))
        .map_err(|error| call.error(error))?;
        let mut state = self.lock();
        self.wait_until(&mut state, deadline, |state| {
            state.is_destroyed() || !matches!(*lock(&slot), TaskState::Running)
        });
        let destroyed = state.is_destroyed();
        drop(state); // an abandoned connection is closed below, which is a system call
        match std::mem::replace(&mut *lock(&slot), TaskState::GivenUp) {
            _ if destroyed => Err(ConnectFailure::Destroyed),
            TaskState::Done(result) => Ok(result.map_err(|error| call.error(error))?),
            TaskState::Running | TaskState::GivenUp => {
                Err(call.error(ErrorKind::TimedOut.into()).into())
            }
        }
    }

    /// Records the new connection, sends what was written before, and emits Connect and Ready.
    fn on_connected(&self, stream: Stream, remote: Address) {
        let local = stream.local_addr();
        let site = self.listener_site::<Connect>();
        self.observe(site, || WireEvent::Connected { local: local.as_ref(), remote: &remote });
        let mut state = self.lock();
        apply_options(&stream, &state.options);
        if !state.begin_greeting(stream, remote) {
            return; // destroyed at the last moment
        }
        if state.output.role == Role::Caller {
            // Before Connect: if a listener of it destroys the socket, these bytes are already
            // sent.
            self.write_queue_front(&mut state);
            state.pass_role_on();
        }
        self.emit::<Connect>(&mut state, ());
        self.emit_pending(&mut state);
        self.emit::<Ready>(&mut state, ());
        state.finish_greeting();
    }
}

/// A system call, for the text of its errors.
struct SystemCall {
    name: &'static str,
    subject: String,
}

impl SystemCall {
    fn error(&self, error: io::Error) -> io::Error {
        error::from_syscall(self.name, &self.subject, error)
    }
}

/// Connects in tries of 1, 2, 4, … seconds. std can neither interrupt connect(2) nor make it
/// non-blocking. With these tries, an abandoned connect ends after at most as long again as it has
/// taken so far, and not after two minutes. On the wire it looks almost like one try: Linux
/// retransmits the SYN after the same times. A Unix domain socket is tried once: std has no time
/// limit for it, and it blocks while the backlog of the server is full.
fn connect_in_tries(
    to: &Address,
    limit: Option<Duration>,
    given_up: &dyn Fn() -> bool,
) -> io::Result<Stream> {
    let began = Instant::now();
    let limit = limit.unwrap_or(ALL_TRIES_TIMEOUT);
    let mut time = FIRST_TRY_TIMEOUT;
    loop {
        let left = limit.saturating_sub(began.elapsed());
        match Stream::connect(to, Some(time.min(left))) {
            Err(error) if error.kind() == ErrorKind::TimedOut && time < left && !given_up() => {
                time *= 2;
            }
            result => return result,
        }
    }
}

/// Sets the options that a connected stream needs before its first write.
pub(crate) fn apply_options(stream: &Stream, options: &SocketOptions) {
    stream.set_write_timeout(Some(WRITE_TIMEOUT));
    if options.no_delay {
        stream.set_no_delay(true);
    }
}

//! Finding the name and connecting, in a way that `destroy`, the idle time and `connect_timeout` can interrupt.

use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::EventSocket;
use super::event::{Connect, Lookup, Ready, Resolved};
use super::output::Role;
use super::writing::WRITE_TIMEOUT;
use crate::endpoint::{Address, Endpoint, host_or_localhost, is_ip};
use crate::error;
use crate::options::{ConnectOptions, SocketOptions};
use crate::stream::{self, Stream};
use crate::sync::lock;
use crate::threads;
use crate::wire::WireEvent;

/// How long one of several addresses may take before the next one is tried. Node: `autoSelectFamilyAttemptTimeout`.
const ADDRESS_TIMEOUT: Duration = Duration::from_millis(250);

/// How long the first try to connect takes; each one after it takes twice as long. See [`connect_in_tries`].
const FIRST_TRY: Duration = Duration::from_secs(1);

/// How long all tries take together: as long as Linux sends the SYN again and again (tcp_syn_retries, tcp(7)).
const ALL_TRIES: Duration = Duration::from_secs(127);

/// Why there is no connection.
enum Failure {
    /// `destroy()` was called; there is nothing to report.
    Destroyed,
    Error(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Error(error)
    }
}

/// What one thread does for the runner.
enum Task<T> {
    Running,
    Done(io::Result<T>),
    /// The runner no longer waits for it.
    GivenUp,
}

impl EventSocket {
    /// Connects, and emits Lookup, Connect and Ready.
    pub(super) fn establish(&self, options: &ConnectOptions) {
        self.lock().connector = Some(thread::current().id());
        let deadline = options.connect_timeout.and_then(|limit| Instant::now().checked_add(limit));
        match self
            .resolve(&options.to, deadline)
            .and_then(|addresses| self.connect_any(addresses, deadline))
        {
            Ok((stream, remote)) => self.connected(stream, remote),
            Err(Failure::Destroyed) => {}
            Err(Failure::Error(error)) => self.destroy_with(error),
        }
    }

    /// The addresses of an endpoint, looked up if need be.
    fn resolve(&self, to: &Endpoint, deadline: Option<Instant>) -> Result<Vec<Address>, Failure> {
        let (host, port) = match to {
            Endpoint::Tcp { host, port } => (host_or_localhost(host).to_string(), *port),
            #[cfg(unix)]
            Endpoint::Unix(path) => return Ok(vec![Address::Unix(path.clone())]),
        };
        let is_name = is_ip(&host) == 0;
        let target = (host.clone(), port);
        let look_up = move || stream::addresses(&target.0, target.1);
        let found = match is_name {
            true => {
                let call = Call { name: "getaddrinfo", subject: host.clone() };
                self.on_other_thread(deadline, &call, move |_| Ok(look_up()))?
            }
            false => look_up(),
        };
        let addresses = found.unwrap_or_default();
        if is_name {
            for address in &addresses {
                self.looked_up(&host, Ok(address.ip()));
            }
            if addresses.is_empty() {
                self.looked_up(&host, Err(stream::not_found(to)));
            }
        }
        if addresses.is_empty() {
            return Err(stream::not_found(to).into());
        }
        Ok(addresses.into_iter().map(Address::Tcp).collect())
    }

    fn looked_up(&self, host: &str, result: io::Result<std::net::IpAddr>) {
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
    ) -> Result<(Stream, Address), Failure> {
        let last = addresses.len().saturating_sub(1);
        let mut failure = Failure::Destroyed;
        for (n, address) in addresses.into_iter().enumerate() {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let limit = match n < last {
                true => Some(left.map_or(ADDRESS_TIMEOUT, |left| left.min(ADDRESS_TIMEOUT))),
                false => left,
            };
            self.observe(|| WireEvent::Connect(&address));
            let target = address.clone();
            let call = Call { name: "connect", subject: address.to_string() };
            let connect =
                move |given_up: &dyn Fn() -> bool| connect_in_tries(&target, limit, given_up);
            match self.on_other_thread(deadline, &call, connect) {
                Ok(stream) => return Ok((stream, address)),
                Err(Failure::Destroyed) => return Err(Failure::Destroyed),
                Err(Failure::Error(error)) => {
                    if error.kind() == ErrorKind::ConnectionRefused {
                        self.observe(|| WireEvent::Reset); // the answer to a SYN that nobody listens for (RFC 9293 3.10.7.1)
                    }
                    failure = Failure::Error(error);
                }
            }
        }
        Err(failure)
    }

    /// Does on another thread what std cannot interrupt, and waits where everything else is noticed. If the wait ends early,
    /// the task is given up: its thread ends when the system call does, and a late connection is closed at once.
    fn on_other_thread<T: Send + 'static>(
        &self,
        deadline: Option<Instant>,
        call: &Call,
        task: impl FnOnce(&dyn Fn() -> bool) -> io::Result<T> + Send + 'static,
    ) -> Result<T, Failure> {
        if self.is_destroyed() {
            return Err(Failure::Destroyed); // in a Lookup listener, say
        }
        let slot = Arc::new(Mutex::new(Task::Running));
        let socket = self.clone();
        let result = slot.clone();
        threads::start(Box::new(move || {
            let done = task(&|| matches!(*lock(&result), Task::GivenUp));
            let mut slot = lock(&result);
            if matches!(*slot, Task::Running) {
                *slot = Task::Done(done);
            }
            drop(slot);
            socket.lock().effects.wake();
        }))
        .map_err(|error| call.error(error))?;
        let mut state = self.lock();
        self.wait_until(&mut state, deadline, |state| {
            state.is_destroyed() || !matches!(*lock(&slot), Task::Running)
        });
        let destroyed = state.is_destroyed();
        drop(state);
        match std::mem::replace(&mut *lock(&slot), Task::GivenUp) {
            _ if destroyed => Err(Failure::Destroyed),
            Task::Done(result) => Ok(result.map_err(|error| call.error(error))?),
            Task::Running | Task::GivenUp => Err(call.error(ErrorKind::TimedOut.into()).into()),
        }
    }

    /// There is a connection: sends what was written before, and tells the listeners.
    fn connected(&self, stream: Stream, remote: Address) {
        let local = stream.local_addr();
        self.observe(|| WireEvent::Connected { local: local.as_ref(), remote: &remote });
        let mut state = self.lock();
        set_up(&stream, &state.options);
        if !state.connected(stream, remote) {
            return; // destroyed at the last moment
        }
        if state.output.role == Role::Caller {
            // Before Connect, so that a listener of it that destroys the socket takes nothing back that was written.
            self.write_queue_front(&mut state);
            state.pass_role_on();
        }
        self.emit::<Connect>(&mut state, ());
        self.emit_pending(&mut state);
        self.emit::<Ready>(&mut state, ());
        state.greeted();
    }
}

/// A system call, for its errors.
struct Call {
    name: &'static str,
    subject: String,
}

impl Call {
    fn error(&self, error: io::Error) -> io::Error {
        error::of_call(self.name, &self.subject, error)
    }
}

/// Connects in tries of 1, 2, 4, … seconds. std can neither interrupt connect(2) nor make it non-blocking; this way a
/// connect that was given up ends at the latest when it has taken as long again as before, and not after two minutes. On the
/// wire it looks much like one try: Linux sends the SYN again after the same times. For a Unix domain socket there is one
/// try: std has no time limit for it, and it blocks while the backlog of the server is full.
fn connect_in_tries(
    to: &Address,
    limit: Option<Duration>,
    given_up: &dyn Fn() -> bool,
) -> io::Result<Stream> {
    let began = Instant::now();
    let limit = limit.unwrap_or(ALL_TRIES);
    let mut time = FIRST_TRY;
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

/// What a connected stream needs before its first write.
pub(crate) fn set_up(stream: &Stream, options: &SocketOptions) {
    stream.set_write_timeout(Some(WRITE_TIMEOUT));
    if options.no_delay {
        stream.set_no_delay(true);
    }
}

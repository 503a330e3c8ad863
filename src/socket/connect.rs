//! Finding the name and connecting, in a way that `destroy`, the idle time and `connect_timeout` can interrupt.

use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::EventSocket;
use super::event::{Connect, Lookup, Ready, Resolved};
use super::state::Flow;
use super::writing::WRITE_PATIENCE;
use crate::endpoint::{Address, Endpoint, is_ip};
use crate::error;
use crate::options::SocketOptions;
use crate::stream::{self, Stream};
use crate::sync::lock;
use crate::threads;
use crate::wire::Wire;

/// How long one of several addresses may take before the next one is tried. Node: `autoSelectFamilyAttemptTimeout`.
const ATTEMPT: Duration = Duration::from_millis(250);

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

impl EventSocket {
    /// Connects, and emits Lookup, Connect and Ready.
    pub(super) fn open(&self) {
        let mut state = self.lock();
        let Some(options) = state.to.take().filter(|_| !state.destroyed) else { return };
        drop(state);
        let deadline = options.connect_timeout.and_then(|limit| Instant::now().checked_add(limit));
        match self
            .find(&options.to, deadline)
            .and_then(|addresses| self.attempt(addresses, deadline))
        {
            Ok((stream, remote)) => self.connected(stream, remote),
            Err(Failure::Destroyed) => {}
            Err(Failure::Error(error)) => self.destroy_with(error),
        }
    }

    /// The addresses of an endpoint, looked up if need be.
    fn find(&self, to: &Endpoint, deadline: Option<Instant>) -> Result<Vec<Address>, Failure> {
        let (host, port) = match to {
            Endpoint::Tcp { host, port } => (host.clone(), *port),
            #[cfg(unix)]
            Endpoint::Unix(path) => return Ok(vec![Address::Unix(path.clone())]),
        };
        let is_name = is_ip(&host) == 0;
        let target = (host.clone(), port);
        let look_up = move || stream::addresses(&target.0, target.1);
        let found = match is_name {
            true => self.elsewhere(deadline, to, move || Ok(look_up()))?,
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
        state.touch();
        if !state.destroyed {
            let resolved = Resolved { host: host.to_string(), result };
            state = self.emit::<Lookup>(state, &resolved);
        }
        drop(self.settle(state));
    }

    /// Tries one address after another.
    fn attempt(
        &self,
        addresses: Vec<Address>,
        deadline: Option<Instant>,
    ) -> Result<(Stream, Address), Failure> {
        let last = addresses.len().saturating_sub(1);
        let mut failure = Failure::Destroyed;
        for (n, address) in addresses.into_iter().enumerate() {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let limit =
                if n < last { Some(left.map_or(ATTEMPT, |left| left.min(ATTEMPT))) } else { left };
            self.wire(|| Wire::Connect(&address));
            let target = address.clone();
            let result =
                self.elsewhere(deadline, &address, move || Stream::connect(&target, limit));
            match result {
                Ok(stream) => return Ok((stream, address)),
                Err(Failure::Destroyed) => return Err(Failure::Destroyed),
                Err(Failure::Error(error)) => {
                    if error.kind() == ErrorKind::ConnectionRefused {
                        self.wire(|| Wire::Reset); // the answer to a SYN that nobody listens for (RFC 9293 3.10.7.1)
                    }
                    failure =
                        Failure::Error(error::of_call("connect", &address.to_string(), error));
                }
            }
        }
        Err(failure)
    }

    /// Does on another thread what std cannot interrupt, and waits where everything else is heard. If the wait ends
    /// early, the job's result is dropped when it comes: a late connection is closed at once.
    fn elsewhere<T: Send + 'static>(
        &self,
        deadline: Option<Instant>,
        subject: &impl ToString,
        job: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> Result<T, Failure> {
        if self.is_destroyed() {
            return Err(Failure::Destroyed); // in a Lookup listener, say
        }
        let slot = Arc::new(Mutex::new(None));
        let socket = self.clone();
        let result = slot.clone();
        threads::start(Box::new(move || {
            let done = job();
            *lock(&result) = Some(done);
            drop(result);
            socket.monitor().notify(&socket.lock());
        }))?;
        let state = self
            .rest_until(self.lock(), deadline, |state| state.destroyed || lock(&slot).is_some());
        let destroyed = state.destroyed;
        drop(state);
        match lock(&slot).take() {
            _ if destroyed => Err(Failure::Destroyed),
            Some(result) => Ok(result?),
            None => {
                let late = io::Error::from(ErrorKind::TimedOut);
                Err(error::of_call("connect", &subject.to_string(), late).into())
            }
        }
    }

    /// There is a connection: hands out what waited for it.
    fn connected(&self, stream: Stream, remote: Address) {
        let mut state = self.lock();
        if state.destroyed {
            return; // at the last moment
        }
        set_up(&stream, &state.options);
        let local = stream.local_addr();
        self.wire(|| Wire::Connected { local: local.as_ref(), remote: &remote });
        state.stream = Some(Arc::new(stream));
        state.remote = Some(remote);
        state.touch();
        // What was written before goes first: until it is sent, the runner keeps the writer's role.
        let waiting = !state.queue.is_empty();
        state.writing = waiting;
        state = self.emit::<Connect>(state, ());
        if waiting {
            state = self.send_some(state);
            state = self.pass_role_on(state);
        }
        state = self.settle(state);
        state = self.emit::<Ready>(state, ());
        state.opened = true;
        state.begun |= state.flow != Flow::Paused;
        drop(self.finish_if_due(state));
    }
}

/// What a connected stream needs before its first write.
pub(crate) fn set_up(stream: &Stream, options: &SocketOptions) {
    stream.set_write_timeout(WRITE_PATIENCE);
    if options.no_delay {
        stream.set_no_delay(true);
    }
}

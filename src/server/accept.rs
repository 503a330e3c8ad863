//! The thread that accepts connections, and the threads that serve them.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Server;
use super::event::{self, Connection, Dropped, ServerEvent};
use super::listening::ListenerPhase;
use crate::endpoint::Address;
use crate::error;
use crate::panics;
use crate::socket::EventSocket;
use crate::socket::event::Error;
use crate::stream::{Listener, Stream};
use crate::threads::{self, Job};

/// How long accepting pauses when the system has no more descriptors. Clients wait in the backlog.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(50);

/// The decision about an accepted connection.
enum Admission {
    /// The connection counts, and its socket is run.
    Serve(EventSocket, ConnectionTask),
    /// The server has its largest number of connections. There is a task only if a listener of Drop
    /// must be called.
    Full(Option<(Dropped, ConnectionTask)>),
    /// The server was closed in the meantime.
    Closed,
}

impl Server {
    /// Starts the thread that accepts. Does nothing if a listener of Listening has closed this
    /// listening socket.
    pub(super) fn start_accepting(&self, listener: Arc<Listener>) -> io::Result<()> {
        let mut state = self.lock();
        match &mut state.listening {
            Some(open) if Arc::ptr_eq(&open.listener, &listener) => {
                open.phase = ListenerPhase::Accepting
            }
            _ => return Ok(()),
        }
        drop(state); // if no thread can be started, dropping the acceptor takes the lock
        let acceptor = Acceptor { server: self.clone(), listener: Some(listener) };
        // If no thread can be started, the acceptor is dropped, which closes the server.
        threads::start(Box::new(move || acceptor.accept()))
    }

    /// Decides about a connection, and counts it.
    fn admit(
        &self,
        listener: &Arc<Listener>,
        stream: Stream,
        remote: Option<Address>,
    ) -> Admission {
        let mut state = self.lock();
        if !state.accepts_on(listener) {
            return Admission::Closed;
        }
        if state.is_full() {
            let dropped = Dropped { local: stream.local_addr(), remote };
            let has_listener = !event::Drop::list(&mut state.listeners).is_empty();
            state.tasks += usize::from(has_listener);
            drop(state); // closing the connection is a system call
            drop(stream);
            return Admission::Full(
                has_listener
                    .then(|| (dropped, ConnectionTask { server: self.clone(), socket: None })),
            );
        }
        let socket = EventSocket::accepted(stream, remote, self.0.options.clone());
        state.sockets.insert(socket.id(), socket.clone());
        state.tasks += 1;
        let site = Connection::list(&mut state.listeners).site();
        drop(state); // no observer is called under it
        socket.trace(site);
        let task = ConnectionTask { server: self.clone(), socket: Some(socket.id()) };
        Admission::Serve(socket, task)
    }

    /// The whole life of a connection, on its thread.
    fn serve(&self, socket: EventSocket, mut task: ConnectionTask) {
        let call_listeners = || {
            let calls = Connection::list(&mut self.lock().listeners).copy();
            // All of them, as everywhere.
            let calls = calls.iter().map(|(site, call)| || site.call(|| call(self, &socket)));
            panics::call_each(calls);
        };
        socket.serve(call_listeners, || task.descriptor_closed());
    }

    /// Reports that accepting has failed. Accepting continues.
    fn report_accept_error(&self, error: io::Error) {
        if !self.emit::<Error>(&error) {
            error::report_to_stderr(&format!(
                "a server failed to accept and has no Error listener: {error}"
            ));
        }
    }

    /// Whether too many refused clients wait for their Drop.
    fn must_wait_for_refused(&self, listener: &Arc<Listener>) -> bool {
        let state = self.lock();
        state.refused.is_full() && state.accepts_on(listener)
    }

    /// Waits for a while, or until a connection ends or the server is closed.
    fn back_off(&self) {
        let mut state = self.lock();
        state.backing_off = true;
        let mut state = self.0.monitor.wait(state, Some(Instant::now() + ACCEPT_BACKOFF));
        state.backing_off = false;
    }
}

/// The thread that accepts, or the right to be this thread. When it ends, the descriptor is closed
/// before `run()` is notified.
struct Acceptor {
    server: Server,
    /// `None` only while it is dropped.
    listener: Option<Arc<Listener>>,
}

impl Acceptor {
    /// The leader/follower pattern: the thread that accepts a connection also serves it, if an idle
    /// thread can accept in its place; so no thread must wake up before the connection is served.
    /// Without an idle thread, a new thread serves, and this one continues to accept: the backlog
    /// (128) must not fill up while threads start.
    fn accept(self) {
        let server = self.server.clone();
        let Some(listener) = self.listener.clone() else { return };
        // Whether accepting is failing: Error is emitted once for each series of failures.
        let mut failing = false;
        loop {
            // 1. Wait for a connection, with no lock held.
            let (stream, remote) = match listener.accept() {
                Ok(accepted) => accepted,
                Err(_) if !server.lock().accepts_on(&listener) => return,
                Err(error) if is_client_error(&error) => continue,
                Err(error) => {
                    if !std::mem::replace(&mut failing, true) {
                        server.report_accept_error(error::from_syscall("accept", "", error));
                    }
                    server.back_off();
                    continue;
                }
            };
            failing = false;
            // 2. Decide about the connection, and count it.
            let job: Job = match server.admit(&listener, stream, remote) {
                Admission::Closed => return,
                Admission::Full(None) => continue,
                Admission::Full(Some((dropped, task))) => {
                    while server.must_wait_for_refused(&listener) {
                        server.back_off();
                    }
                    match server.refuse(dropped, task) {
                        Some(emitter) => Box::new(move || emitter.emit()),
                        None => continue,
                    }
                }
                Admission::Serve(socket, task) => {
                    let server = server.clone();
                    Box::new(move || server.serve(socket, task))
                }
            };
            // 3. Serve it: here if an idle thread accepts from now on, otherwise on a new thread.
            if let Some(idle) = threads::IdleThread::take() {
                drop(listener); // `self` has a handle, too, and moves to the idle thread
                idle.start(Box::new(move || self.accept()));
                return job();
            }
            if let Err(error) = threads::start_new(job) {
                // The job was dropped with its socket: only this client is refused.
                server.report_accept_error(error::from_syscall("accept", "", error));
                server.back_off();
            }
        }
    }
}

/// Whether the client is gone, or a signal arrived: the next accept may succeed.
fn is_client_error(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::Interrupted)
}

impl Drop for Acceptor {
    fn drop(&mut self) {
        let Some(listener) = self.listener.take() else { return };
        // It still listens only if no thread could be started, or the accepting thread has
        // panicked.
        if self.server.lock().accepts_on(&listener) {
            let _ = self.server.close();
        }
        drop(listener);
        let mut state = self.server.lock();
        state.closing -= 1;
        self.server.notify_change(&state);
    }
}

/// One thread that `run()` waits for. It counts until this is dropped, even if the thread could not
/// be started, or unwinds.
pub(super) struct ConnectionTask {
    server: Server,
    /// The id of the socket, while its descriptor is open.
    socket: Option<u64>,
}

impl ConnectionTask {
    fn descriptor_closed(&mut self) {
        let Some(id) = self.socket.take() else { return };
        let mut state = self.server.lock();
        let handle = state.sockets.remove(&id);
        self.server.notify_change(&state);
        drop(state);
        drop(handle); // not under the lock: it may be the last handle of the socket
    }
}

impl Drop for ConnectionTask {
    fn drop(&mut self) {
        self.descriptor_closed();
        let mut state = self.server.lock();
        state.task_done();
        self.server.notify_change(&state);
    }
}

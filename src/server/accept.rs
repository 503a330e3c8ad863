//! Accepting: the thread that waits for connections, and the threads that serve them.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Server;
use super::event::{self, Connection, Dropped, ServerEvent};
use super::listening::Phase;
use crate::endpoint::Address;
use crate::error;
use crate::socket::EventSocket;
use crate::socket::event::Error;
use crate::stream::{Listener, Stream};
use crate::threads::{self, Job};

/// How long accepting pauses when the system has no more descriptors. The client waits in the backlog meanwhile.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(50);

/// What becomes of a connection that was accepted.
enum Admission {
    /// It counts, and its socket runs.
    Serve(EventSocket, Task),
    /// One too many. There is a task only if a listener of Drop is to be told.
    Full(Option<(Dropped, Task)>),
    /// The server was closed in the meantime.
    Closed,
}

impl Server {
    /// Starts the thread that accepts. Does nothing if this listening socket was closed by a listener of Listening.
    pub(super) fn start_accepting(&self, listener: Arc<Listener>) -> io::Result<()> {
        let mut state = self.lock();
        match &mut state.listening {
            Some(open) if Arc::ptr_eq(&open.listener, &listener) => open.phase = Phase::Accepting,
            _ => return Ok(()),
        }
        drop(state);
        let acceptor = Acceptor { server: self.clone(), listener: Some(listener) };
        // If there is no thread, the acceptor is dropped, which closes the server.
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
            let heard = !event::Drop::list(&mut state.listeners).is_empty();
            state.tasks += usize::from(heard);
            drop(state);
            drop(stream);
            return Admission::Full(
                heard.then(|| (dropped, Task { server: self.clone(), socket: None })),
            );
        }
        let socket = EventSocket::accepted(stream, remote, self.0.options.clone());
        state.sockets.insert(socket.id(), socket.clone());
        state.tasks += 1;
        let task = Task { server: self.clone(), socket: Some(socket.id()) };
        Admission::Serve(socket, task)
    }

    /// The whole life of a connection, on its thread.
    fn serve(&self, socket: EventSocket, mut task: Task) {
        let call_listeners = || {
            let calls = Connection::list(&mut self.lock().listeners).copy();
            calls.iter().for_each(|call| call(self, &socket));
        };
        socket.serve(call_listeners, || task.descriptor_closed());
    }

    /// Accepting failed, and continues.
    fn accept_failed(&self, error: io::Error) {
        if !self.emit::<Error>(&error) {
            error::report(&format!("a server failed to accept and has no Error listener: {error}"));
        }
    }

    /// Waits a little, or until a connection ends or the server is closed.
    fn back_off(&self) {
        let mut state = self.lock();
        state.backing_off = true;
        let mut state = self.0.monitor.wait(state, Some(Instant::now() + ACCEPT_BACKOFF));
        state.backing_off = false;
    }
}

/// The thread that accepts, or the right to be it. When it ends, the descriptor is closed before `run()` is told.
struct Acceptor {
    server: Server,
    /// `None` only while it is dropped.
    listener: Option<Arc<Listener>>,
}

impl Acceptor {
    /// Leader and follower: the thread that accepts a connection serves it, if another one waits for work and can accept in
    /// its place; so the connection is served without the wait for a thread to wake. If none waits, a new thread serves, and
    /// this one continues to accept: the backlog (128) must not fill up while threads start.
    fn accept(self) {
        let server = self.server.clone();
        let Some(listener) = self.listener.clone() else { return };
        // Whether accepting fails at the moment: Error is emitted once for each such time.
        let mut failing = false;
        loop {
            let (stream, remote) = match listener.accept() {
                Ok(accepted) => accepted,
                Err(_) if !server.lock().accepts_on(&listener) => return,
                Err(error) if is_the_clients(&error) => continue,
                Err(error) => {
                    if !std::mem::replace(&mut failing, true) {
                        server.accept_failed(error::of_call("accept", "", error));
                    }
                    server.back_off();
                    continue;
                }
            };
            failing = false;
            let job: Job = match server.admit(&listener, stream, remote) {
                Admission::Closed => return,
                Admission::Full(None) => continue,
                Admission::Full(Some((dropped, task))) => {
                    let server = server.clone();
                    Box::new(move || {
                        server.emit::<event::Drop>(&dropped);
                        drop(task);
                    })
                }
                Admission::Serve(socket, task) => {
                    let server = server.clone();
                    Box::new(move || server.serve(socket, task))
                }
            };
            if let Some(waiting) = threads::Waiting::take() {
                drop(listener); // `self` holds it, too, and goes
                waiting.start(Box::new(move || self.accept()));
                return job();
            }
            if let Err(error) = threads::start_new(job) {
                // The job is gone, and the socket in it: that one client is refused.
                server.accept_failed(error::of_call("accept", "", error));
                server.back_off();
            }
        }
    }
}

/// The client has gone again, or a signal came: the next one, please.
fn is_the_clients(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::Interrupted)
}

impl Drop for Acceptor {
    fn drop(&mut self) {
        let Some(listener) = self.listener.take() else { return };
        // Still listening only if there was no thread to accept, or the accepting one has panicked.
        if self.server.lock().accepts_on(&listener) {
            let _ = self.server.close();
        }
        drop(listener);
        let mut state = self.server.lock();
        state.closing -= 1;
        self.server.changed(&state);
    }
}

/// One thread that `run()` waits for. It counts until it is dropped: also if the thread could not be started, or unwinds.
struct Task {
    server: Server,
    /// While the descriptor is open.
    socket: Option<u64>,
}

impl Task {
    fn descriptor_closed(&mut self) {
        let Some(id) = self.socket.take() else { return };
        let mut state = self.server.lock();
        let handle = state.sockets.remove(&id);
        self.server.changed(&state);
        drop(state);
        drop(handle); // not under the lock
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.descriptor_closed();
        let mut state = self.server.lock();
        state.task_done();
        self.server.changed(&state);
    }
}

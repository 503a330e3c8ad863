//! Accepting: an open listening socket, and the thread that waits for connections on it.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
#[cfg(unix)]
use std::path::PathBuf;
use std::sync::{Arc, MutexGuard};
use std::time::{Duration, Instant};

use super::event::{Connection, Drop, Dropped, ServerEvent};
use super::{Server, State};
use crate::endpoint::{Address, Endpoint};
use crate::error;
use crate::socket::EventSocket;
use crate::socket::event::Error;
use crate::stream::{Listener, Stream, Waker};
use crate::threads;

/// How long accepting rests when the system has no more descriptors: the client waits in the backlog meanwhile.
const REST: Duration = Duration::from_millis(50);

/// A listening socket, and all that its closing takes.
pub(super) struct Open {
    listener: Arc<Listener>,
    pub(super) address: Address,
    /// Wakes the thread in accept.
    waker: Option<Waker>,
    #[cfg(unix)]
    file: Option<File>,
    /// A `run` has begun to accept on it.
    pub(super) accepting: bool,
}

/// The file of a Unix domain socket, told from another one at the same path by its inode.
#[cfg(unix)]
struct File {
    path: PathBuf,
    inode: (u64, u64),
}

#[cfg(unix)]
impl File {
    fn of(address: &Address) -> Option<File> {
        let Address::Unix(path) = address else { return None };
        let inode = File::inode(path)?;
        Some(File { path: path.clone(), inode })
    }

    fn inode(path: &std::path::Path) -> Option<(u64, u64)> {
        use std::os::unix::fs::MetadataExt;
        let metadata = std::fs::symlink_metadata(path).ok()?;
        Some((metadata.dev(), metadata.ino()))
    }

    /// std leaves it behind; Node removes it. But not the file of somebody who has taken the path over.
    fn remove(&self) {
        if File::inode(&self.path) == Some(self.inode) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl Open {
    pub(super) fn bind(at: &Endpoint) -> io::Result<Open> {
        let listener = Listener::bind(at)?;
        let address = listener.local_addr()?;
        Ok(Open {
            waker: listener.waker()?,
            #[cfg(unix)]
            file: File::of(&address),
            listener: Arc::new(listener),
            address,
            accepting: false,
        })
    }

    /// Refuses clients from here on, and wakes the thread in accept. The descriptor is closed when that has let go of it.
    pub(super) fn close(self) {
        let woken = self.waker.is_some_and(|wake| wake());
        if !woken && self.accepting {
            knock(&self.address);
        }
        #[cfg(unix)]
        if let Some(file) = &self.file {
            file.remove(); // not before, as the knock has to find it
        }
    }
}

/// Wakes a thread in accept by connecting to it. It looks whether the server still listens before it does anything with
/// the connection, so that this one never shows.
fn knock(at: &Address) {
    let at = match at {
        // "All addresses" is none that one could connect to.
        Address::Tcp(at) if at.ip().is_unspecified() => {
            let ip = if at.is_ipv4() {
                IpAddr::V4(Ipv4Addr::LOCALHOST)
            } else {
                IpAddr::V6(Ipv6Addr::LOCALHOST)
            };
            Address::Tcp(SocketAddr::new(ip, at.port()))
        }
        _ => at.clone(),
    };
    // If this fails there is nobody to wake, or the backlog is full, which wakes as well.
    let _ = Stream::connect(&at, Some(Duration::from_secs(1)));
}

/// What became of a connection that came.
enum Verdict {
    /// It is ours, and its socket counts.
    Serve,
    TooMany,
    /// The server was closed meanwhile.
    Closed,
}

impl Server {
    /// Starts the thread that accepts. Does nothing if the server was closed by a Listening listener.
    pub(super) fn start_accepting(&self) -> io::Result<()> {
        let mut state = self.lock();
        let Some(open) = &mut state.open else { return Ok(()) };
        open.accepting = true;
        let listener = open.listener.clone();
        state.alive += 1;
        drop(state);
        let server = self.clone();
        threads::start(Box::new(move || server.accept(listener))).inspect_err(|_| {
            let _ = self.close();
            self.one_less();
        })
    }

    /// Leader and follower: the thread that accepts a connection serves it, if another one waits for work and can accept
    /// in its place; so the connection is served without the wait for a thread to wake. If none waits, a new thread serves,
    /// and this one goes on accepting: the backlog (128) must not fill up while threads start.
    fn accept(&self, listener: Arc<Listener>) {
        // Set while accepting fails: Error is told once for each such time.
        let mut failing = false;
        loop {
            let (stream, remote) = match listener.accept() {
                Ok(accepted) => accepted,
                Err(_) if !self.lock().accepts_on(&listener) => break,
                // The client has gone again; the next one, please.
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::ConnectionAborted | ErrorKind::Interrupted
                    ) =>
                {
                    continue;
                }
                Err(error) => {
                    if !std::mem::replace(&mut failing, true) {
                        self.failed(error::of_call("accept", "", error));
                    }
                    self.rest();
                    continue;
                }
            };
            failing = false;
            match self.admit(&listener) {
                Verdict::Closed => break,
                Verdict::TooMany => {
                    let dropped = Dropped { local: stream.local_addr(), remote };
                    drop(stream);
                    self.emit::<Drop>(&dropped);
                }
                Verdict::Serve => {
                    let socket = EventSocket::accepted(stream, remote, self.0.options.clone());
                    if let Some(waiting) = threads::Waiting::take() {
                        let server = self.clone();
                        waiting.start(Box::new(move || server.accept(listener)));
                        return self.serve(socket);
                    }
                    let server = self.clone();
                    if let Err(error) = threads::start_new(Box::new(move || server.serve(socket))) {
                        // The closure and the socket in it are gone: that one client is refused.
                        self.lock().connections -= 1;
                        self.one_less();
                        self.failed(error::of_call("accept", "", error));
                        self.rest();
                    }
                }
            }
        }
        drop(listener); // the descriptor is closed before Close can be told
        self.one_less();
    }

    fn admit(&self, listener: &Arc<Listener>) -> Verdict {
        let mut state = self.lock();
        if !state.accepts_on(listener) {
            return Verdict::Closed;
        }
        if state.max_connections.is_some_and(|limit| state.connections >= limit) {
            return Verdict::TooMany;
        }
        state.connections += 1;
        state.alive += 1;
        Verdict::Serve
    }

    /// All of a connection's life, on its thread.
    fn serve(&self, socket: EventSocket) {
        let greet = || {
            let calls = Connection::list(&mut self.lock().listeners).copy();
            calls.iter().for_each(|call| call(self, &socket));
        };
        let gone = || {
            let mut state = self.lock();
            state.connections -= 1;
            self.changed(&state); // a descriptor is free
        };
        socket.serve(greet, gone);
        drop(socket);
        self.one_less();
    }

    pub(super) fn one_less(&self) {
        let mut state = self.lock();
        state.alive -= 1;
        self.changed(&state);
    }

    /// Wakes those to whom the change matters: `run` waits for the last of the living, `rest` for anything. Waking `run`
    /// at the end of every connection would cost a quarter of all short ones that can be served.
    fn changed(&self, state: &MutexGuard<'_, State>) {
        if state.alive == 0 || state.resting {
            self.0.monitor.notify(state);
        }
    }

    /// Accepting failed, and goes on.
    fn failed(&self, error: io::Error) {
        if !self.emit::<Error>(&error) {
            error::complain(&format!(
                "a server failed to accept and has no Error listener: {error}"
            ));
        }
    }

    /// Waits a little, or until a connection ends or the server is closed.
    fn rest(&self) {
        let mut state = self.lock();
        state.resting = true;
        let mut state = self.0.monitor.wait(state, Some(Instant::now() + REST));
        state.resting = false;
    }
}

impl State {
    /// Whether this is still the listening socket: it is not when `close` was called, and `listen` maybe after it.
    fn accepts_on(&self, listener: &Arc<Listener>) -> bool {
        self.open.as_ref().is_some_and(|open| Arc::ptr_eq(&open.listener, listener))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Where a listening socket cannot be shut down, `close` has to knock: on every kind of address, and unseen.
    #[test]
    fn a_knock_wakes_accept_and_never_shows() {
        let mut places: Vec<Endpoint> = vec![("127.0.0.1", 0).into(), ("0.0.0.0", 0).into()];
        if Listener::bind(&("::1", 0).into()).is_ok() {
            places.extend([("::1", 0).into(), ("::", 0).into()]);
        }
        #[cfg(unix)]
        places.push(
            std::env::temp_dir().join(format!("net-notes-knock-{}", std::process::id())).into(),
        );
        for place in places {
            let seen = Arc::new(AtomicUsize::new(0));
            let count = seen.clone();
            let server = crate::create_server(move |_| {
                count.fetch_add(1, Ordering::SeqCst);
            });
            server.listen(place, |_| {}).unwrap();
            if let Some(open) = &mut server.lock().open {
                open.waker = None;
            }
            let (ready, accepting) = std::sync::mpsc::channel();
            let ready = std::sync::Mutex::new(ready);
            server
                .on(crate::event::Listening, move |_, ()| ready.lock().unwrap().send(()).unwrap());
            let running = server.spawn();
            accepting.recv_timeout(Duration::from_secs(30)).unwrap();
            server.close().unwrap();
            running.join().unwrap().unwrap();
            assert_eq!(seen.load(Ordering::SeqCst), 0);
        }
    }
}

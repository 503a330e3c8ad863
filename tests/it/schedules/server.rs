//! A server of a schedule. It may close and listen again, and a pure function judges what it has
//! emitted.

use std::io;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use super::log::lock;
use super::net::{self, Address, Endpoint, EventSocket, Server, ServerOptions, event};

/// The calls and the emitted events, in order.
#[derive(Debug, Clone, PartialEq)]
enum Entry {
    CallListen,
    Listening,
    Connection,
    CallClose,
    Close,
    RunReturned,
    Failed(String),
}

type Log = Arc<Mutex<Vec<Entry>>>;

pub struct RunningServer {
    server: Server,
    log: Log,
    place: Endpoint,
    /// Held while the server closes and listens again. `true` once it is closed finally.
    is_over: Mutex<bool>,
}

impl RunningServer {
    /// Listens and runs. The first client is for `on_connection`; the others are ended.
    pub fn start(
        options: ServerOptions,
        place: Endpoint,
        on_connection: impl Fn(&EventSocket) + Send + Sync + 'static,
    ) -> io::Result<(Arc<RunningServer>, JoinHandle<()>)> {
        let log = Log::default();
        let server = Server::new(options);
        let (listening, connections, closes) = (log.clone(), log.clone(), log.clone());
        server.on(event::Listening, move |_, ()| lock(&listening).push(Entry::Listening));
        server.on(event::Close, move |_, ()| lock(&closes).push(Entry::Close));
        server.on(event::Connection, move |_, socket| {
            let is_first = !lock(&connections).contains(&Entry::Connection);
            lock(&connections).push(Entry::Connection);
            match is_first {
                true => on_connection(socket),
                false => {
                    socket.end();
                    socket.resume();
                }
            }
        });
        lock(&log).push(Entry::CallListen);
        server.listen(place.clone(), |_| {})?;
        // The same port again, if it listens again. Only on Linux it is available at once.
        let place = match server.address() {
            Some(Address::Tcp(at)) if cfg!(target_os = "linux") => at.into(),
            _ => place,
        };
        let server = Arc::new(RunningServer { server, log, place, is_over: Mutex::new(false) });
        let runner = server.clone();
        Ok((server, thread::spawn(move || runner.run())))
    }

    fn add(&self, entry: Entry) {
        lock(&self.log).push(entry);
    }

    /// Runs until it is closed finally. `run()` returns also between the `close` and the `listen`
    /// of `listen_again`, if no connection is open then.
    fn run(&self) {
        loop {
            let is_over = *lock(&self.is_over);
            match self.server.run() {
                Ok(()) => self.add(Entry::RunReturned),
                Err(error) if net::code(&error) != "ERR_SERVER_NOT_RUNNING" => {
                    return self.add(Entry::Failed(error.to_string()));
                }
                Err(_) if is_over => return,
                Err(_) => {}
            }
        }
    }

    pub fn address(&self) -> Option<Address> {
        self.server.address()
    }

    pub fn has_accepted(&self) -> bool {
        lock(&self.log).contains(&Entry::Connection)
    }

    /// Calls `close`, and at once `listen`.
    pub fn listen_again(&self) {
        let is_over = lock(&self.is_over);
        if *is_over {
            return;
        }
        self.add(Entry::CallClose);
        let closed = self.server.close();
        self.add(Entry::CallListen);
        if let Err(error) = closed.and_then(|()| self.server.listen(self.place.clone(), |_| {})) {
            self.add(Entry::Failed(error.to_string()));
        }
    }

    pub fn close_all_connections(&self) {
        self.server.close_all_connections();
    }

    /// Starts a client that must be served, if the server has listened again.
    pub fn visitor(&self) -> Option<JoinHandle<io::Result<()>>> {
        let has_closed = lock(&self.log).contains(&Entry::CallClose);
        let visitor = EventSocket::new(self.address().filter(|_| has_closed)?);
        visitor.resume();
        Some(visitor.spawn())
    }

    /// Closes finally.
    pub fn close(&self) -> io::Result<()> {
        let mut is_over = lock(&self.is_over);
        *is_over = true;
        self.add(Entry::CallClose);
        self.server.close()
    }

    /// Judges a finished server: nothing has failed, no connection is left, Listening was emitted
    /// at most once for each `listen`, and Close at most once for each `close`, and last.
    pub fn judge(&self) -> Result<(), String> {
        let log = lock(&self.log);
        let count = |entry: Entry| log.iter().filter(|other| **other == entry).count();
        let has_failed = log.iter().any(|entry| matches!(entry, Entry::Failed(_)));
        let last = log.iter().rfind(|entry| **entry != Entry::RunReturned);
        let fits = !has_failed
            && self.server.connections() == 0
            && count(Entry::Listening) <= count(Entry::CallListen)
            && count(Entry::Close) <= count(Entry::CallClose)
            && last == Some(&Entry::Close);
        if fits { Ok(()) } else { Err(format!("a server: {log:?}")) }
    }
}

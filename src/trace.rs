//! What on_event the wire: as lines on standard error, and as a sequence diagram of a real run.
//!
//! With `NET_TRACE=1` in the environment every program that uses this crate prints a line for each event on the wire:
//! milliseconds since the first one, which socket, the direction, and what it was.
//!
//! ```text
//! $ NET_TRACE=1 cargo run --example 04_client
//!    0.402 ms  #1 client → connect 127.0.0.1:5000
//!    0.461 ms  #1 client ← connected
//!    0.522 ms  #1 client → data 24 B "hello, this is client!\n\r"
//!    0.731 ms  #1 client ← data 30 B "Hello, this is server!\n\rBye!\n\r"
//! ```
//!
//! A [`Recorder`] keeps the same events of the sockets that it watches and draws them, as text or as a picture.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

mod diagram;
mod svg;
mod text;

use self::diagram::{Diagram, Lane, Row, What};
use self::svg::Svg;
use self::text::Text;
use crate::endpoint::Address;
use crate::quote::quoted;
use crate::server::Server;
use crate::socket::EventSocket;
use crate::sync::lock;
use crate::wire::{Observer, WireEvent};

/// Watches sockets and servers, and draws what happened between them. Costs nothing where it is not used. Cheap to clone;
/// all clones are the same recorder. Node has no counterpart; one would use Wireshark.
///
/// ```
/// use net_notes::{self as net, event, trace::Recorder};
///
/// let recorder = Recorder::new();
/// let server = net::create_server(|socket| socket.end_with("Bye!\n"));
/// recorder.watch_server("server", &server);
/// server.listen(0, |_| {})?;
/// let client = net::EventSocket::new(server.address().unwrap());
/// recorder.watch("client", &client);
/// client.on(event::Data, |_, _| {});
///
/// let running = server.spawn();
/// client.run()?;
/// server.close()?;
/// running.join().unwrap()?;
///
/// let diagram = recorder.diagram();
/// assert!(diagram.contains("Bye!"));
/// # println!("{diagram}");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// It prints, times apart:
///
/// ```text
///        ms   client                                       server
///     0.000     │── connect ─────────────────────────────────▶│
///     0.128     │                                             │ accepts
///     0.170     │◀───────────────────────────── "Bye!\n" 5 B ─│
///     0.186     │◀────────────────────────────────────── FIN ─│
///     0.217     │ reads 5 B                                   │
/// ```
#[derive(Clone, Default)]
pub struct Recorder(Arc<Mutex<Log>>);

#[derive(Default)]
struct Log {
    lanes: Vec<Lane>,
    rows: Vec<Row>,
}

impl Recorder {
    /// A recorder that watches nothing yet.
    pub fn new() -> Recorder {
        Recorder::default()
    }

    /// Watches one socket from now on, under a name for the diagram.
    pub fn watch(&self, name: &str, socket: &EventSocket) {
        let mut log = lock(&self.0);
        let lane = log.lanes.len();
        log.lanes.push(Lane { name: name.to_string(), ..Lane::default() });
        drop(log);
        socket.add_observer(Box::new(Watch { log: self.0.clone(), lane }));
    }

    /// Watches every socket that the server accepts from now on, under one name: `server`, then `server#2`, `server#3`, …
    pub fn watch_server(&self, name: &str, server: &Server) {
        let recorder = self.clone();
        let name = name.to_string();
        let count = AtomicUsize::new(0);
        server.watch(move |socket| {
            let number = count.fetch_add(1, Ordering::Relaxed) + 1;
            let name = if number == 1 { name.clone() } else { format!("{name}#{number}") };
            recorder.watch(&name, socket);
        });
    }

    /// What happened so far, in the order of time, in 80 columns: one diagram for each connection.
    pub fn diagram(&self) -> String {
        Text(&self.diagrams()).to_string()
    }

    /// The same as a picture: the text of an SVG file, which a browser shows, or a page by `<img>`; legible on a light
    /// page and on a dark one. Where a line is dashed, only the system has the connection: the program has not accepted
    /// it yet, or has closed it, or nobody watches that end. The same events at the same times make the same text.
    ///
    /// ```
    /// use net_notes::{self as net, trace::Recorder};
    ///
    /// let server = net::create_server(|socket| socket.end_with("<b>Bye!</b>"));
    /// server.listen(0, |_| {})?;
    /// let client = net::connect(server.address().unwrap(), |_| {});
    /// client.resume(); // whatever comes, it is read
    /// let recorder = Recorder::new();
    /// recorder.watch("client", &client);
    /// let running = server.spawn();
    /// client.run()?;
    /// # server.close()?;
    /// # running.join().unwrap()?;
    ///
    /// let picture = recorder.svg(); // `std::fs::write("bye.svg", picture)` puts it into a file
    /// assert!(picture.starts_with("<svg ") && picture.contains("&lt;b&gt;Bye!"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn svg(&self) -> String {
        Svg(&self.diagrams()).to_string()
    }

    fn diagrams(&self) -> Vec<Diagram> {
        let log = lock(&self.0);
        diagram::diagrams(&log.lanes, &log.rows)
    }
}

impl fmt::Display for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.diagram())
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let log = lock(&self.0);
        f.debug_struct("Recorder")
            .field("sockets", &log.lanes.len())
            .field("events", &log.rows.len())
            .finish()
    }
}

/// One socket's line to the recorder. It holds the log and not the socket, which holds it.
struct Watch {
    log: Arc<Mutex<Log>>,
    lane: usize,
}

impl Observer for Watch {
    fn on_event(&self, at: Instant, what: WireEvent<'_>) {
        let mut log = lock(&self.log);
        let lane = &mut log.lanes[self.lane];
        let what = match what {
            WireEvent::Connect(to) => {
                lane.there = to.to_string();
                What::Connect
            }
            WireEvent::Connected { local, remote } => {
                (lane.here, lane.there) = (text(local), text(Some(remote)));
                return;
            }
            WireEvent::Accept { local, remote } => {
                (lane.here, lane.there, lane.accepted) = (text(local), text(remote), true);
                What::Accept
            }
            WireEvent::Sent(bytes) => What::Sent(bytes.len(), quoted(bytes, diagram::LABEL)),
            WireEvent::Received(bytes) => {
                What::Received(bytes.len(), quoted(bytes, diagram::LABEL))
            }
            WireEvent::SentFin => What::SentFin,
            WireEvent::ReceivedFin => What::ReceivedFin,
            WireEvent::Reset => What::Reset,
            WireEvent::Close => What::Close,
        };
        log.rows.push(Row { at, lane: self.lane, what });
    }
}

fn text(address: Option<&Address>) -> String {
    address.map(Address::to_string).unwrap_or_default()
}

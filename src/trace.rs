//! Events on the wire: printed on standard error, drawn as a sequence diagram, or sent to a viewer.
//!
//! With `NET_TRACE=1` in the environment every program that uses this crate prints a line for each
//! event on the wire: the milliseconds since the first event, the socket, the direction, and the
//! event.
//!
//! ```text
//! $ NET_TRACE=1 cargo run --example 04_client
//!    0.402 ms  #1 client → connect 127.0.0.1:5000
//!    0.461 ms  #1 client ← connected
//!    0.522 ms  #1 client → data 24 B "hello, this is client!\n\r"
//!    0.731 ms  #1 client ← data 30 B "Hello, this is server!\n\rBye!\n\r"
//! ```
//!
//! (Node's counterpart is `NODE_DEBUG=net`, which prints the calls inside the module and not the
//! bytes.)
//!
//! A [`Recorder`] keeps the same events of the sockets that it watches, and draws them as text or
//! as a picture.
//!
//! # To a viewer
//!
//! With `NET_TRACE=HOST:PORT` the program connects to a viewer there, and sends it the events, one
//! line each. (`NET_TRACE=1,HOST:PORT` also prints them.) The program does not wait for the viewer:
//! a separate thread sends the lines, at most 10 ms later. The lines that wait are limited to 1 MiB
//! and 4096 lines; a line that finds no room is dropped and counted, and the count is sent. If
//! there is no viewer, or if it disappears, a line on standard error says so, once; then the thread
//! tries again every second. The program continues in any case. It waits only where it may be about
//! to end: before the `Close` of a server, or of a socket that it has
//! [run](crate::EventSocket::run), it waits at most half a second for the last events to be sent;
//! and not again while the viewer does not keep up.
//!
//! ```text
//! net-trace 1
//! 0 16536 hello 04_client examples/04_client.rs unix=1795828971.178042
//! 118 16536.1 connect 127.0.0.1:5000 at=examples/04_client.rs:33
//! 371 16536.1 connected 127.0.0.1:42892 127.0.0.1:5000 at=examples/04_client.rs:21
//! 398 16536.1 sent 24 at=examples/04_client.rs:23 68656c6c6f2c207468697320697320636c69656e74210a0d
//! 742 16536.1 received 30 at=examples/04_client.rs:26 48656c6c6f2c207468697320697320736572766572210a0d427965210a0d
//! 790 16536.1 sent-fin at=examples/04_client.rs:28
//! 861 16536.1 received-fin at=examples/04_client.rs:30
//! 899 16536.1 close
//! ```
//!
//! This is version 1 of the format. It is UTF-8; each line ends with LF, and a last line without LF
//! was cut off. The first line is `net-trace` and the version. All others are `TIME WHO KIND …`,
//! with one space between fields. In a field, each byte of a space, a `%` or a control character is
//! written as `%` and two hexadecimal digits. An address is `IP:PORT`, `[IP]:PORT` or the path of a
//! Unix domain socket, and `-` if there is none. After the fields of its kind a line may have
//! others, `name=value`, in any order; bytes are last. A reader skips names and kinds that it does
//! not know, so that the version can stay 1.
//!
//! - TIME: microseconds since `hello`, by a monotonic clock. Lines of different threads may not be
//!   in the order of time.
//! - WHO: `PID`, the process; for all kinds except `hello` and `lost`, `PID.NUMBER`, its socket. A
//!   number is never reused.
//!
//! | KIND | fields | when |
//! |---|---|---|
//! | `hello` | NAME FILE `unix=` | first: the program, the source file that created its first socket or server (`-`: unknown), and the time of TIME 0 in seconds since 1970 |
//! | `connect` | TO | a connection is requested; the time before the call |
//! | `connected` | HERE THERE | it is established |
//! | `accept` | HERE THERE | a connection is accepted |
//! | `sent` | COUNT `q=` BYTES | the kernel has taken COUNT bytes; the time before the call. `q`: the number of bytes that are then still queued in the program, if any. BYTES: the bytes, at most the first 4096, in hexadecimal |
//! | `received` | COUNT BYTES | the kernel has returned COUNT bytes |
//! | `sent-fin` | | our side has ended; the time before the call |
//! | `received-fin` | | the peer's side has ended |
//! | `reset` | | the connection was reset, or refused |
//! | `close` | | the descriptor is closed |
//! | `lost` | EVENTS COUNT | EVENTS events were not sent, with COUNT bytes sent or received in them. All lines before this one are of earlier events; TIME is that of the last lost event. Right after `hello`, with TIME 0: the events before this connection to the viewer |
//!
//! So the lines of one connection, with the counts of its `lost` lines, account for all events up
//! to the last one. There is no line for the end of the process, which cannot report it itself: the
//! connection ends, and the parent of the process knows its exit status.
//!
//! `at=FILE:LINE` is the line of the program that caused the event, with the file as the compiler
//! names it:
//!
//! | event | its line |
//! |---|---|
//! | `connect` | `run` or `spawn` |
//! | `sent` | the write; if one system call sends several, the first |
//! | `sent-fin`, `close` | `end`, `destroy` and similar calls, or a write that was refused; none if the peer's end caused it |
//! | `accept`, `connected`, `received`, `received-fin`, `reset` | where the first listener that is called for it was registered: of Connection, Connect, Data (or Text), End, Error |
//!
//! Where this library makes the call for the program, or std does (`write!`, `io::copy`), it is the
//! line where the current listener was registered, such as `http::create_server(…)`; outside
//! listeners it is left out. The lines are kept only if a viewer is requested.

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
use crate::wire::{CallSite, Observer, WireEvent};

/// Watches sockets and servers, and draws what happened between them. Costs nothing where it is not
/// used. Cheap to clone; all clones are the same recorder. Node has no counterpart; Wireshark does
/// this.
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
/// Prints, with other times:
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
    /// Creates a recorder that watches nothing yet.
    pub fn new() -> Recorder {
        Recorder::default()
    }

    /// Watches a socket from now on, under a name for the diagram.
    pub fn watch(&self, name: &str, socket: &EventSocket) {
        let mut log = lock(&self.0);
        let lane = log.lanes.len();
        log.lanes.push(Lane { name: name.to_string(), ..Lane::default() });
        drop(log);
        socket.add_observer(Box::new(Watch { log: self.0.clone(), lane }), CallSite::default());
    }

    /// Watches every socket that the server accepts from now on, under one name: `server`, then
    /// `server#2`, `server#3`, …
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

    /// Draws the events so far, in the order of time, in 80 columns: one diagram for each
    /// connection.
    pub fn diagram(&self) -> String {
        Text(&self.diagrams()).to_string()
    }

    /// Draws the same as a picture: the text of an SVG file, which a browser shows, as does a page
    /// by `<img>`; legible on light and dark pages. A dashed line means that only the system has
    /// the connection: the program has not accepted it yet, or has closed it, or that end is not
    /// watched. The same events at the same times produce the same text.
    ///
    /// ```
    /// use net_notes::{self as net, trace::Recorder};
    ///
    /// let server = net::create_server(|socket| socket.end_with("<b>Bye!</b>"));
    /// server.listen(0, |_| {})?;
    /// let client = net::connect(server.address().unwrap(), |_| {});
    /// client.resume(); // reads whatever arrives
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
    fn on_event(&self, at: Instant, _site: CallSite, what: WireEvent<'_>) {
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
            WireEvent::Sent { bytes, .. } => {
                What::Sent(bytes.len(), quoted(bytes, diagram::LABEL_WIDTH))
            }
            WireEvent::Received(bytes) => {
                What::Received(bytes.len(), quoted(bytes, diagram::LABEL_WIDTH))
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

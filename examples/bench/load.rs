//! The load generator: plain blocking clients, a small thread for each connection, the same for
//! every server. Only HTTP has a generator by other authors.

pub mod bulk;
pub mod connect;
pub mod http;
pub mod idle;
pub mod paced;
pub mod ping;

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use std::{panic, thread};

use crate::children::{self, PATIENCE};
use crate::rows::{Contender, Load};
use crate::stats::percentile;

/// The default message of a row.
const MESSAGE: [u8; 64] = [b'm'; 64];

/// Measures one cell: a new server, the load, the figures in the order of `Load::figures`.
pub fn measure(load: &Load, contender: Contender, seconds: f64) -> io::Result<Vec<Option<f64>>> {
    let how = match load {
        Load::Bulk { .. } => "pipe",
        Load::Http { .. } => "http",
        _ => "echo",
    };
    let (server, port) = children::server(contender, how)?;
    match *load {
        Load::PingPong { connections, bytes } => ping::ping(port, connections, bytes, seconds),
        Load::Bulk { connections } => bulk::bulk(port, connections, seconds),
        Load::Connect { at_once } => connect::again_and_again(port, at_once, seconds),
        Load::Burst { clients } => connect::burst(port, clients),
        Load::Idle { connections } => idle::idle(&server, port, connections),
        Load::Paced { connections, per_second } => {
            paced::paced(port, connections, per_second, seconds)
        }
        Load::Http { connections, close } => http::http(port, connections, close, seconds),
    }
}

/// The time during which events are counted. Before `begin` is warm-up: threads start, caches fill,
/// Node's compiler begins to work.
#[derive(Clone, Copy)]
struct Window {
    begin: Instant,
    end: Instant,
}

impl Window {
    fn new(seconds: f64) -> Window {
        let begin = Instant::now() + Duration::from_secs_f64(0.02 + seconds / 4.0);
        Window { begin, end: begin + Duration::from_secs_f64(seconds) }
    }

    fn has(&self, now: Instant) -> bool {
        (self.begin..self.end).contains(&now)
    }

    fn seconds(&self) -> f64 {
        (self.end - self.begin).as_secs_f64()
    }
}

/// Opens a connection on which no call blocks for ever.
fn open(port: u16) -> io::Result<TcpStream> {
    let stream =
        TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // Nagle's algorithm would measure the other side's acknowledgement timer.
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Opens connections and exchanges a message on each: then the server has accepted them and runs
/// them.
fn open_all(port: u16, connections: usize) -> io::Result<Vec<TcpStream>> {
    let mut reply = MESSAGE;
    let opened = |_| {
        let mut stream = open(port)?;
        exchange(&mut stream, &MESSAGE, &mut reply)?;
        Ok(stream)
    };
    (0..connections).map(opened).collect()
}

/// Sends a message and reads its echo. The echo is compared: a server that is fast and wrong is not
/// fast.
fn exchange(stream: &mut TcpStream, message: &[u8], reply: &mut [u8]) -> io::Result<()> {
    reply.fill(0);
    stream.write_all(message)?;
    stream.read_exact(reply)?;
    if reply == message {
        Ok(())
    } else {
        Err(io::Error::other("the echo differs from the message"))
    }
}

/// Runs every task on its own thread and returns what they return, or the first error.
fn crowd<T, F>(tasks: impl IntoIterator<Item = F>) -> io::Result<Vec<T>>
where
    T: Send,
    F: FnOnce() -> io::Result<T> + Send,
{
    thread::scope(|scope| {
        // Buffers are on the heap: a client needs hardly any stack.
        let spawn = |task| thread::Builder::new().stack_size(128 * 1024).spawn_scoped(scope, task);
        let threads = tasks.into_iter().map(spawn).collect::<io::Result<Vec<_>>>()?;
        let join = |thread: thread::ScopedJoinHandle<'_, io::Result<T>>| {
            thread.join().unwrap_or_else(|cause| panic::resume_unwind(cause))
        };
        threads.into_iter().map(join).collect()
    })
}

/// Returns percentiles of latencies, in units of `unit`.
fn percentiles(latencies: &[Duration], unit: Duration, percents: [f64; 2]) -> [Option<f64>; 2] {
    let mut sorted: Vec<f64> =
        latencies.iter().map(|latency| latency.as_secs_f64() / unit.as_secs_f64()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    percents.map(|percent| percentile(&sorted, percent))
}

//! [`Host`]: the server to which a program under check connects.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener, TcpStream, UdpSocket};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::{Duration, Instant};

use super::observed::Observed;
use super::peer::Peer;
use super::rule::Rule;
use super::run::Run;
use super::transcript::TranscriptEvent;
use super::{Verdict, random};
use crate::stream::Stream;
use crate::sync::lock;

const LISTENS: Rule = Rule {
    name: "check-listens",
    en: "The check itself must find a free port.",
    zh: "检查程序自己要能找到一个空闲端口。",
    see: "Exercise",
};

/// Below the ports that systems assign for port 0 and for clients: Linux begins at 32768, the
/// others at 49152.
const FREE_PORT_RANGE: Range<u16> = 20_000..32_000;

/// A server on a free port of this machine, for a program that is a client.
#[derive(Debug)]
pub struct Host {
    listener: TcpListener,
    /// The same port of `::1`, if it is free: `localhost` may mean that address.
    other: Option<TcpListener>,
    ip: Ipv4Addr,
    port: u16,
    run: Arc<Run>,
}

impl Host {
    pub(super) fn listen(run: &Arc<Run>, ip: Ipv4Addr, port: u16) -> Verdict<Host> {
        let bound = bind(ip, port).and_then(|listener| {
            let port = listener.local_addr()?.port();
            let other = (ip == Ipv4Addr::LOCALHOST).then(|| bind(Ipv6Addr::LOCALHOST, port).ok());
            Ok(Host { listener, other: other.flatten(), ip, port, run: run.clone() })
        });
        bound.map_err(|error| {
            let port = Observed::text("a port", "一个端口");
            run.failed(&LISTENS, vec![port], vec![Observed::Text((&error).into())])
        })
    }

    /// The address to connect to.
    pub fn ip(&self) -> String {
        self.ip.to_string()
    }

    /// The port to connect to.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Waits for the program to connect. `name` is the name of the connection in the transcript.
    pub fn accept(&self, name: &str, rule: &Rule) -> Verdict<Peer> {
        self.accept_and_not(None, name, rule)
    }

    /// Like [`accept`](Self::accept). A connection to the other host is a failure.
    pub fn accept_and_not(&self, other: Option<&Host>, name: &str, rule: &Rule) -> Verdict<Peer> {
        let _waits = self.run.waits_for(rule);
        let deadline = self.run.deadline();
        let to = |host: &Host| {
            let (ip, port) = (host.ip, host.port);
            Observed::text(
                format!("the program connects to {ip} port {port}"),
                format!("程序连接 {ip} 的端口 {port}"),
            )
        };
        loop {
            // Checked first: a connection that it made before its end is still accepted.
            let ended = self.run.last_status();
            if let Some(stream) = self.accept_pending() {
                let peer = Peer::new(&self.run, name, stream);
                peer.log(TranscriptEvent::other("is connected", "已连上"));
                return Ok(peer);
            }
            if let Some((other, _)) = other.and_then(|other| Some((other, other.accept_pending()?)))
            {
                return Err(self.run.failed(rule, vec![to(self)], vec![to(other)]));
            }
            if let Some(status) = ended {
                let exit = Observed::Exit(status.code());
                return Err(self.run.failed(rule, vec![to(self)], vec![exit]));
            }
            if Instant::now() >= deadline {
                let nothing = Observed::Nothing(self.run.time_limit);
                return Err(self.run.failed(rule, vec![to(self)], vec![nothing]));
            }
            thread::park_timeout(Duration::from_millis(1));
        }
    }

    /// Whether a client has connected by now. Its connection is closed.
    pub fn is_visited(&self) -> bool {
        self.accept_pending().is_some()
    }

    /// Accepts a connection that is already established, if there is one.
    fn accept_pending(&self) -> Option<Stream> {
        let listeners = [Some(&self.listener), self.other.as_ref()];
        let (stream, _) = listeners.into_iter().flatten().find_map(|one| one.accept().ok())?;
        // On some systems an accepted socket inherits the listener's non-blocking mode.
        stream.set_nonblocking(false).ok()?;
        Stream::tcp(stream).ok()
    }
}

fn bind(ip: impl Into<IpAddr>, port: u16) -> io::Result<TcpListener> {
    let listener = TcpListener::bind((ip.into(), port))?;
    // std's accept has no deadline, so the listener is polled.
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Creates two hosts on the same port: one at an address of this machine that a program cannot
/// guess, and one at 127.0.0.1. `None` on systems without other loopback addresses.
pub(super) fn listen_apart(run: &Arc<Run>) -> Verdict<Option<(Host, Host)>> {
    let random_loopback_ip = random_loopback_ip();
    for _ in 0..10 {
        let usual = Host::listen(run, Ipv4Addr::LOCALHOST, 0)?;
        if let Ok(apart) = Host::listen(run, random_loopback_ip, usual.port) {
            return Ok(Some((apart, usual)));
        }
    }
    Ok(None)
}

/// A loopback address that a program cannot guess, where the system has such addresses.
fn random_loopback_ip() -> Ipv4Addr {
    let any = |range| random::number(range) as u8;
    Ipv4Addr::new(127, any(1..255), any(1..255), any(2..255))
}

/// Listens on these ports, at an address that a program cannot guess. Ports that are not available
/// are left out.
pub(super) fn listen_on(run: &Arc<Run>, ports: &[u16]) -> Vec<Host> {
    let ip = random_loopback_ip();
    ports.iter().filter_map(|port| Host::listen(run, ip, *port).ok()).collect()
}

/// Returns a free port that no program gets by accident, nor another check, also in another process:
/// until this check is over, it is claimed by a UDP socket of the same number, which TCP does not
/// notice. Whether it is free is tested by connecting: a listener of ours, after it is dropped, would
/// stay open for a moment in any child that another thread is just starting.
pub(super) fn free_port(run: &Run) -> Verdict<u16> {
    static NEXT: LazyLock<AtomicUsize> =
        LazyLock::new(|| AtomicUsize::new(random::number(0..FREE_PORT_RANGE.len())));
    for _ in FREE_PORT_RANGE {
        let next = NEXT.fetch_add(1, Ordering::Relaxed) % FREE_PORT_RANGE.len();
        let port = FREE_PORT_RANGE.start + next as u16;
        let Ok(claim) = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)) else { continue };
        let nobody = TcpStream::connect((Ipv4Addr::LOCALHOST, port));
        if nobody.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused) {
            lock(&run.claimed_ports).push(claim);
            return Ok(port);
        }
    }
    let (free, none) =
        (Observed::text("a free port", "一个空闲端口"), Observed::text("none", "没有"));
    Err(run.failed(&LISTENS, vec![free], vec![none]))
}

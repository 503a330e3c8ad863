//! The server that a program under check connects to.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::failure::Seen;
use super::peer::Peer;
use super::rule::Rule;
use super::{Run, Verdict};
use crate::stream::Stream;

const LISTENS: Rule = Rule {
    name: "check-listens",
    en: "The check itself has to find a free port.",
    zh: "检查程序自己要能找到一个空闲端口。",
    see: "Exercise",
};

/// Below all that a system takes from for port 0 and for clients: Linux begins at 32768, the others at 49152.
const NOT_GIVEN_AWAY: Range<u32> = 20_000..32_000;

/// A server on a free port of 127.0.0.1, for a program that is a client.
#[derive(Debug)]
pub struct Host {
    listener: TcpListener,
    port: u16,
    run: Arc<Run>,
}

impl Host {
    pub(super) fn listen(run: &Arc<Run>) -> Verdict<Host> {
        let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| {
            // std's accept has no deadline: so it is asked again and again.
            listener.set_nonblocking(true)?;
            let port = listener.local_addr()?.port();
            Ok(Host { listener, port, run: run.clone() })
        });
        bound.map_err(|error| {
            let (port, why) = (Seen::words("a port", "一个端口"), error.to_string());
            run.failed(&LISTENS, vec![port], vec![Seen::words(why.clone(), why)])
        })
    }

    /// The port of 127.0.0.1 to connect to.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Waits for the program to connect; the connection has this name in the transcript.
    pub fn accept(&self, name: &str, rule: &Rule) -> Verdict<Peer> {
        let deadline = self.run.deadline();
        loop {
            match self.listener.accept() {
                Ok((stream, _)) => {
                    // On some systems an accepted socket inherits this from the listener.
                    let blocking = stream.set_nonblocking(false);
                    if let Ok(stream) = blocking.and_then(|()| Stream::tcp(stream)) {
                        let connected = super::Words::new("is connected", "已连上");
                        self.run.transcript.add(name, super::transcript::What::Other(connected));
                        return Ok(Peer::new(&self.run, name, stream));
                    }
                }
                Err(error)
                    if error.kind() == ErrorKind::WouldBlock && Instant::now() < deadline =>
                {
                    thread::park_timeout(Duration::from_millis(1));
                }
                Err(_) => {
                    let connects = Seen::words("the program connects", "程序来连接");
                    let nothing = Seen::Nothing(self.run.patience);
                    return Err(self.run.failed(rule, vec![connects], vec![nothing]));
                }
            }
        }
    }
}

/// A free port that nobody gets by accident, nor another check by asking here. That nobody listens there is asked by
/// connecting: a listener of ours would live on for a moment, after it is dropped, in any child that another thread is just
/// starting.
pub(super) fn free_port(run: &Run) -> Verdict<u16> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let count = NOT_GIVEN_AWAY.end - NOT_GIVEN_AWAY.start;
    for _ in 0..count {
        // Checks in other processes begin elsewhere.
        let next =
            NEXT.fetch_add(1, Ordering::Relaxed).wrapping_add(std::process::id().wrapping_mul(100));
        let port = (NOT_GIVEN_AWAY.start + next % count) as u16;
        let nobody = TcpStream::connect((Ipv4Addr::LOCALHOST, port));
        if nobody.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused) {
            return Ok(port);
        }
    }
    let (free, none) = (Seen::words("a free port", "一个空闲端口"), Seen::words("none", "没有"));
    Err(run.failed(&LISTENS, vec![free], vec![none]))
}

//! The stream itself: pausing and resuming, back-pressure, counters, characters and pipes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use net_notes::{self as net, EventSocket, ServerOptions, event};

use super::recorder::{ALL, CONN, HOST, T, show};
use crate::common::until;

/// `pause` holds back data and end; `resume` brings all of it, in order.
pub fn s24_pause_resume(t: T) {
    let server = net::create_server(move |c| {
        t.watch("conn", c, CONN);
        c.write("one ");
        let c = c.clone();
        t.after(50, move |_| c.end_with("two"));
    });
    t.listen(&t.watch_server("server", server), move |server, port| {
        let s = t.watch("client", EventSocket::new((HOST, port)), ALL);
        s.pause();
        t.log("client", format!("paused {}", s.is_paused()));
        s.on(event::Ready, move |s, ()| {
            let s = s.clone();
            t.after(250, move |log| {
                log.line("client", "resume");
                s.resume();
                log.line("client", format!("paused {}", s.is_paused()));
            });
        });
        t.closes(&s, server);
        t.keep("client", s.spawn());
    });
}

/// No listener for data: no end and no close either, until `resume` discards the data.
pub fn s25_no_data_listener_no_end(t: T) {
    let server = net::create_server(move |c| {
        t.watch("conn", c, CONN);
        c.end_with("unread");
    });
    t.listen(&t.watch_server("server", server), move |server, port| {
        let s = EventSocket::new((HOST, port));
        let s = t.watch("client", s, "connect ready end error close");
        s.on(event::Ready, move |s, ()| {
            let s = s.clone();
            t.after(200, move |log| {
                until("the data is here", || s.bytes_read() == 6);
                let (read, destroyed) = (s.bytes_read(), s.is_destroyed());
                log.line("client", format!("still-open bytesRead={read} destroyed={destroyed}"));
                s.resume();
            });
        });
        t.closes(&s, server);
        t.keep("client", s.spawn());
    });
}

/// More than the kernel holds: `write` returns `false`, and `drain` is emitted once, when
/// everything was sent.
pub fn s26_backpressure_drain(t: T) {
    const N: usize = 16 * 1024 * 1024;
    let server = net::create_server(move |c| {
        let received = count(c);
        c.pause();
        t.watch("conn", c, "end error close");
        c.on(event::End, move |_, ()| t.log("conn", format!("received {}", received())));
        let c = c.clone();
        t.wait("client", "buffered true"); // however late the client is
        t.after(150, move |log| {
            log.line("conn", "resume");
            c.resume();
        });
    });
    t.listen(&t.watch_server("server", server), move |server, port| {
        let s = t.watch("client", EventSocket::new((HOST, port)), ALL);
        let buffered = |s: &EventSocket| format!("buffered {}", s.writable_length() > 0);
        s.on(event::Ready, move |s, ()| {
            t.log("client", format!("write-returns {}", s.write(vec![b'a'; N])));
            t.log("client", buffered(s));
        });
        s.on(event::Drain, move |s, ()| {
            t.log("client", buffered(s));
            s.end();
        });
        t.closes(&s, server);
        t.keep("client", s.spawn());
    });
}

/// Before there is a connection everything is queued, and from 16384 bytes on `write` returns
/// `false`.
pub fn s27_hwm_before_connect(t: T) {
    let server = net::create_server(move |c| {
        let received = count(c);
        t.watch("conn", c, "end error close");
        c.on(event::End, move |_, ()| t.log("conn", format!("received {}", received())));
    });
    t.listen(&t.watch_server("server", server), move |server, port| {
        let server = server.clone();
        // Not in this listener: Drain would wait until it has returned, and the connection may be
        // established before.
        let client = move || {
            let s = t.watch("client", EventSocket::new((HOST, port)), ALL);
            for n in [16383, 1, 1] {
                let sent = s.write(vec![0; n]);
                t.log("client", format!("write-{n} {sent} len={}", s.writable_length()));
            }
            s.on(event::Drain, move |s, ()| {
                t.log("client", format!("len {}", s.writable_length()));
                s.end();
            });
            t.closes(&s, &server);
            s.run()
        };
        t.keep("client", thread::spawn(client));
    });
}

/// Adds a listener that counts what arrives. Returns a function that reads the count.
fn count(c: &EventSocket) -> impl Fn() -> usize + Send + use<> {
    let sum = Arc::new(AtomicUsize::new(0));
    let adding = sum.clone();
    c.on(event::Data, move |_, data| {
        adding.fetch_add(data.len(), Ordering::SeqCst);
    });
    move || sum.load(Ordering::SeqCst)
}

/// `bytesWritten` includes what is queued, in bytes, not characters; both counts remain after the
/// connection.
pub fn s28_byte_counters(t: T) {
    let bytes = |s: &EventSocket| format!("bytes {}", counters(s));
    let server = net::create_server(move |c| {
        t.watch("conn", c, CONN);
        let mut got = 0;
        c.on(event::Data, move |c, data| {
            got += data.len();
            if got == 9 {
                c.end_with("12345678901");
            }
        });
        c.on(event::End, move |c, ()| t.log("conn", bytes(c)));
        c.on(event::Close, move |c, _| t.log("conn", bytes(c)));
    });
    t.listen(&t.watch_server("server", server), move |server, port| {
        let s = t.watch("client", EventSocket::new((HOST, port)), ALL);
        t.log("client", bytes(&s));
        s.write("héllo");
        t.log("client", bytes(&s));
        s.write("abc");
        t.log("client", bytes(&s));
        s.on(event::Ready, move |s, ()| t.log("client", bytes(s)));
        s.on(event::End, move |s, ()| t.log("client", bytes(s)));
        s.on(event::Close, move |s, _| t.log("client", bytes(s)));
        t.closes(&s, server);
        t.keep("client", s.spawn());
    });
}

fn counters(s: &EventSocket) -> String {
    format!("read={} written={}", s.bytes_read(), s.bytes_written())
}

/// Text: a character that two segments share arrives as a whole, with the second of them.
pub fn s31_utf8_split(t: T) {
    t.keep_chunks();
    let server = net::create_server(move |c| {
        t.watch("conn", c, CONN);
        c.set_no_delay(true);
        c.write(b"caf\xc3");
        let mut step = 0;
        c.on(event::Data, move |c, _| {
            step += 1;
            if step == 1 {
                c.write(b"\xa9!\xe2\x82");
            } else {
                c.end_with(b"\xac");
            }
        });
    });
    t.listen(&t.watch_server("server", server), move |server, port| {
        let s = EventSocket::new((HOST, port));
        let s = t.watch("client", s, "connect ready text end timeout drain error close");
        let mut n = 0;
        s.on(event::Text, move |s, _| {
            n += 1;
            if n <= 2 {
                s.write(n.to_string());
            }
        });
        t.closes(&s, server);
        t.keep("client", s.spawn());
    });
}

/// 5 MiB through a pipe and back: the same bytes, and the pipe passes the end on.
pub fn s42_pipe_echo_5mb(t: T) {
    const N: usize = 5 * 1024 * 1024;
    let big: Vec<u8> = (0..N).map(|i| (i * 31 + (i >> 8)) as u8).collect();
    t.log("client", format!("sent {}", show(&big)));
    let server = net::Server::new(ServerOptions::default().allow_half_open(true));
    server.on(event::Connection, move |_, c| {
        t.watch("conn", c, "end error close");
        c.pipe(c);
        c.on(event::Close, move |c, _| t.log("conn", format!("bytes {}", counters(c))));
    });
    t.listen(&t.watch_server("server", server), move |server, port| {
        let s = EventSocket::new((HOST, port));
        let s = t.watch("client", s, "connect ready data end error close");
        s.on(event::Ready, move |s, ()| pump(s, big.clone(), 0));
        s.on(event::Close, move |s, _| t.log("client", format!("bytes {}", counters(s))));
        t.closes(&s, server);
        t.keep("client", s.spawn());
    });
}

/// Writes from `offset` on until `write` returns `false`, and continues after the `drain`.
fn pump(s: &EventSocket, big: Vec<u8>, mut offset: usize) {
    while let Some(chunk) = big[offset..].chunks(65536).next() {
        offset += chunk.len();
        if !s.write(chunk) {
            s.once(event::Drain, move |s, ()| pump(s, big, offset));
            return;
        }
    }
    s.end();
}

/// A listener that is added late loses nothing: data first, then the end.
pub fn s59_late_data_listener(t: T) {
    let server = net::create_server(move |c| {
        t.watch("conn", c, CONN);
        c.end_with("waiting for you");
    });
    t.listen(&t.watch_server("server", server), move |server, port| {
        let s = EventSocket::new((HOST, port));
        let s = t.watch("client", s, "connect ready end error close");
        s.on(event::Ready, move |s, ()| {
            let s = s.clone();
            t.after(150, move |log| {
                log.line("client", "attach");
                t.watch("client", &s, "data");
            });
        });
        t.closes(&s, server);
        t.keep("client", s.spawn());
    });
}

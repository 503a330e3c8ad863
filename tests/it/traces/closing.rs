//! `end` and `destroy`: which side ends first, which writes are still allowed, and what the peer
//! sees.

use std::io;

use net_notes::{self as net, EventSocket, ServerOptions, event};

use super::recorder::{ALL, CONN, HOST, T, readable, writable};

/// The client ends first; the server's side answers with its own end automatically.
pub fn s03_client_ends_first(t: T) {
    let server = net::create_server(move |c| {
        t.watch("conn", c, CONN);
        c.on(event::Data, |c, _| {
            c.write("pong");
        });
    });
    t.listen(&t.watch_server("server", server), move |server, port| {
        let s = net::connect((HOST, port), |s| {
            s.write("ping");
        });
        let s = t.watch("client", s, ALL);
        s.on(event::Data, move |s, _| {
            t.log("client", "call-end");
            s.end();
        });
        t.closes(&s, server);
        t.keep("client", s.spawn());
    });
}

/// The server ends first, and the client never calls `end`. In the `end` listener it could still
/// write.
pub fn s04_server_ends_first(t: T) {
    let server = net::create_server(move |c| {
        t.watch("conn", c, CONN);
        c.on(event::Data, |c, _| c.end_with("bye"));
    });
    t.listen(&t.watch_server("server", server), move |server, port| {
        let s = net::connect((HOST, port), |s| {
            s.write("ping");
        });
        let s = t.watch("client", s, ALL);
        let state =
            |s: &EventSocket| format!("writable={} destroyed={}", writable(s), s.is_destroyed());
        s.on(event::End, move |s, ()| t.log("client", format!("in-end {}", state(s))));
        s.on(event::Close, move |s, _| t.log("client", format!("in-close {}", state(s))));
        t.closes(&s, server);
        t.keep("client", s.spawn());
    });
}

/// `end` with data, on both sides.
pub fn s05_end_with_data(t: T) {
    let server = net::create_server(move |c| {
        t.watch("conn", c, CONN);
        let mut got = Vec::new();
        c.on(event::Data, move |c, data| {
            got.extend_from_slice(data);
            if got == b"question" {
                c.end_with("answer");
            }
        });
    });
    t.listen(&t.watch_server("server", server), move |server, port| {
        let s = net::connect((HOST, port), |s| s.end_with("question"));
        let s = t.watch("client", s, ALL);
        t.closes(&s, server);
        t.keep("client", s.spawn());
    });
}

/// A write after `end` on the same side is an error, in the callback and as an event; what was
/// written before it arrives.
pub fn s06_write_after_own_end(t: T) {
    let server = net::create_server(move |c| {
        t.watch("conn", c, CONN);
    });
    t.listen(&t.watch_server("server", server), move |server, port| {
        let s = t.watch("client", EventSocket::new((HOST, port)), ALL);
        s.on(event::Ready, move |s, ()| {
            s.end_with("last");
            let sent = s.write_then("too late", t.callback("client", "write-cb"));
            t.log("client", format!("write-returns {sent}"));
        });
        t.closes(&s, server);
        t.keep("client", s.spawn());
    });
}

/// Half-open: the server answers long after the client's end.
pub fn s15_half_open_allowed(t: T) {
    let server = net::Server::new(ServerOptions::default().allow_half_open(true));
    server.on(event::Connection, move |_, c| {
        t.watch("conn", c, CONN);
        c.on(event::End, move |c, ()| {
            let c = c.clone();
            t.after(60, move |log| {
                let (readable, writable) = (readable(&c), writable(&c));
                let destroyed = c.is_destroyed();
                log.line(
                    "conn",
                    format!("late readable={readable} writable={writable} destroyed={destroyed}"),
                );
                c.write("late ");
                t.after(40, move |_| c.end_with("answer"));
            });
        });
    });
    t.listen(&t.watch_server("server", server), move |server, port| {
        let s = net::connect((HOST, port), |s| s.end_with("question"));
        let s = t.watch("client", s, ALL);
        t.closes(&s, server);
        t.keep("client", s.spawn());
    });
}

/// `destroy`: a close without an end on this side, an ordinary end on the other.
pub fn s16_destroy_no_end(t: T) {
    let server = net::create_server(move |c| {
        t.watch("conn", c, CONN);
        c.write("hi");
    });
    t.listen(&t.watch_server("server", server), move |server, port| {
        let s = t.watch("client", EventSocket::new((HOST, port)), ALL);
        s.on(event::Data, move |s, _| {
            s.destroy();
            t.log("client", format!("destroyed {}", s.is_destroyed()));
        });
        t.closes(&s, server);
        t.keep("client", s.spawn());
    });
}

/// `destroy` with an error: the peer cannot see it.
pub fn s17_destroy_with_error(t: T) {
    let server = net::create_server(move |c| {
        t.watch("conn", c, CONN);
        c.write("hi");
    });
    t.listen(&t.watch_server("server", server), move |server, port| {
        let s = t.watch("client", EventSocket::new((HOST, port)), ALL);
        s.on(event::Data, move |s, _| {
            s.destroy_with(io::Error::other("boom"));
            t.log("client", "destroy-returned");
        });
        t.closes(&s, server);
        t.keep("client", s.spawn());
    });
}

/// Bytes that were never read are dropped: the peer receives a reset, not an end.
pub fn s49_destroy_with_unread_data(t: T) {
    let server = net::create_server(move |c| {
        t.watch("conn", c, CONN);
        c.write(vec![0; 300_000]);
    });
    t.listen(&t.watch_server("server", server), move |server, port| {
        let s = EventSocket::new((HOST, port));
        let s = t.watch("client", s, "connect ready end error close");
        s.pause();
        s.on(event::Ready, move |s, ()| {
            t.wait("server", "connection"); // by then the bytes are on their way
            let s = s.clone();
            t.after(150, move |log| {
                log.line("client", format!("destroy bytesRead={}", s.bytes_read()));
                s.destroy();
            });
        });
        let server = server.clone();
        s.on(event::Close, move |_, _| {
            let server = server.clone();
            t.after(80, move |_| server.close().expect("it is running"));
        });
        t.keep("client", s.spawn());
    });
}

/// A write after `destroy`: only its callback receives the error.
pub fn s51_write_after_destroy(t: T) {
    let server = net::create_server(move |c| {
        t.watch("conn", c, CONN);
    });
    t.listen(&t.watch_server("server", server), move |server, port| {
        let s = t.watch("client", EventSocket::new((HOST, port)), ALL);
        s.on(event::Ready, move |s, ()| {
            s.destroy();
            s.destroy();
            let sent = s.write_then("x", t.callback("client", "write-cb"));
            t.log("client", format!("write-returns {sent}"));
            t.log("client", "calls-returned");
        });
        t.closes(&s, server);
        t.keep("client", s.spawn());
    });
}

/// A few bytes are in the kernel before `destroy` is called: they arrive.
pub fn s76_write_then_destroy_small(t: T) {
    let server = net::create_server(move |c| {
        t.watch("conn", c, CONN);
        c.write_then("parting", t.callback("conn", "write-cb"));
        c.destroy();
    });
    t.listen(&t.watch_server("server", server), move |server, port| {
        let s = t.watch("client", EventSocket::new((HOST, port)), ALL);
        t.closes(&s, server);
        t.keep("client", s.spawn());
    });
}

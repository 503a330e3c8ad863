//! From `connect` to the first bytes: calls before there is a connection, and attempts that fail.

use std::sync::atomic::{AtomicUsize, Ordering};

use net_notes::{self as net, EventSocket, ReadyState, event};

use super::recorder::{ALL, CONN, HOST, T};

/// The server greets a client that sends data; the client ends when it has been greeted.
pub fn s01_seed_greet(t: T) {
    let server = net::create_server(move |c| {
        t.watch("conn", c, CONN);
        c.on(event::Data, |c, data| {
            c.write("Hello, ");
            c.write(data);
            c.end_with("!\n");
        });
    });
    t.listen(&t.watch_server("server", server), move |server, port| {
        let s = net::connect((HOST, port), |s| {
            s.write("Ada");
        });
        let s = t.watch("client", s, ALL);
        s.once(event::Data, |s, _| s.end());
        t.closes(&s, server);
        t.keep("client", s.spawn());
    });
}

/// A write straight after `connect`, before its event.
pub fn s02_seed_write_before_connect(t: T) {
    let server = net::create_server(move |c| {
        t.watch("conn", c, CONN);
        c.on(event::Data, |c, data| c.end_with([b"echo:", data].concat()));
    });
    t.listen(&t.watch_server("server", server), move |server, port| {
        let s = t.watch("client", EventSocket::new((HOST, port)), ALL);
        t.log("client", format!("write-before-connect {}", s.write("early")));
        t.closes(&s, server);
        t.keep("client", s.spawn());
    });
}

/// Writes before `connect`, in it and after it arrive in the order of the calls.
pub fn s09_queued_writes_order(t: T) {
    let server = net::create_server(move |c| {
        t.watch("conn", c, CONN);
    });
    t.listen(&t.watch_server("server", server), move |server, port| {
        let s = net::connect((HOST, port), move |s| {
            s.write("4 ");
            let later = s.clone();
            t.after(50, move |_| later.end_with("6"));
            s.write("5 ");
        });
        let s = t.watch("client", s, ALL);
        s.write("1 ");
        s.write("2 ");
        s.write("3 ");
        t.log("client", format!("pending {}", s.ready_state() == ReadyState::Opening));
        t.closes(&s, server);
        t.keep("client", s.spawn());
    });
}

/// There is no listener: an error and a close, and the callback of the waiting write follows both.
pub fn s10_connection_refused(t: T) {
    let tmp = net::create_server(|_| {});
    t.listen(&tmp, move |tmp, port| {
        tmp.on(event::Close, move |_, ()| {
            let s = t.watch("client", EventSocket::new((HOST, port)), ALL);
            let sent = s.write_then("x", t.callback("client", "write-cb"));
            t.log("client", format!("write-returns {sent}"));
            s.on(event::Error, move |s, _| {
                t.log("client", format!("error-fields destroyed={}", s.is_destroyed()));
            });
            t.keep("client", s.spawn());
        });
        tmp.close().expect("it is running");
    });
}

/// A host name is looked up, an address is not.
pub fn s11_lookup_event(t: T) {
    let events = "connect ready data end error close";
    let server = net::create_server(|c| c.end_with("x"));
    t.listen(&server, move |server, port| {
        let left = &*Box::leak(Box::new(AtomicUsize::new(2)));
        let one = EventSocket::new(("localhost", port));
        // `family: 4`: this machine may know `localhost` by an IPv6 address, too.
        one.on(event::Lookup, move |_, found| match found.result {
            Ok(ip) if ip.is_ipv6() => {}
            _ => t.log("client1", super::recorder::lookup(found)),
        });
        let one = t.watch("client1", one, events);
        let two = t.watch("client2", EventSocket::new((HOST, port)), &format!("lookup {events}"));
        for (name, s) in [("client1", one), ("client2", two)] {
            let server = server.clone();
            s.on(event::Close, move |_, _| {
                if left.fetch_sub(1, Ordering::SeqCst) == 1 {
                    server.close().expect("it is running");
                }
            });
            t.keep(name, s.spawn());
        }
    });
}

/// A label of 64 characters: no resolver sends a query for it.
pub fn s12_host_not_found(t: T) {
    let s = EventSocket::new(("a".repeat(64), 9));
    t.watch("client", &s, "lookup connect ready error close");
    t.keep("client", s.spawn());
}

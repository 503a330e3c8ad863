//! The idle timeout, and the order in which listeners and callbacks are called.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use net_notes::{self as net, EventSocket, event};

use super::recorder::{ALL, CONN, HOST, T, writable};

/// `timeout` only notifies: the connection is unaffected.
pub fn s20_timeout_keeps_open(t: T) {
    let server = net::create_server(move |c| {
        t.watch("conn", c, CONN);
        c.on(event::Data, |c, _| {
            c.write("pong");
        });
    });
    t.listen(&t.watch_server("server", server), move |server, port| {
        let s = t.watch("client", EventSocket::new((HOST, port)), ALL);
        s.on(event::Ready, |s, ()| s.set_timeout(Some(Duration::from_millis(100))));
        s.once(event::Timeout, move |s, ()| {
            let (destroyed, writable) = (s.is_destroyed(), writable(s));
            t.log("client", format!("state destroyed={destroyed} writable={writable}"));
            s.set_timeout(None);
            s.write("ping");
        });
        s.on(event::Data, |s, _| s.end());
        t.closes(&s, server);
        t.keep("client", s.spawn());
    });
}

/// Traffic every 80 ms prevents a timeout; it is emitted once, after the last of it.
///
/// In Node's program it is 500 ms. A shared machine stalls for that long now and then (600 ms were
/// seen), so here it is 2 s.
pub fn s21_timeout_reset_by_activity(t: T) {
    let server = net::create_server(move |c| {
        t.watch("conn", c, CONN);
        let (c, mut n) = (c.clone(), 0);
        t.every(80, 8, move |_| {
            n += 1;
            c.write(n.to_string());
        });
    });
    t.listen(&t.watch_server("server", server), move |server, port| {
        let s = t.watch("client", EventSocket::new((HOST, port)), ALL);
        s.on(event::Ready, |s, ()| s.set_timeout(Some(Duration::from_secs(2))));
        s.once(event::Timeout, |s, ()| s.end());
        t.closes(&s, server);
        t.keep("client", s.spawn());
    });
}

/// The server says goodbye to a client that has been silent for too long: 300 ms in Node's program,
/// here longer, as above.
pub fn s75_idle_client_dropped(t: T) {
    let server = net::create_server(move |c| {
        t.watch("conn", c, CONN);
        c.set_timeout(Some(Duration::from_millis(1500)));
        c.on(event::Timeout, move |c, ()| {
            t.log("conn", "dropping");
            c.set_timeout(None);
            c.end_with("idle\n");
        });
    });
    t.listen(&t.watch_server("server", server), move |server, port| {
        let s = net::connect((HOST, port), move |s| {
            for (ms, text) in [(50, "a"), (100, "b")] {
                let s = s.clone();
                t.after(ms, move |_| {
                    s.write(text);
                });
            }
        });
        let s = t.watch("client", s, ALL);
        t.closes(&s, server);
        t.keep("client", s.spawn());
    });
}

/// Listeners run in the order of registration; one that is removed by another is still called for
/// the current event.
pub fn s33_listener_order(t: T) {
    let server = net::create_server(move |c| {
        t.watch("conn", c, CONN);
        c.on(event::Data, |c, data| {
            c.write(data);
        });
    });
    t.listen(&t.watch_server("server", server), move |server, port| {
        let s = EventSocket::new((HOST, port));
        let n = Arc::new(AtomicUsize::new(0));
        let b = Arc::new(OnceLock::new());
        // Node's is added last, and moved to the front
        s.on(event::Data, move |_, _| t.log("client", "data-first"));
        s.on(event::Data, {
            let (n, b) = (n.clone(), b.clone());
            move |s, data| {
                t.log("client", format!("data-A {}", String::from_utf8_lossy(data)));
                if n.load(Ordering::SeqCst) == 1 {
                    s.off(*b.get().expect("added before anything ran"));
                }
            }
        });
        b.set(s.on(event::Data, move |_, _| t.log("client", "data-B"))).expect("set once");
        s.once(event::Data, move |_, _| t.log("client", "data-once"));
        s.on(event::Data, move |s, _| match n.fetch_add(1, Ordering::SeqCst) + 1 {
            n if n < 3 => drop(s.write(n.to_string())),
            _ => s.end(),
        });
        s.on(event::Ready, |s, ()| {
            s.write("0");
        });
        t.closes(&s, server);
        t.keep("client", s.spawn());
    });
}

/// Write callbacks in the order of the writes; `finish` when the kernel has the last byte, `close`
/// last.
pub fn s46_callback_order(t: T) {
    let server = net::create_server(move |c| {
        t.watch("conn", c, CONN);
    });
    t.listen(&t.watch_server("server", server), move |server, port| {
        let s = t.watch("client", EventSocket::new((HOST, port)), ALL);
        s.on(event::Finish, move |_, ()| t.log("client", "finish"));
        s.on(event::Ready, move |s, ()| {
            s.write_then("a", t.callback("client", "write-cb-a"));
            s.write_then("b", t.callback("client", "write-cb-b"));
            s.end_with("c");
            t.log("client", "calls-returned");
        });
        t.closes(&s, server);
        t.keep("client", s.spawn());
    });
}

/// The callback of `connect` is a listener like any other, added first; `ready` follows all of
/// them.
pub fn s47_connect_callback_order(t: T) {
    let server = net::create_server(move |c| {
        t.watch("conn", c, CONN);
        c.end_with("x");
    });
    t.listen(&t.watch_server("server", server), move |server, port| {
        let s = net::connect((HOST, port), move |_| t.log("client", "connect-callback"));
        s.on(event::Ready, move |_, ()| t.log("client", "ready-1"));
        s.on(event::Connect, move |_, ()| t.log("client", "connect-1"));
        s.on(event::Connect, move |_, ()| t.log("client", "connect-2"));
        t.log("client", "connect-returned");
        let s = t.watch("client", s, "data end close");
        t.closes(&s, server);
        t.keep("client", s.spawn());
    });
}

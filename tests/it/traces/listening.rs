//! The server: its own events, its connections, and its close.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, OnceLock};

use net_notes::{self as net, Address, EventSocket, Server, event};

use super::recorder::{ALL, CONN, DEADLINE, HOST, T, address, outcome, port};

fn state(server: &Server) -> String {
    format!("state listening={} address={}", server.is_listening(), address(server.address()))
}

/// A port that is taken: no `listening`, no `close`.
pub fn s13_eaddrinuse(t: T) {
    let a = t.watch_server("server1", net::create_server(|_| {}));
    t.listen(&a, move |a, port| {
        let b = t.watch_server("server2", net::create_server(|_| {}));
        let refused = b.listen((HOST, port), |_| {}).expect_err("the port is taken");
        t.log("server2", format!("listen-returns {}", net::code(&refused)));
        t.log("server2", state(&b));
        let a = a.clone();
        t.after(50, move |_| a.close().expect("it is running"));
    });
}

/// A server that closes refuses new clients, and waits for open connections.
pub fn s34_server_close_waits(t: T) {
    let server = net::create_server(move |c| {
        t.watch("conn", c, CONN);
        c.on(event::Data, |c, data| {
            c.write([b"echo ", data].concat());
        });
    });
    t.listen(&t.watch_server("server", server), move |server, port| {
        let s = net::connect((HOST, port), |s| {
            s.write("1");
        });
        let s = t.watch("client1", s, ALL);
        let (server, mut n) = (server.clone(), 0);
        s.on(event::Data, move |s, _| {
            n += 1;
            if n > 1 {
                t.log("server", "still-open");
                return s.end();
            }
            let closed = outcome(&server.close());
            server.on(event::Close, move |_, ()| {
                t.log("server", format!("close-callback {closed}"));
            });
            t.log("server", state(&server));
            let late = t.watch("client2", EventSocket::new((HOST, port)), ALL);
            let s = s.clone();
            late.on(event::Close, move |_, _| {
                s.write("2");
            });
            t.keep("client2", late.spawn());
        });
        t.keep("client1", s.spawn());
    });
}

/// One connection at most: the second is dropped, and there is room again when the first has
/// closed.
pub fn s36_max_connections_drop(t: T) {
    let k = AtomicUsize::new(0);
    let (gone, server_is_done) = channel();
    let told = gone.clone();
    let server = net::create_server(move |c| {
        t.log("server", "connection");
        let k = k.fetch_add(1, Ordering::SeqCst) + 1;
        t.watch(&format!("conn{k}"), c, CONN);
        let gone = gone.clone();
        c.on(event::Close, move |_, _| {
            let _ = gone.send(());
        });
        c.write("hi");
    });
    server.set_max_connections(Some(1));
    server.on(event::Close, move |_, ()| t.log("server", "close"));
    t.listen(&server, move |server, port| {
        server.on(event::Drop, move |_, dropped| {
            let ours = dropped.local.as_ref().and_then(Address::port) == Some(port);
            let (local, remote) = (family(&dropped.local), family(&dropped.remote));
            t.log("server", format!("drop local={local}/{ours} remote={remote}"));
            let _ = told.send(());
        });
        let a = t.watch("client1", EventSocket::new((HOST, port)), ALL);
        a.once(event::Data, move |a, _| {
            let b = t.watch("client2", EventSocket::new((HOST, port)), ALL);
            let a = a.clone();
            b.on(event::Close, move |_, _| a.end());
            t.keep("client2", b.spawn());
        });
        let server = server.clone();
        a.on(event::Close, move |_, _| {
            // Node's program gives the server 50 ms for its side of the close; this one waits for
            // the close, and for the listener of Drop, which runs on a separate thread.
            for _ in 0..2 {
                server_is_done.recv_timeout(DEADLINE).expect("conn1 is closed, and Drop emitted");
            }
            let c = t.watch("client3", EventSocket::new((HOST, port)), ALL);
            c.once(event::Data, |c, _| c.end());
            let server = server.clone();
            c.on(event::Close, move |_, _| server.close().expect("it is running"));
            t.keep("client3", c.spawn());
        });
        t.keep("client1", a.spawn());
    });
}

fn family(address: &Option<Address>) -> String {
    let ip = address.as_ref().and_then(Address::ip).expect("TCP has addresses");
    format!("{ip}/{}", if ip.is_ipv4() { "IPv4" } else { "IPv6" })
}

/// The number of open connections, at any time.
pub fn s37_get_connections(t: T) {
    let (gone, closes) = channel();
    let server = net::create_server(move |c| {
        c.resume();
        c.write(".");
        let gone = gone.clone();
        c.on(event::Close, move |_, _| {
            let _ = gone.send(());
        });
    });
    let (listens, listening) = channel();
    t.listen(&server, move |_, port| listens.send(port).expect("it is waited for"));
    let port = listening.recv_timeout(DEADLINE).expect("the server listens");
    let count = |label| t.log("server", format!("{label} n={}", server.connections()));
    let open = || {
        let s = EventSocket::new((HOST, port));
        let (first, dot) = channel();
        s.once(event::Data, move |_, _| first.send(()).expect("it is waited for"));
        t.keep("a client", s.spawn());
        dot.recv_timeout(DEADLINE).expect("the server sends a dot");
        s
    };
    // Node's program waits 50 ms for the server's side of a close.
    let closed = || closes.recv_timeout(DEADLINE).expect("a connection is closed");

    count("zero");
    let (a, b, c) = (open(), open(), open());
    count("three");
    a.end();
    closed();
    count("two");
    b.destroy();
    c.destroy();
    closed();
    closed();
    count("none");
    server.on(event::Close, move |_, ()| t.log("server", "close"));
    server.close().expect("it is running");
}

/// `listening` is emitted before the first `connection`, and callbacks run before the listeners
/// added later.
pub fn s38_listening_then_connection(t: T) {
    let server = net::create_server(move |c| {
        t.log("server", "connection-callback");
        c.end();
    });
    t.log("server", state(&server));
    let on_listening = move |server: &Server| {
        let address = server.address().expect("it listens");
        let (listening, ip) = (server.is_listening(), address.ip().expect("TCP has addresses"));
        let family = if ip.is_ipv4() { "IPv4" } else { "IPv6" };
        let port_is_set = port(server) > 0;
        t.log(
            "server",
            format!(
                "listen-callback listening={listening} family={family} address={ip} port-is-set={port_is_set}"
            ),
        );
        let s = t.watch("client", EventSocket::new((HOST, port(server))), ALL);
        let server = server.clone();
        s.on(event::Close, move |_, _| {
            server.on(event::Close, move |server, ()| t.log("server", state(server)));
            server.close().expect("it is running");
        });
        t.keep("client", s.spawn());
    };
    server.listen((HOST, 0), on_listening).expect("some port is free");
    server.on(event::Listening, move |_, ()| t.log("server", "listening"));
    server.on(event::Connection, move |_, _| t.log("server", "connection"));
    server.on(event::Close, move |_, ()| t.log("server", "close"));
    t.log("server", "listen-returned");
    t.keep("server", server.spawn());
}

/// A Unix socket: the same events; its address is a file, which is gone after the close.
#[cfg(unix)]
pub fn s40_unix_socket(t: T) {
    fn shown(value: Option<impl ToString>) -> String {
        value.map_or_else(|| "none".to_string(), |value| value.to_string())
    }
    let dir = std::env::temp_dir().join(format!("net-notes-40-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a folder of our own");
    let path = dir.join("s.sock");
    let server = net::create_server(move |c| {
        t.watch("conn", c, CONN);
        c.on(event::Data, |c, data| c.end_with([b"echo ", data].concat()));
    });
    let server = t.watch_server("server", server);
    let on_listening = {
        let path = path.clone();
        move |server: &Server| {
            let is_path = server.address() == Some(Address::Unix(path.clone()));
            t.log("server", format!("address-is-path {is_path}"));
            t.log("server", format!("file-exists {}", path.exists()));
            let s = EventSocket::new(&path);
            let s = t.watch("client", s, "lookup connect ready data end error close");
            s.on(event::Ready, move |s, ()| {
                let ip = |address: Option<Address>| shown(address.and_then(|address| address.ip()));
                let (remote, local) = (ip(s.remote_addr()), ip(s.local_addr()));
                let port = shown(s.remote_addr().and_then(|address| address.port()));
                t.log("client", format!("addresses remote={remote} local={local} port={port}"));
                s.write("ipc");
            });
            let server = server.clone();
            s.on(event::Close, move |_, _| {
                let (path, dir) = (path.clone(), dir.clone());
                server.on(event::Close, move |_, ()| {
                    t.log("server", format!("file-exists {}", path.exists()));
                    std::fs::remove_dir_all(&dir).expect("it is ours");
                });
                server.close().expect("it is running");
            });
            t.keep("client", s.spawn());
        }
    };
    server.listen(&path, on_listening).expect("the folder is new");
    t.keep("server", server.spawn());
}

/// Eight clients at once: each has a separate socket, and receives its own answers.
pub fn s43_many_clients(t: T) {
    let n = Arc::new(AtomicUsize::new(0));
    let server = net::create_server({
        let n = n.clone();
        move |c| {
            n.fetch_add(1, Ordering::SeqCst);
            let name = Arc::new(OnceLock::new());
            let conn = |name: &OnceLock<String>| format!("conn{}", name.get().expect("it said so"));
            c.on(event::Data, {
                let name = name.clone();
                move |c, data| {
                    let text = String::from_utf8_lossy(data);
                    match name.set(text.to_string()) {
                        Ok(()) => t.log(&conn(&name), format!("first {text}")),
                        Err(_) => t.data(&conn(&name), data),
                    }
                    c.write(format!("{}:{text};", name.get().expect("just set")));
                }
            });
            let ended = name.clone();
            c.on(event::End, move |_, ()| t.log(&conn(&ended), "end"));
            c.on(event::Close, move |_, bad| t.log(&conn(&name), format!("close {bad}")));
        }
    });
    server.on(event::Close, move |_, ()| {
        t.log("server", format!("close connections={}", n.load(Ordering::SeqCst)));
    });
    t.listen(&server, move |server, port| {
        let closed = Arc::new(AtomicUsize::new(0));
        for i in 1..=8 {
            let name = format!("client{i}");
            let s = t.watch(&name, EventSocket::new((HOST, port)), ALL);
            s.on(event::Ready, move |s, ()| {
                s.write(i.to_string());
            });
            let (mut got, mut step) = (Vec::new(), 0);
            s.on(event::Data, move |s, data| {
                got.extend_from_slice(data);
                if !got.ends_with(b";") {
                    return;
                }
                got.clear();
                step += 1;
                if step == 3 {
                    s.end();
                } else {
                    s.write(format!("m{step}"));
                }
            });
            let (server, closed) = (server.clone(), closed.clone());
            s.on(event::Close, move |_, _| {
                if closed.fetch_add(1, Ordering::SeqCst) == 7 {
                    server.close().expect("it is running");
                }
            });
            t.keep(&name, s.spawn());
        }
    });
}

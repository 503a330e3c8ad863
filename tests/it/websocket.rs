//! `websocket` over real sockets, with clients that use nothing of it: the handshake, frames that
//! are valid, invalid and cut anywhere, the ways to close, back-pressure.

mod cases;
mod hostile;
mod peers;
use crate::common;
mod raw;
use crate::http::running;
mod serving;

use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use common::{DEADLINE, let_pass, until};
use net::websocket::{self, Closed, Message, Options, WebSocket};
use net_notes as net;
use raw::*;
use running::Running;
use serving::{Told, echo, next, server};

/// Runs a server, and passes its connections to the test.
fn handles(options: Options) -> (Running, Told, Receiver<WebSocket>) {
    let (give, given) = channel();
    let give = Mutex::new(give);
    let (server, told) = server(options, move |socket| {
        echo(socket);
        give.lock().expect("no panic").send(socket.clone()).expect("the test waits");
    });
    (server, told, given)
}

// The handshake.

#[test]
fn who_asks_rightly_gets_a_websocket() {
    let (server, _told) = server(Options::default(), echo);
    for request in [
        HELLO.to_string(),
        HELLO.replace("Upgrade: websocket", "upgrade: WebSocket"),
        HELLO.replace("Connection: Upgrade", "Connection: keep-alive, UPGRADE"),
        HELLO.replace("Upgrade: websocket", "Upgrade: h2c, websocket"),
        HELLO.replace("Sec-WebSocket", "sec-websocket"),
        HELLO.replace("\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Protocol: chat\r\nOrigin: http://a\r\n\r\n"),
    ] {
        let mut client = Client::connect(server.port());
        client.send(&request);
        let head = client.head().to_lowercase();
        assert!(head.starts_with("http/1.1 101 "), "{request}{head}");
        for line in ["upgrade: websocket", "connection: upgrade", "sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="] {
            assert!(head.contains(&format!("\r\n{line}\r\n")), "{request}{head}");
        }
        // No extension or protocol is agreed on that the program has not requested (4.2.2).
        assert!(!head.contains("extensions") && !head.contains("protocol:"), "{head}");
        assert!(!head.contains("content-length") && !head.contains("transfer-encoding"), "{head}");
        client.send(frame(TEXT, "hello"));
        assert_eq!(client.text(), "hello");
    }
    server.server.close_all_connections();
    server.close();
}

#[test]
fn who_asks_wrongly_is_refused_with_a_status() {
    let (server, _told) = server(Options::default(), |_| unreachable!("refused"));
    let key = "dGhlIHNhbXBsZSBub25jZQ==";
    for (status, request) in [
        (426, "GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_string()),
        (426, HELLO.replace("Upgrade: websocket\r\n", "")),
        (426, HELLO.replace("Upgrade: websocket", "Upgrade: websockets")),
        (426, HELLO.replace("Connection: Upgrade\r\n", "")),
        (426, HELLO.replace("Connection: Upgrade", "Connection: keep-alive")),
        (426, HELLO.replace("HTTP/1.1", "HTTP/1.0")),
        (426, HELLO.replace("Version: 13", "Version: 8")),
        (426, HELLO.replace("Version: 13", "Version: 13, 8")),
        (426, HELLO.replace("Sec-WebSocket-Version: 13\r\n", "")),
        (400, HELLO.replace("Host: a\r\n", "")),
        (400, HELLO.replace("GET", "POST")),
        (400, HELLO.replace(&format!("Sec-WebSocket-Key: {key}\r\n"), "")),
        (400, HELLO.replace(key, "")),
        (400, HELLO.replace(key, "dGhlIHNhbXBsZSBub25jZ")),
        (400, HELLO.replace(key, "dGhlIHNhbXBsZSBub25jZSEh")), // 18 bytes
        (400, HELLO.replace(key, "dGhlIHNhbXBsZSBub25j_Q==")),
        (400, HELLO.replace(key, &format!("{key}\r\nSec-WebSocket-Key: {key}"))),
    ] {
        let mut client = server.client();
        let answer = client.send(&request).answer();
        assert_eq!(answer.status, status, "{request}{answer:?}");
        if status == 426 {
            assert!(answer.has("upgrade: websocket"), "{answer:?}");
            assert!(answer.has("sec-websocket-version: 13"), "{answer:?}");
        }
    }
    server.close();
}

#[test]
fn a_subprotocol_is_the_handlers_to_accept() {
    let server = Running::new(|request, response| {
        let offered = request.header("sec-websocket-protocol").unwrap_or_default();
        assert_eq!(offered, "chat, superchat");
        response.header("Sec-WebSocket-Protocol", "chat");
        websocket::upgrade(&request, response, |socket| socket.close(1000, ""));
    });
    let mut client = Client::connect(server.port());
    client.send(HELLO.replace("\r\n\r\n", "\r\nSec-WebSocket-Protocol: chat, superchat\r\n\r\n"));
    assert!(client.head().contains("\r\nSec-WebSocket-Protocol: chat\r\n"));
    drop(client);
    server.close();
}

// The frames.

fn limits() -> Options {
    Options::default().message_limit(cases::MESSAGE_LIMIT).frame_limit(cases::FRAME_LIMIT)
}

/// Sends the handshake and then these pieces, each in a separate system call, and compares
/// everything that arrives.
fn converse(server: &Running, told: &Told, case: &cases::Case, pieces: &[&[u8]]) {
    let mut client = Client::connect(server.port());
    client.send(HELLO);
    for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
        use std::io::Write;
        if client.stream.get_ref().write_all(piece).is_err() {
            break; // the first pieces were refused
        }
        thread::yield_now(); // so that the server may read it separately
    }
    client.welcomed();
    let answered = client.rest();
    let name = case.name;
    let start = |bytes: &[u8]| String::from_utf8_lossy(&bytes[..bytes.len().min(100)]).into_owned();
    assert_eq!(start(&answered), start(&case.answered), "{name}: {:?}", start(&case.sent));
    assert!(answered == case.answered, "{name}: {} bytes", answered.len());
    drop(client);
    let closed = next(told);
    assert_eq!((closed.code, closed.was_clean), case.closed, "{name}: {closed:?}");
}

#[test]
fn every_case_whole_and_byte_by_byte() {
    let (server, told) = server(limits(), echo);
    for case in cases::cases() {
        converse(&server, &told, &case, &[&case.sent]);
        if case.sent.len() < 1000 {
            converse(&server, &told, &case, &case.sent.chunks(1).collect::<Vec<_>>());
        } else {
            converse(&server, &told, &case, &case.sent.chunks(999).collect::<Vec<_>>());
        }
    }
    server.close();
}

#[test]
fn every_short_case_cut_anywhere() {
    let (server, told) = server(limits(), echo);
    for case in cases::cases().iter().filter(|case| case.sent.len() < 40) {
        for cut in 1..case.sent.len() {
            let (first, rest) = case.sent.split_at(cut);
            converse(&server, &told, case, &[first, rest]);
        }
    }
    server.close();
}

#[test]
fn frames_behind_the_head_are_not_lost() {
    let (server, told) = server(Options::default(), echo);
    for cut in [0, 1, HELLO.len() - 1, HELLO.len(), HELLO.len() + 3] {
        let all = [HELLO.as_bytes(), &frame(TEXT, "early"), &close(1000, "")].concat();
        let mut client = Client::connect(server.port());
        client.send(&all[..cut]).send(&all[cut..]);
        client.welcomed();
        assert_eq!(client.text(), "early");
        assert_eq!(client.closed(), (1000, String::new()));
        assert_eq!(next(&told).code, 1000);
    }
    server.close();
}

// The end.

#[test]
fn each_way_to_leave_is_told_once() {
    let (server, told) = server(Options::default(), echo);
    type Leave = fn(Client);
    let ways: [(&str, Leave, u16, bool); 6] = [
        ("a closing frame", |mut client| _ = client.send(close(1001, "bye")).closed(), 1001, true),
        ("an end", |client| drop(client), 1006, false),
        (
            "half an end",
            |mut client| {
                client.send(frame(TEXT, "last"));
                client.end();
                assert_eq!(client.text(), "last"); // what was sent before is answered
                assert_eq!(client.rest(), b"");
            },
            1006,
            false,
        ),
        (
            "an end in the middle of a frame",
            |mut client| _ = client.send(&frame(TEXT, "half")[..7]),
            1006,
            false,
        ),
        (
            "a reset",
            |mut client| {
                client.send(frame(TEXT, "unread"));
                client.stream.get_ref().peek(&mut [0]).expect("the answer is there");
            },
            1006,
            false,
        ),
        ("a broken frame", |mut client| _ = client.send([0xff, 0xff]).closed(), 1002, false),
    ];
    for (how, leave, code, was_clean) in ways {
        let client = Client::open(server.port());
        let left = Instant::now();
        leave(client);
        let closed = next(&told);
        assert_eq!((closed.code, closed.was_clean), (code, was_clean), "{how}: {closed:?}");
        assert!(left.elapsed() < Duration::from_secs(2), "{how}: after {:?}", left.elapsed());
    }
    until("all are gone", || server.server.connections() == 0);
    server.close();
    assert!(told.try_recv().is_err(), "told twice");
}

#[test]
fn close_waits_for_the_answer_and_then_ends_first() {
    let (server, told, given) = handles(Options::default());
    let mut client = Client::open(server.port());
    let socket = next(&given);
    let (deliver, delivered) = channel();
    socket.on_message(move |_, message| deliver.send(format!("{message:?}")).expect("told"));
    socket.send_text("before");
    socket.close(4000, "that was all");
    assert!(!socket.is_open());
    assert!(!socket.send_text("after") && !socket.ping("after"));
    socket.close(1000, "again");
    assert_eq!(client.text(), "before");
    assert_eq!(client.frame(), (CLOSE, closing(4000, "that was all")));
    assert!(told.try_recv().is_err(), "the client has not answered");
    // A message that was on its way is not delivered; a ping is answered until the client has
    // closed (5.5.2).
    client.send(frame(TEXT, "on its way")).send(frame(PING, "still there?"));
    assert_eq!(client.frame(), (PONG, b"still there?".to_vec()));
    client.send(close(4000, ""));
    assert_eq!(client.rest(), b"", "the server ends first (7.1.1)");
    assert_eq!(next(&told), Closed { code: 4000, reason: String::new(), was_clean: true });
    assert_eq!(delivered.try_iter().collect::<Vec<_>>(), [""; 0]);
    drop(client);
    server.close();
}

#[test]
fn a_close_that_is_never_answered_is_bounded_in_time() {
    let limit = Duration::from_millis(200);
    let (server, told, given) = handles(Options::default().close_timeout(limit));
    // One only reads, and one sends for ever.
    for sends in [false, true] {
        let mut client = Client::open(server.port());
        let socket = next(&given);
        let began = Instant::now();
        socket.close(1000, "");
        assert_eq!(client.frame(), (CLOSE, closing(1000, "")));
        let more = frame(TEXT, "more");
        let sent = client.stream.get_ref().try_clone().expect("a second handle");
        let sender = thread::spawn(move || {
            use std::io::Write;
            while sends && (&sent).write_all(&more).is_ok() {
                let_pass(Duration::from_millis(1));
            }
        });
        assert_eq!(next(&told).code, 1006);
        let took = began.elapsed();
        assert!(took >= limit && took < limit + Duration::from_secs(5), "{took:?}");
        until("it is gone", || server.server.connections() == 0);
        sender.join().expect("it notices");
    }
    server.close();
}

#[test]
fn a_client_that_never_ends_its_side_is_cut_off() {
    let limit = Duration::from_millis(200);
    let (server, told, _given) = handles(Options::default().close_timeout(limit));
    for goodbye in [close(1000, ""), vec![0xff]] {
        let mut client = Client::open(server.port());
        client.send(goodbye).closed();
        let began = Instant::now();
        next(&told);
        until("it is gone", || server.server.connections() == 0);
        assert!(began.elapsed() < limit + Duration::from_secs(5));
        drop(client);
    }
    server.close();
}

#[test]
fn no_message_follows_a_closing_frame() {
    let (server, _told, given) = handles(Options::default());
    for _ in 0..50 {
        let mut client = Client::open(server.port());
        let socket = next(&given);
        let senders: Vec<_> = (0..3)
            .map(|_| {
                let socket = socket.clone();
                thread::spawn(move || while socket.send_text("more") {})
            })
            .collect();
        for _ in 0..10 {
            assert_eq!(client.text(), "more");
        }
        // The client closes, and the server answers, while others send.
        client.send(close(1000, ""));
        loop {
            match client.frame() {
                (TEXT, _) => {}
                (first, payload) => {
                    assert_eq!((first, payload), (CLOSE, closing(1000, "")));
                    break;
                }
            }
        }
        assert_eq!(client.rest(), b"");
        senders.into_iter().for_each(|sender| sender.join().expect("no panic"));
    }
    server.close();
}

#[test]
fn codes_that_must_not_be_sent_are_not_sent() {
    let (server, told, given) = handles(Options::default());
    for (asked, sent) in [
        (1000, 1000),
        (1001, 1001),
        (4999, 4999),
        (1005, 1011),
        (1006, 1011),
        (0, 1011),
        (5000, 1011),
    ] {
        let mut client = Client::open(server.port());
        next(&given).close(asked, &"因".repeat(100));
        let (first, payload) = client.frame();
        assert_eq!((first, &payload[..2]), (CLOSE, &u16::to_be_bytes(sent)[..]), "{asked}");
        assert_eq!(String::from_utf8_lossy(&payload[2..]), "因".repeat(41));
        drop(client);
        next(&told);
    }
    server.close();
}

#[test]
fn on_close_is_called_at_once_when_it_is_over() {
    let (server, told, given) = handles(Options::default());
    let mut client = Client::open(server.port());
    let socket = next(&given);
    client.send(close(4001, "enough")).closed();
    next(&told);
    let (tell, now) = channel();
    socket.on_close(move |socket, closed| {
        assert!(!socket.is_open());
        tell.send(closed.clone()).expect("the test waits");
    });
    let closed = now.try_recv().expect("at once");
    assert_eq!((closed.code, &*closed.reason), (4001, "enough"));
    server.close();
}

#[test]
fn what_callbacks_own_is_dropped_at_the_end() {
    let alive = Arc::new(());
    let owned = alive.clone();
    let (give, given) = channel();
    let give = Mutex::new(give);
    let (server, told) = server(Options::default(), move |socket| {
        let (own, also, last) = (owned.clone(), owned.clone(), owned.clone());
        let handle = socket.clone(); // a cycle
        socket.on_message(move |_, _| _ = (&own, &handle));
        socket.on_pong(move |_, _| _ = &also);
        socket.on_drain(move |_| _ = &last);
        give.lock().expect("no panic").send(socket.clone()).expect("the test waits");
    });
    drop(Client::open(server.port()));
    next(&told);
    let socket = next(&given);
    until("the connection is gone", || server.server.connections() == 0);
    // These will never be called.
    let (late, later, latest) = (alive.clone(), alive.clone(), alive.clone());
    socket.on_message(move |_, _| _ = &late);
    socket.on_pong(move |_, _| _ = &later);
    socket.on_drain(move |_| _ = &latest);
    until("only the test and the server own it", || Arc::strong_count(&alive) == 2);
    server.close();
    drop(socket);
}

#[test]
fn a_panic_in_a_callback_ends_its_own_connection_only() {
    let (server, told) = server(Options::default(), |socket| {
        echo(socket);
        socket.on_message(|_, message| {
            if message == Message::Text("panic") {
                panic::resume_unwind(Box::new("planned"));
            }
        });
    });
    let mut other = Client::open(server.port());
    let mut client = Client::open(server.port());
    client.send(frame(TEXT, "panic"));
    assert_eq!(next(&told).code, 1006);
    other.send(frame(TEXT, "well"));
    assert_eq!(other.text(), "well");
    other.send(close(1000, "")).closed();
    server.close();
}

#[test]
fn a_panic_where_a_connection_begins_ends_it_only() {
    let (server, told) = server(Options::default(), |_| panic::resume_unwind(Box::new("planned")));
    for _ in 0..3 {
        let mut client = Client::connect(server.port());
        client.send(HELLO);
        assert_eq!(next(&told).code, 1006);
    }
    until("all are gone", || server.server.connections() == 0);
    server.close();
}

/// The time limits of `http` end with the handshake.
#[test]
fn a_websocket_may_be_silent_for_longer_than_a_request() {
    let limit = Duration::from_millis(100);
    let options = net::http::Options::default().request_timeout(limit).idle_timeout(limit);
    let server = Running::with(options, |request, response| {
        websocket::upgrade(&request, response, echo);
    });
    let mut client = Client::open(server.port());
    let mut other = server.client(); // shows when the time of both is over
    other.rest();
    client.send(frame(TEXT, "still here"));
    assert_eq!(client.text(), "still here");
    drop(client);
    server.close();
}

/// The order in which a server stops.
#[test]
fn a_server_stops_when_its_websockets_were_closed() {
    let (server, _told, given) = handles(Options::default());
    let mut clients: Vec<_> = (0..20).map(|_| Client::open(server.port())).collect();
    let sockets: Vec<_> = clients.iter().map(|_| next(&given)).collect();
    server.server.close().expect("it listens");
    clients[0].send(frame(TEXT, "still"));
    assert_eq!(clients[0].text(), "still");
    sockets.iter().for_each(|socket| socket.close(1001, "the server stops"));
    for client in &mut clients {
        assert_eq!(client.frame(), (CLOSE, closing(1001, "the server stops")));
        client.send(close(1001, ""));
        assert_eq!(client.rest(), b"");
    }
    drop(clients);
    until("all are gone", || server.server.connections() == 0);
}

// Pings, heartbeat, back-pressure.

/// Sends more than the kernels ever hold: 10 MiB, as Linux is configured.
fn fill(socket: &WebSocket) {
    let message = vec![0; 1 << 20];
    while socket.writable_length() < 16 << 20 {
        socket.send_binary(&message);
    }
}

#[test]
fn a_ping_is_answered_to_on_pong() {
    let (pongs, told_pongs) = channel();
    let (give, given) = channel();
    let shared = Mutex::new((pongs, give));
    let (server, _told) = server(Options::default(), move |socket| {
        let shared = shared.lock().expect("no panic");
        let pongs = shared.0.clone();
        socket.on_pong(move |_, data| pongs.send(data.to_vec()).expect("the test waits"));
        shared.1.send(socket.clone()).expect("the test waits");
    });
    let mut client = Client::open(server.port());
    let socket = next(&given);
    assert!(socket.ping("1") && socket.ping([2; 125]));
    assert!(!socket.ping([3; 126]), "too long, and not sent");
    assert_eq!(client.frame(), (PING, b"1".to_vec()));
    assert_eq!(client.frame(), (PING, vec![2; 125]));
    client.send(frame(PONG, "1")).send(frame(0x01, "a")).send(frame(PONG, "2"));
    assert_eq!([next(&told_pongs), next(&told_pongs)], [b"1", b"2"]);
    drop(client);
    server.close();
}

#[test]
fn of_the_pings_of_a_client_that_does_not_read_the_last_is_answered_later() {
    let (server, _told, given) = handles(Options::default());
    let mut client = Client::open(server.port());
    let socket = next(&given);
    let (tell, heard) = channel();
    socket.on_message(move |_, _| tell.send(()).expect("the test waits"));
    fill(&socket);
    client.send(frame(PING, "one")).send(frame(PING, "two")).send(frame(TEXT, "read so far"));
    next(&heard);
    let pong = loop {
        match client.frame() {
            (BINARY, _) => {}
            (first, payload) => break (first, payload),
        }
    };
    assert_eq!(pong, (TEXT, b"read so far".to_vec()));
    assert_eq!(client.frame(), (PONG, b"two".to_vec()));
    drop(client);
    server.close();
}

#[test]
fn a_heartbeat_keeps_who_answers_and_drops_who_does_not() {
    let period = Duration::from_millis(100);
    let (server, told) = server(Options::default().heartbeat(period), echo);
    let mut living = Client::open(server.port());
    let _dead = Client::open(server.port());
    let began = Instant::now();
    let noticed = loop {
        assert_eq!(living.frame(), (PING, Vec::new()));
        living.send(frame(PONG, ""));
        if let Ok(closed) = told.try_recv() {
            assert_eq!(closed, Closed { code: 1006, reason: String::new(), was_clean: false });
            break began.elapsed();
        }
        assert!(began.elapsed() < DEADLINE);
    };
    assert!(noticed >= period, "{noticed:?}");
    living.send(frame(TEXT, "here"));
    while living.frame() != (TEXT, b"here".to_vec()) {}
    drop(living);
    server.close();
}

#[test]
fn a_heartbeat_does_not_shorten_the_close_timeout() {
    let (period, limit) = (Duration::from_millis(50), Duration::from_millis(600));
    let options = Options::default().heartbeat(period).close_timeout(limit);
    let (server, told, given) = handles(options);
    let client = Client::open(server.port());
    let began = Instant::now();
    next(&given).close(1000, "");
    let closed = told.recv_timeout(DEADLINE).expect("the client does not answer");
    assert!(!closed.was_clean && began.elapsed() >= limit, "after {:?}", began.elapsed());
    drop(client);
    server.close();
}

/// While the server does not read, it cannot know whether the client is still connected.
#[test]
fn a_heartbeat_drops_nobody_who_is_not_read() {
    let (server, told, given) = handles(Options::default().heartbeat(Duration::from_millis(50)));
    let mut client = Client::open(server.port());
    let socket = next(&given);
    socket.pause();
    client.send(frame(TEXT, "later"));
    for _ in 0..4 {
        assert_eq!(client.frame(), (PING, Vec::new()));
    }
    socket.resume();
    client.send(frame(PONG, ""));
    while client.frame() != (TEXT, b"later".to_vec()) {}
    drop(client);
    assert_eq!(next(&told).code, 1006);
    server.close();
}

#[test]
fn a_paused_websocket_is_closed_in_order() {
    let (server, told, given) = handles(Options::default());
    let mut client = Client::open(server.port());
    let socket = next(&given);
    socket.pause();
    client.send(frame(TEXT, "not delivered"));
    socket.close(1001, "");
    assert_eq!(client.frame(), (CLOSE, closing(1001, "")));
    client.send(close(1001, ""));
    assert_eq!(client.rest(), b"");
    assert_eq!(next(&told), Closed { code: 1001, reason: String::new(), was_clean: true });
    server.close();
}

#[test]
fn a_slow_reader_is_seen_and_can_be_dropped() {
    let (server, told, given) = handles(Options::default());
    let client = Client::open(server.port());
    let socket = next(&given);
    let began = Instant::now();
    fill(&socket);
    for _ in 0..20 {
        assert!(!socket.send_text("more"));
    }
    assert!(socket.writable_need_drain());
    assert!(began.elapsed() < Duration::from_secs(10), "no send waits for the client");
    socket.destroy();
    assert_eq!(next(&told).code, 1006);
    until("its memory is free", || socket.writable_length() == 0);
    assert!(!socket.send_text("late"));
    drop(client);
    server.close();
}

#[test]
fn an_echo_with_back_pressure_queues_little() {
    const SIZE: usize = 50_000;
    const COUNT: usize = 1000;
    let most = Arc::new(AtomicUsize::new(0));
    let seen = most.clone();
    let (server, _told) = server(Options::default(), move |socket| {
        let seen = seen.clone();
        socket.on_message(move |socket, message| {
            let Message::Binary(data) = message else { panic!("bytes were sent") };
            if !socket.send_binary(data) {
                socket.pause();
            }
            seen.fetch_max(socket.writable_length(), Ordering::SeqCst);
        });
        socket.on_drain(|socket| socket.resume());
    });
    let mut client = Client::open(server.port());
    let stream = client.stream.get_ref().try_clone().expect("a second handle");
    let sender = thread::spawn(move || {
        use std::io::Write;
        for n in 0..COUNT {
            (&stream).write_all(&frame(BINARY, vec![n as u8; SIZE])).expect("sends");
        }
    });
    until("the server holds the client back", || most.load(Ordering::SeqCst) > 0);
    for n in 0..COUNT {
        assert!(client.frame() == (BINARY, vec![n as u8; SIZE]), "{n}");
    }
    sender.join().expect("no panic");
    let most = most.load(Ordering::SeqCst);
    assert!(most < 1_000_000, "{most} bytes were queued");
    drop(client);
    server.close();
}

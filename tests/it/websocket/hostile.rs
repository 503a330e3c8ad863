//! Hostile peers: endless fragments, huge lengths, single bytes, pings without end; random
//! conversations that are valid, and random bytes that are not. With `--ignored`, thousands of
//! them.

use super::raw;
use super::serving;
use crate::common;
use crate::http::running;

use std::io::Write;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use common::{AS_IT_IS, Random, alone_for, count_panics, until, within};
#[cfg(target_os = "linux")]
use common::{alone, own_status};
use net::websocket::Options;
use net_notes as net;
use raw::*;
use running::Running;
use serving::{Told, echo, next, server};

/// Returns a message in fragments that are cut at random, with pings between them; and the answer
/// of an echo server.
fn message(random: &mut Random) -> (Vec<u8>, Vec<u8>) {
    let length = [0, 1, 125, 126, 300, 70_000][random.below(6)];
    let length = random.below(length + 1);
    let (kind, payload) = match random.below(2) {
        0 => (2, random.bytes(length)),
        _ => (1, "aé你😀".chars().cycle().take(length / 2).collect::<String>().into_bytes()),
    };
    let (mut sent, mut answered) = (Vec::new(), Vec::new());
    let mut rest = &payload[..];
    let mut opcode = kind;
    for _ in 0..random.below(5) {
        let (piece, more) = rest.split_at(random.below(rest.len() + 1));
        sent.extend(frame(opcode, piece));
        (opcode, rest) = (0, more);
        if random.below(3) == 0 {
            let length = random.below(126);
            let ping = random.bytes(length);
            sent.extend(frame(PING, &ping));
            answered.extend(unmasked(PONG, &ping));
        }
    }
    sent.extend(frame(0x80 | opcode, rest));
    answered.extend(unmasked(0x80 | kind, &payload));
    (sent, answered)
}

/// Sends these bytes in pieces of random sizes, while it reads everything that arrives.
fn exchange(server: &Running, random: &mut Random, sent: &[u8]) -> Vec<u8> {
    let mut client = Client::connect(server.port());
    client.send(HELLO);
    client.welcomed();
    let stream = client.stream.get_ref().try_clone().expect("a second handle");
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut rest = sent;
            while !rest.is_empty() {
                let most = if random.below(2) == 0 { 10 } else { 50_000 };
                let (piece, more) = rest.split_at(rest.len().min(1 + random.below(most)));
                if (&stream).write_all(piece).is_err() {
                    return; // the server has given up
                }
                rest = more;
            }
            let _ = stream.shutdown(std::net::Shutdown::Write);
        });
        let mut answered = Vec::new();
        use std::io::Read;
        let read = client.stream.read_to_end(&mut answered);
        let reset = read.as_ref().is_err_and(|e| e.kind() == std::io::ErrorKind::ConnectionReset);
        assert!(read.is_ok() || reset, "{read:?}");
        answered
    })
}

#[test]
fn random_conversations_that_are_right() {
    conversations(60);
}

#[test]
#[ignore = "a minute"]
fn thousands_of_random_conversations_that_are_right() {
    conversations(3000);
}

fn conversations(count: usize) {
    let (server, told) = server(Options::default(), echo);
    let mut random = Random(14);
    for n in 0..count {
        let (mut sent, mut expected) = (Vec::new(), Vec::new());
        for _ in 0..random.below(6) {
            let (more, answer) = message(&mut random);
            sent.extend(more);
            expected.extend(answer);
        }
        sent.extend(close(1000, ""));
        expected.extend(unmasked(CLOSE, closing(1000, "")));
        let answered = exchange(&server, &mut random, &sent);
        let first = answered.iter().zip(&expected).position(|(a, b)| a != b);
        assert!(answered == expected, "{n}: {} {} {first:?}", answered.len(), expected.len());
        assert_eq!(next(&told).code, 1000, "{n}");
    }
    server.close();
}

#[test]
fn random_bytes_end_in_order() {
    noise("random_bytes_end_in_order", 300);
}

#[test]
#[ignore = "a minute"]
fn thousands_of_random_bytes_end_in_order() {
    noise("thousands_of_random_bytes_end_in_order", 5000);
}

/// A valid conversation with some of its bytes changed: whatever the result is, it is the same
/// however the bytes are cut, and the server sends only frames.
fn noise(test: &str, count: usize) {
    // Alone: the panics of other tests are counted, too.
    if !alone_for(Duration::from_secs(300), module_path!(), test, AS_IT_IS) {
        return;
    }
    let panics = count_panics();
    let options = Options::default().close_timeout(Duration::from_millis(300));
    let (server, told) = server(options, echo);
    let mut random = Random(18);
    let mut broken = 0;
    for n in 0..count {
        let mut sent = Vec::new();
        for _ in 0..3 {
            sent.extend(message(&mut random).0);
        }
        sent.truncate(2000);
        for _ in 0..=random.below(3) {
            // The first bytes of frames are few among the others; the first one of all is always
            // one.
            let at = if random.below(3) == 0 { random.below(2) } else { random.below(sent.len()) };
            sent[at] = random.next() as u8;
        }
        let [first, second] = [(); 2].map(|()| exchange(&server, &mut random, &sent));
        let whole = if first.len() > second.len() { &first } else { &second };
        // A client that continues to send is cut off, and may lose the end of what it was sent.
        assert!(whole.starts_with(&first) && whole.starts_with(&second), "{n}: {sent:?}");
        are_frames(whole, n);
        let [one, other] = [next(&told), next(&told)];
        assert_eq!(one, other, "{n}: {sent:?}");
        broken += usize::from(matches!(one.code, 1002 | 1007 | 1009));
    }
    assert!(broken > count / 3, "{broken}: too tame");
    assert_eq!(panics.load(Ordering::SeqCst), 0, "the server panicked");
    until("no connection is left", || server.server.connections() == 0);
}

fn are_frames(mut bytes: &[u8], n: usize) {
    while let [first, second, rest @ ..] = bytes {
        assert!([TEXT, BINARY, CLOSE, PONG].contains(first), "{n}: {first}");
        let (length, rest) = match (*second, rest) {
            (0..=125, rest) => (usize::from(*second), rest),
            (126, [a, b, rest @ ..]) => (usize::from(u16::from_be_bytes([*a, *b])), rest),
            (127, [a, b, c, d, e, f, g, h, rest @ ..]) => {
                (u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]) as usize, rest)
            }
            _ => return, // cut off
        };
        bytes = rest.get(length..).unwrap_or_default();
    }
}

/// Waits for the server to give up, which must happen before the client has sent `most` bytes.
fn sends_without_end(told: &Told, client: &Client, piece: &[u8], most: usize) -> u16 {
    let mut sent = 0;
    loop {
        if let Ok(closed) = told.try_recv() {
            return closed.code;
        }
        assert!(sent < most, "the server takes {sent} bytes");
        if client.stream.get_ref().write_all(piece).is_err() {
            return next(told).code;
        }
        sent += piece.len();
    }
}

#[test]
fn fragments_without_end_reach_the_limit() {
    let (server, told) = server(Options::default().message_limit(100_000), echo);
    for size in [1, 1000] {
        let mut client = Client::open(server.port());
        client.send(frame(0x02, ""));
        let piece = frame(0x00, vec![b'x'; size]).repeat(100);
        // The data in the kernel's buffers is added to that.
        assert_eq!(sends_without_end(&told, &client, &piece, 50_000_000), 1009, "{size}");
    }
    server.close();
}

#[test]
fn a_frame_is_refused_by_its_length_alone() {
    let (server, told) = server(Options::default(), echo);
    for length in [(1_u64 << 20) + 1, 1 << 40, u64::MAX >> 1] {
        let mut client = Client::open(server.port());
        client.send([&[BINARY, 0xff][..], &length.to_be_bytes()].concat());
        let (code, why) = client.closed();
        assert_eq!((code, &*why), (1009, "a frame larger than the limit"));
        assert_eq!(next(&told).code, 1009);
    }
    server.close();
}

/// Closing with bytes unread would reset the connection, and destroy the reason for the close.
#[test]
fn who_sends_a_message_that_is_too_large_learns_why() {
    let (server, told) = server(Options::default(), echo);
    for _ in 0..10 {
        let mut client = Client::open(server.port());
        client.send(frame(BINARY, vec![0; 5_000_000]));
        let (code, why) = client.closed();
        assert_eq!((code, &*why), (1009, "a frame larger than the limit"));
        assert_eq!(next(&told).code, 1009);
    }
    server.close();
}

#[test]
fn a_byte_now_and_then_holds_up_nobody() {
    let (server, told) = server(Options::default(), echo);
    let slow: Vec<_> = (0..20).map(|_| Client::open(server.port())).collect();
    let text = frame(TEXT, "slowly");
    for byte in &text {
        for client in &slow {
            client.stream.get_ref().write_all(&[*byte]).expect("sends");
        }
        let mut quick = Client::open(server.port());
        quick.send(frame(TEXT, "quick"));
        assert_eq!(quick.text(), "quick");
        quick.send(close(1000, "")).closed();
        assert_eq!(next(&told).code, 1000);
    }
    for mut client in slow {
        assert_eq!(client.text(), "slowly");
    }
    server.close();
}

/// A client that sends pings and never reads does not fill the memory with answers; nor does one
/// that sends empty fragments.
#[test]
#[ignore = "is a flood for two seconds"]
#[cfg(target_os = "linux")]
fn pings_and_empty_fragments_without_end_need_no_memory() {
    let name = "pings_and_empty_fragments_without_end_need_no_memory";
    if !alone(module_path!(), name, AS_IT_IS) {
        return;
    }
    let (server, told) = server(Options::default(), echo);
    let mut pings = Client::open(server.port());
    let fragments = Client::open(server.port());
    fragments.stream.get_ref().write_all(&frame(0x01, "")).expect("sends");
    let before = own_status("VmRSS") / 1024;
    for (client, piece) in
        [(&pings, frame(PING, [b'p'; 125]).repeat(500)), (&fragments, frame(0x00, "").repeat(5000))]
    {
        for _ in 0..400 {
            client.stream.get_ref().write_all(&piece).expect("the server reads on");
        }
    }
    let now = own_status("VmRSS") / 1024;
    assert!(now < before + 10, "{before} MiB, and then {now} MiB");
    // When it reads again, it receives the last of them, too.
    pings.send(frame(PING, "last"));
    within("the last is answered", move || while pings.frame() != (PONG, b"last".to_vec()) {});
    drop(fragments);
    next(&told);
    server.close();
}

#[test]
fn a_hundred_come_and_go_while_one_stays() {
    let (server, told) = server(Options::default(), echo);
    let mut stays = Client::open(server.port());
    let port = server.port();
    let comers: Vec<_> = (0..4)
        .map(|who| {
            thread::spawn(move || {
                for n in 0..25 {
                    let mut client = Client::open(port);
                    client.send(frame(TEXT, format!("{who} {n}")));
                    assert_eq!(client.text(), format!("{who} {n}"));
                    match n % 3 {
                        0 => _ = client.send(close(1000, "")).closed(),
                        1 => drop(client),
                        _ => _ = client.send(frame(TEXT, "unread")),
                    }
                }
            })
        })
        .collect();
    within("all have been", || comers.into_iter().for_each(|one| one.join().expect("no panic")));
    let began = Instant::now();
    (0..100).for_each(|_| drop(next(&told)));
    until("one is left", || server.server.connections() == 1);
    assert!(began.elapsed() < Duration::from_secs(10));
    stays.send(frame(TEXT, "still here"));
    assert_eq!(stays.text(), "still here");
    drop(stays);
    server.close();
}

//! Hundreds of requests that are random, or valid ones broken at random: no panic, no hang, the
//! handler sees only valid requests, and the answers are the same however the bytes are cut. With
//! `--ignored`, ten thousand of them: their connections take half of all ports, and the kernel
//! keeps each for a minute, so that a second run would find none.

use super::running;
use crate::common;

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use common::{AS_IT_IS, Random, alone_for, count_panics, until, within};
use running::Running;

const GOOD: [&[u8]; 6] = [
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /a?b=c HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    b"POST /form HTTP/1.1\r\nHost: a:80\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\na=b&c=d&e=f",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nA: b\r\n\r\n",
    b"HEAD http://a/b HTTP/1.1\r\nHost: a\r\nCookie: a=b\r\nCookie: c=d\r\nConnection: close\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: a\r\nAccept: */*\r\nUser-Agent: b/1 (c)\r\n\r\n",
];

const SPICE: [&[u8]; 24] = [
    b"\r",
    b"\n",
    b"\r\n",
    b"\r\n\r\n",
    b"\0",
    b" ",
    b"\t",
    b":",
    b": ",
    b",",
    b";",
    b"\xff",
    b"\xc3",
    b"HTTP/1.1",
    b"HTTP/2.0",
    b"Host: b\r\n",
    b"Content-Length: 3\r\n",
    b"Content-Length: 99999999999\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Connection: close\r\n",
    b"Expect: 100-continue\r\n",
    b"ffffffff\r\n",
    b"0\r\n\r\n",
    b"\x7f",
];

/// Returns a valid request with some of its bytes changed, cut, duplicated or mixed with special
/// ones; now and then only noise.
fn hostile(random: &mut Random) -> Vec<u8> {
    if random.below(10) == 0 {
        return (0..random.below(200)).map(|_| random.next() as u8).collect();
    }
    let mut wire = Vec::new();
    for _ in 0..=random.below(3) {
        wire.extend_from_slice(random.pick(&GOOD));
    }
    for _ in 0..=random.below(4) {
        let mut at = random.below(wire.len());
        if random.below(2) == 0 {
            // At the beginning of a line, where a change affects the meaning most.
            at = wire[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        }
        match random.below(6) {
            0 => wire[at] = random.next() as u8,
            1 if wire.len() > 1 => drop(wire.remove(at)),
            2 => wire.truncate(at.max(1)),
            3 => {
                let end = at + random.below(wire.len() - at);
                let part = wire[at..end].to_vec();
                wire.splice(at..at, part).for_each(drop);
            }
            _ => wire.splice(at..at, random.pick(&SPICE).iter().copied()).for_each(drop),
        }
    }
    wire
}

/// Returns the server's answer to these bytes, with a pause in which it reads those before the cut,
/// and whether it then cut the client off. Leaves out what may differ from time to time: the date,
/// and permission to send a body that was on its way already.
fn answer(server: &Running, wire: &[u8], cut: usize) -> std::io::Result<(String, bool)> {
    let client = server.client();
    let mut stream = client.stream();
    let _ = stream.write_all(&wire[..cut]);
    thread::yield_now();
    let _ = stream.write_all(&wire[cut..]);
    let _ = stream.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    // A client that has requested the end and continues to send is cut off, although it must not
    // send (RFC 9112 9.6), if that arrives late enough.
    let cut_off = match stream.read_to_end(&mut answer) {
        Err(error) if error.kind() != ErrorKind::ConnectionReset => return Err(error),
        read => read.is_err(),
    };
    let answer = String::from_utf8(answer).expect("no byte of the request is in it");
    let answer = answer.replace("HTTP/1.1 100 Continue\r\n\r\n", "");
    let lines = answer.split_inclusive("\r\n").filter(|line| !line.starts_with("Date: "));
    Ok((lines.collect(), cut_off))
}

#[test]
fn some_hundred_hostile_requests() {
    hostile_requests("some_hundred_hostile_requests", 800);
}

#[test]
#[ignore = "most of the ports there are"]
fn ten_thousand_hostile_requests() {
    hostile_requests("ten_thousand_hostile_requests", 10_000);
}

fn hostile_requests(test: &str, count: usize) {
    // Alone: the panics of other tests are counted, too.
    if !alone_for(Duration::from_secs(300), module_path!(), test, AS_IT_IS) {
        return;
    }
    let panics = count_panics();
    let bad = Arc::new(AtomicBool::new(false));
    let found = bad.clone();
    let server = Arc::new(Running::new(move |request, response| {
        // Only requests reach the handler.
        let token = |text: &str| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|b| b.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?={}".contains(&b))
        };
        let clean = |text: &str| !text.contains(|c: char| c.is_ascii_control() && c != '\t');
        let good = token(request.method())
            && request.version().strip_prefix("HTTP/1.").is_some_and(|minor| minor.len() == 1)
            && !request.target().is_empty()
            && clean(request.target())
            && !request.target().contains(' ')
            && request.headers().all(|(name, value)| token(name) && clean(value))
            && (request.header("host").is_some() || request.version() == "HTTP/1.0")
            && !(request.header("content-length").is_some()
                && request.header("transfer-encoding").is_some());
        if !good {
            eprintln!("reached the handler: {request:?}");
            found.store(true, Ordering::SeqCst);
        }
        response.end_with("fine");
    }));
    let answered = Arc::new(AtomicUsize::new(0));
    let resets = Arc::new(AtomicUsize::new(0));
    let workers: Vec<_> = (1..=4u64)
        .map(|seed| {
            let (server, answered) = (server.clone(), answered.clone());
            let resets = resets.clone();
            thread::spawn(move || {
                let mut random = Random(seed);
                for n in 0..count / 4 {
                    let wire = hostile(&mut random);
                    let context = || {
                        format!("seed {seed}, request {n}: {:?}", String::from_utf8_lossy(&wire))
                    };
                    let mut ask = || {
                        let answer = answer(&server, &wire, random.below(wire.len()));
                        answer.unwrap_or_else(|error| panic!("{error}: {}", context()))
                    };
                    let (answer, cut_off) = ask();
                    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 "), "{}", context());
                    let (again, cut_off_again) = ask();
                    // A reset may leave only a part of an answer that was on its way.
                    let agree = match (cut_off, cut_off_again) {
                        (false, false) => answer == again,
                        (true, false) => again.starts_with(&answer),
                        (false, true) => answer.starts_with(&again),
                        (true, true) => true,
                    };
                    assert!(agree, "{answer:?}, cut elsewhere {again:?}, {}", context());
                    resets.fetch_add(usize::from(cut_off), Ordering::SeqCst);
                    answered.fetch_add(usize::from(!answer.is_empty()), Ordering::SeqCst);
                }
            })
        })
        .collect();
    within("all are answered", || {
        workers.into_iter().for_each(|worker| worker.join().expect("no panic"))
    });
    assert!(!bad.load(Ordering::SeqCst), "a bad request reached the handler");
    assert_eq!(panics.load(Ordering::SeqCst), 0, "the server panicked");
    let (calls, answered) = (server.calls(), answered.load(Ordering::SeqCst));
    assert!(
        calls > count / 10 && answered > count / 10 * 9,
        "{calls} calls, {answered} answers: too tame or too wild"
    );
    let resets = resets.load(Ordering::SeqCst);
    assert!(
        resets < count / 20,
        "{resets} clients cut off: these cannot all have gone on after the end"
    );
    until("no connection is left", || server.server.connections() == 0);
}

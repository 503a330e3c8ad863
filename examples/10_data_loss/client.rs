//! Experiment 1: the client leaves after the first piece. With the library.

use crate::lab::{self, Visit};
use net::{EventSocket, event, framing::Frames};
use net_notes as net;
use std::io::{Error, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const BODY: usize = 1_000_000;

/// The client's action at each piece, given whether that piece completes the answer.
type Rule = fn(&EventSocket, bool);

pub fn leaves_early() -> Result<()> {
    let head = format!("Content-Length: {BODY}\r\n\r\n");
    let whole = head.len() + BODY;
    let answer = head + &"x".repeat(BODY);
    let server = net::create_server(move |socket| {
        socket.on(event::Data, |_, _| {}); // so that the client's end is noticed
        // A client that destroys may reset us: this is the experiment.
        socket.on(event::Error, |_, _| {});
        socket.write(&answer); // and no end(): another question may follow
    });
    server.listen(("127.0.0.1", 0), |_| {})?;
    let running = server.spawn();

    lab::title(1, "An answer of 1 MB. At each piece the client calls");
    let rules: [(&str, Rule); 3] = [
        ("destroy()", |client, _| client.destroy()),
        ("end()", |client, _| client.end()),
        ("destroy(), but only when all of the length is there", |client, is_whole| {
            if is_whole {
                client.destroy();
            }
        }),
    ];
    for (name, rule) in rules {
        lab::line(name, whole, || {
            let received = Arc::new(AtomicUsize::new(0));
            let so_far = received.clone();
            let mut answers = Frames::new(2 * BODY, length);
            let client = net::connect(server.address().expect("it listens"), |_| {});
            client.on(event::Data, move |client, piece| {
                so_far.fetch_add(piece.len(), Ordering::Relaxed);
                rule(client, matches!(answers.feed(piece).next(), Some(Ok(_))));
            });
            let failed = client.run().is_err();
            Ok(Visit { received: received.load(Ordering::Relaxed), failed })
        })?;
    }
    server.close()?;
    running.join().expect("a server does not panic")
}

/// How long the whole answer is, as its head says; `None` while the head is not whole.
fn length(answer: &[u8]) -> Result<Option<usize>> {
    let Some(blank) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = String::from_utf8_lossy(&answer[..blank]);
    let body = head.strip_prefix("Content-Length: ").and_then(|digits| digits.parse().ok());
    let body: usize = body.ok_or_else(|| Error::other("it says no length"))?;
    Ok(Some(blank + 4 + body))
}

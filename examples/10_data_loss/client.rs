//! Experiment 1: the client has got the first piece, and leaves. With the library.

use crate::lab::{self, Visit};
use net::{EventSocket, event};
use net_notes as net;
use std::io::Result;
use std::sync::{Arc, Mutex};

const BODY: usize = 1_000_000;

/// What the client does whenever a piece has come, with the answer so far.
type Rule = fn(&EventSocket, &[u8]);

pub fn leaves_early() -> Result<()> {
    let head = format!("Content-Length: {BODY}\r\n\r\n");
    let length = head.len() + BODY;
    let answer = head + &"x".repeat(BODY);
    let server = net::create_server(move |socket| {
        socket.on(event::Data, |_, _| {}); // so that the client's end is heard
        socket.on(event::Error, |_, _| {}); // a client that destroys may reset us: that is the experiment
        socket.write(&answer); // and no end(): there may be another question
    });
    server.listen(("127.0.0.1", 0), |_| {})?;
    let running = server.spawn();

    lab::title(1, "An answer of 1 MB. At each piece the client calls");
    let rules: [(&str, Rule); 3] = [
        ("destroy()", |client, _| client.destroy()),
        ("end()", |client, _| client.end()),
        ("destroy(), but only when all of the length is there", |client, answer| {
            if is_complete(answer) {
                client.destroy();
            }
        }),
    ];
    for (name, rule) in rules {
        lab::line(name, length, || {
            let answer = Arc::new(Mutex::new(Vec::new()));
            let so_far = answer.clone();
            let client = net::connect(server.address().expect("it listens"), |_| {});
            client.on(event::Data, move |client, piece| {
                let mut so_far = so_far.lock().unwrap();
                so_far.extend_from_slice(piece);
                rule(client, &so_far);
            });
            let failed = client.run().is_err();
            Ok(Visit { received: answer.lock().unwrap().len(), failed })
        })?;
    }
    server.close()?;
    running.join().expect("a server does not panic")
}

/// Whether the body has as many bytes as the head says. The head may come in pieces, too.
fn is_complete(answer: &[u8]) -> bool {
    let Some(blank) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&answer[..blank]);
    let length = head.strip_prefix("Content-Length: ").and_then(|digits| digits.parse().ok());
    length.is_some_and(|length: usize| answer.len() - blank - 4 >= length)
}

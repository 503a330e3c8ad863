//! Wrong: the `\r` of a line end, when it has come alone, counts as a part of the line.

use std::sync::{Arc, Mutex};

use net::event;
use net_notes as net;

/// The longest line that is taken: so many bytes, and its end.
const LONGEST: usize = 1000;

/// The lines of one client. It knows no socket: bytes go in, answers come out.
#[derive(Default)]
struct Lines {
    /// How many were answered.
    number: usize,
    /// What has come of the line that has not ended yet. Bytes and not text, as half a character is no text.
    held: Vec<u8>,
    /// That line is too long. It was answered, and the rest of it goes nowhere.
    refused: bool,
}

impl Lines {
    /// These bytes have come. The answers to them.
    fn came(&mut self, data: &[u8]) -> String {
        let mut answers = String::new();
        for piece in data.split_inclusive(|byte| *byte == b'\n') {
            let ended = piece.ends_with(b"\n");
            if self.refused {
                self.refused = !ended;
                continue;
            }
            self.held.extend_from_slice(piece);
            if ended || self.held.len() > LONGEST {
                answers += &self.line();
                self.refused = !ended;
            }
        }
        answers
    }

    /// The client has ended its direction, so nothing more will come. The answers that are still due.
    fn ended(&mut self) -> String {
        if self.held.is_empty() { String::new() } else { self.line() }
    }

    /// What is held is all that is wanted of a line.
    fn line(&mut self) -> String {
        let held = std::mem::take(&mut self.held);
        let line = held.strip_suffix(b"\n").unwrap_or(&held);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        self.answer(&String::from_utf8_lossy(line))
    }

    fn answer(&mut self, line: &str) -> String {
        self.number += 1;
        let number = self.number;
        match line.len() <= LONGEST {
            true => format!("{number} [{line}]\n"),
            false => format!("{number} too long\n"),
        }
    }
}

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");
    let server = net::create_server(|socket| {
        let lines = Arc::new(Mutex::new(Lines::default())); // two listeners share it
        let the_same = lines.clone();
        socket.on(event::Data, move |socket, data| {
            socket.write(lines.lock().unwrap().came(data));
        });
        socket.on(event::End, move |socket, ()| {
            socket.write(the_same.lock().unwrap().ended());
        });
    });
    server.listen(port, |server| {
        let port = server.address().and_then(|address| address.port()).unwrap_or_default();
        println!("listening on port {port}");
    })?;
    server.run()
}

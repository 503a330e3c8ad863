//! Exercise 07, solved: what is no line yet is kept as bytes, and never more than a line may have.

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
    /// What has arrived of the line that has not ended yet. Bytes and not text, as half a character is no text.
    held: Vec<u8>,
    /// That line is too long. It was answered, and the rest of it is thrown away.
    refused: bool,
}

impl Lines {
    /// These bytes have arrived. The answers to them.
    fn came(&mut self, data: &[u8]) -> Vec<u8> {
        let mut answers = Vec::new();
        for piece in data.split_inclusive(|byte| *byte == b'\n') {
            let ended = piece.ends_with(b"\n");
            if !self.refused {
                self.held.extend_from_slice(piece);
                if ended || self.too_long() {
                    answers.extend(self.line());
                    self.refused = !ended;
                }
            } else if ended {
                self.refused = false;
            }
        }
        answers
    }

    /// The client has ended its direction, so nothing more will come. The answers that are still due.
    fn ended(&mut self) -> Vec<u8> {
        if self.held.is_empty() { Vec::new() } else { self.line() }
    }

    /// Whether the line is too long already, wherever its end may be. The last byte may be the first one of its end.
    fn too_long(&self) -> bool {
        let end = if self.held.ends_with(b"\r") { 1 } else { 0 };
        self.held.len() > LONGEST + end
    }

    /// The answer to what is held: all that is wanted of a line.
    fn line(&mut self) -> Vec<u8> {
        let held = std::mem::take(&mut self.held);
        let line = held.strip_suffix(b"\r\n").or(held.strip_suffix(b"\n")).unwrap_or(&held);
        self.answer(line)
    }

    fn answer(&mut self, line: &[u8]) -> Vec<u8> {
        self.number += 1;
        let number = self.number;
        match line.len() <= LONGEST {
            true => [format!("{number} [").as_bytes(), line, b"]\n"].concat(),
            false => format!("{number} too long\n").into_bytes(),
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

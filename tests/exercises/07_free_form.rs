//! Exercise 07: a server that numbers lines. The task is at the end of lessons/07_free_form.md.
//!
//! Start it with `cargo run -- run 07`, and talk to it from a second terminal: `nc 127.0.0.1 5000`. Type some lines: it works.
//! Now let other clients have a go: `cargo run -- check 07`.

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
}

impl Lines {
    /// These bytes have arrived. The answers to them.
    fn came(&mut self, data: &[u8]) -> Vec<u8> {
        // TODO: this takes what one read brings for whole lines. Keep what is not whole yet, and no more than a line may have.
        let mut answers = Vec::new();
        for piece in data.split_inclusive(|byte| *byte == b'\n') {
            let line = piece.strip_suffix(b"\n").unwrap_or(piece);
            answers.extend(self.answer(line));
        }
        answers
    }

    /// The client has ended its direction, so nothing more will come. The answers that are still due.
    fn ended(&mut self) -> Vec<u8> {
        // TODO: what if its last line had no end?
        Vec::new()
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

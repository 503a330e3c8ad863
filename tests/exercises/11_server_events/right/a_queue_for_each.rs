use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// What waits for one client. A thread of its own writes it.
struct Queue {
    stream: TcpStream,
    lines: Mutex<(VecDeque<Arc<str>>, usize, bool)>,
    more: Condvar,
}

type Room = Mutex<BTreeMap<usize, Arc<Queue>>>;

fn tell_others(room: &Room, number: usize, line: String) {
    let line: Arc<str> = line.into();
    for (_, one) in room.lock().unwrap().iter().filter(|(other, _)| **other != number) {
        one.push(line.clone());
    }
}

impl Queue {
    fn push(&self, line: Arc<str>) {
        let mut lines = self.lines.lock().unwrap();
        lines.1 += line.len();
        lines.0.push_back(line);
        if lines.1 > 8 * 1024 * 1024 + 600_000 {
            let _ = self.stream.shutdown(Shutdown::Both); // its reader will notice
        }
        self.more.notify_one();
    }

    fn drain(&self) {
        let mut lines = self.lines.lock().unwrap();
        loop {
            while lines.0.is_empty() && !lines.2 {
                lines = self.more.wait(lines).unwrap();
            }
            let Some(line) = lines.0.pop_front() else { return };
            drop(lines);
            if (&self.stream).write_all(line.as_bytes()).is_err() {
                return;
            }
            lines = self.lines.lock().unwrap();
            lines.1 -= line.len();
        }
    }
}

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).unwrap_or("5000".to_string());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    println!("listening on port {}", listener.local_addr()?.port());
    let room: Arc<Room> = Arc::default();
    for (number, stream) in (1..).zip(listener.incoming()) {
        let (lines, more) = (Mutex::new((VecDeque::new(), 0, false)), Condvar::new());
        let queue = Arc::new(Queue { stream: stream?, lines, more });
        queue.push(format!("You are {number}.\n").into());
        tell_others(&room, number, format!("{number} has come.\n"));
        room.lock().unwrap().insert(number, queue.clone());
        let writer = queue.clone();
        thread::spawn(move || writer.drain());
        let room = room.clone();
        thread::spawn(move || {
            let mut reader = BufReader::new(&queue.stream);
            let mut line = Vec::new();
            while reader.read_until(b'\n', &mut line).is_ok_and(|_| line.ends_with(b"\n")) {
                let text = String::from_utf8_lossy(&line);
                tell_others(&room, number, format!("{number}: {}\n", text.trim()));
                line.clear();
            }
            room.lock().unwrap().remove(&number);
            queue.lines.lock().unwrap().2 = true;
            queue.more.notify_one();
            let _ = queue.stream.shutdown(Shutdown::Both);
            tell_others(&room, number, format!("{number} has left.\n"));
        });
    }
    Ok(())
}

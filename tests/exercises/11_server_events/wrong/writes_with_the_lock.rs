use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;
use std::thread;

static ROOM: Mutex<BTreeMap<usize, TcpStream>> = Mutex::new(BTreeMap::new());

fn tell_others(number: usize, line: &str) {
    let mut room = ROOM.lock().unwrap();
    for (_, client) in room.iter_mut().filter(|(other, _)| **other != number) {
        let _ = client.write_all(line.as_bytes());
    }
}

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).unwrap_or("5000".to_string());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    println!("listening on port {}", listener.local_addr()?.port());
    for (number, client) in (1..).zip(listener.incoming()) {
        let mut client = client?;
        let _ = writeln!(client, "You are {number}.");
        tell_others(number, &format!("{number} has come.\n"));
        ROOM.lock().unwrap().insert(number, client.try_clone()?);
        thread::spawn(move || {
            let mut reader = BufReader::new(client);
            let mut line = Vec::new();
            while reader.read_until(b'\n', &mut line).is_ok_and(|_| line.ends_with(b"\n")) {
                let text = String::from_utf8_lossy(&line);
                tell_others(number, &format!("{number}: {}\n", text.trim_end()));
                line.clear();
            }
            ROOM.lock().unwrap().remove(&number);
            tell_others(number, &format!("{number} has left.\n"));
        });
    }
    Ok(())
}

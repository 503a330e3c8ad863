use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).unwrap_or("5000".to_string());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    println!("listening on port {}", listener.local_addr()?.port());
    for client in listener.incoming() {
        let mut client = client?;
        thread::spawn(move || -> std::io::Result<()> {
            client.write_all(b"Hello! Who is there?\n")?;
            let mut reader = BufReader::new(client.try_clone()?);
            let mut line = Vec::new();
            loop {
                line.clear();
                reader.read_until(b'\n', &mut line)?;
                if line.ends_with(b"\n") {
                    let name = String::from_utf8_lossy(&line);
                    client.write_all(format!("Welcome, {}!\n", name.trim_end()).as_bytes())?;
                }
            }
        });
    }
    Ok(())
}

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

fn main() {
    let port: u16 = std::env::args().nth(1).map_or(5000, |port| port.parse().expect("a port"));
    let listener = TcpListener::bind(("127.0.0.1", port)).expect("a free port");
    println!("Server is up. Port: {}", listener.local_addr().unwrap().port());
    loop {
        match listener.accept() {
            Ok((stream, address)) => {
                println!("new client: {address}");
                std::thread::spawn(move || handle(stream));
            }
            Err(error) => eprintln!("{error}"),
        }
    }
}

fn handle(stream: TcpStream) {
    let mut reader = BufReader::with_capacity(16, stream);
    let mut count = 0;
    let mut text = String::new();
    loop {
        let Ok(bytes) = reader.fill_buf() else { return };
        if bytes.is_empty() {
            break;
        }
        for byte in bytes {
            count += 1;
            text.push(' ');
            text.push_str(&byte.to_string());
        }
        let size = bytes.len();
        reader.consume(size);
    }
    let mut out = std::io::stdout().lock();
    write!(out, "{count} bytes:").unwrap();
    writeln!(out, "{text}").unwrap();
}

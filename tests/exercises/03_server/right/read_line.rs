use std::io::prelude::*;
use std::net::TcpListener;

fn main() {
    let port: u16 = std::env::args().nth(1).map_or(5000, |port| port.parse().unwrap());
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    println!("Server listening on port: {}", listener.local_addr().unwrap().port());
    loop {
        let (mut stream, _addr) = listener.accept().unwrap();
        std::thread::spawn(move || {
            stream.write_all(b"Welcome to my server\n").unwrap();
            let mut reader = std::io::BufReader::new(stream.try_clone().unwrap());
            loop {
                let mut buffer = String::new();
                match reader.read_line(&mut buffer) {
                    Ok(0) => break,
                    Ok(_) => {
                        let answer = format!("Welcome, {}!\n", buffer.trim());
                        stream.write_all(answer.as_bytes()).unwrap();
                    }
                    Err(_) => break,
                }
            }
        });
    }
}

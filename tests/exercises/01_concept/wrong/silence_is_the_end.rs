use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

fn main() {
    let port: u16 = std::env::args().nth(1).map_or(5000, |port| port.parse().expect("a port"));
    let listener = TcpListener::bind(("127.0.0.1", port)).expect("a free port");
    println!("listening on port {}", listener.local_addr().unwrap().port());
    for stream in listener.incoming() {
        let stream = stream.unwrap();
        std::thread::spawn(move || report(stream));
    }
}

fn report(mut stream: TcpStream) {
    stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    let mut all = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(size @ 1..) = stream.read(&mut buffer) {
        all.extend_from_slice(&buffer[..size]);
    }
    let numbers: Vec<String> = all.iter().map(u8::to_string).collect();
    println!("{} bytes: {}", all.len(), numbers.join(" "));
}

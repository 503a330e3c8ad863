use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

fn say(mut stream: TcpStream) -> std::io::Result<()> {
    stream.write_all(b"hello from a thread\n")?;
    stream.shutdown(Shutdown::Write)?;
    let mut buffer = [0; 512];
    while stream.read(&mut buffer)? > 0 {}
    Ok(())
}

fn main() {
    let port = std::env::args().nth(1).map_or(5000, |port| port.parse::<u16>().expect("a number"));
    let listener = TcpListener::bind(("127.0.0.1", port)).expect("the port is free");
    println!("Listening on Port: {}", listener.local_addr().expect("bound").port());
    while let Ok((stream, _)) = listener.accept() {
        thread::spawn(move || say(stream));
    }
}

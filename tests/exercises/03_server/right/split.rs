use std::io::{BufRead, BufReader, BufWriter, Write};
use std::net::{TcpListener, TcpStream};
fn client(stream: TcpStream) -> std::io::Result<()> {
    let mut out = BufWriter::new(stream.try_clone()?);
    out.write_all(b"who?\n")?;
    out.flush()?;
    for line in BufReader::new(stream).split(b'\n') {
        let line = line?;
        let line = line.trim_ascii();
        out.write_all(b"Welcome, ")?;
        out.write_all(line)?;
        out.write_all(b"!\n")?;
        out.flush()?;
    }
    Ok(())
}
fn main() -> std::io::Result<()> {
    let port: u16 = std::env::args().nth(1).unwrap().parse().unwrap();
    let listener = TcpListener::bind(("0.0.0.0", port))?;
    println!("port: {}", listener.local_addr()?.port());
    for stream in listener.incoming() {
        let stream = stream?;
        std::thread::spawn(move || client(stream));
    }
    Ok(())
}

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

fn main() {
    let port = std::env::args().nth(1).unwrap_or_else(|| "5000".into());
    let listener = TcpListener::bind(format!("0.0.0.0:{port}")).unwrap();
    println!("port: {}", listener.local_addr().unwrap().port());
    for client in listener.incoming() {
        match client {
            Ok(client) => {
                thread::spawn(|| serve(client));
            }
            Err(error) => eprintln!("{error}"),
        }
    }
}

fn serve(mut client: TcpStream) -> std::io::Result<()> {
    let mut all = Vec::new();
    let mut buffer = [0u8; 8192];
    let line = loop {
        let n = client.read(&mut buffer)?;
        if n == 0 {
            return Ok(()); // no line, no answer
        }
        let looked = all.len();
        all.extend_from_slice(&buffer[..n]);
        if let Some(end) = all[looked..].iter().position(|b| *b == b'\n') {
            break &all[..looked + end];
        }
    };
    let mut answer = format!("{} bytes\n", line.len()).into_bytes();
    answer.extend_from_slice(line);
    answer.push(b'\n');
    client.write_all(&answer)?;
    client.shutdown(Shutdown::Write)?;
    while client.read(&mut buffer)? != 0 {}
    Ok(())
}

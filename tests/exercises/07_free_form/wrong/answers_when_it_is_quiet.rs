use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).unwrap_or("5000".to_string());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    println!("listening on port {}", listener.local_addr()?.port());
    for client in listener.incoming() {
        let client = client?;
        thread::spawn(move || serve(client));
    }
    Ok(())
}

fn serve(mut client: TcpStream) -> std::io::Result<()> {
    client.set_read_timeout(Some(Duration::from_secs(2)))?;
    let (mut all, mut buffer, mut number) = (Vec::new(), [0; 4096], 0);
    loop {
        let size = client.read(&mut buffer);
        match size {
            Ok(size @ 1..) => {
                all.extend_from_slice(&buffer[..size]);
                continue;
            }
            _ => {
                for line in String::from_utf8_lossy(&std::mem::take(&mut all)).lines() {
                    number += 1;
                    writeln!(client, "{number} [{line}]")?;
                }
            }
        }
        if let Ok(0) = size {
            return Ok(());
        }
    }
}

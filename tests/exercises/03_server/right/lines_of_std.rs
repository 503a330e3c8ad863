use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).unwrap_or("5000".to_string());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    println!("listening on port {}", listener.local_addr()?.port());
    for client in listener.incoming() {
        let client = client?;
        thread::spawn(move || {
            if let Err(error) = serve(client) {
                eprintln!("lost: {error}");
            }
        });
    }
    Ok(())
}

fn serve(mut client: TcpStream) -> std::io::Result<()> {
    writeln!(client, "Hello! Who is there?")?;
    let reader = BufReader::new(client.try_clone()?);
    for name in reader.lines() {
        writeln!(client, "Welcome, {}!", name?)?;
    }
    Ok(())
}

//! `03_server` without the library: what `net_notes` does for you, written out with `std::net`.
//!
//! ```sh
//! cargo run --example 03_server_std                # port 5000, this machine only
//! cargo run --example 03_server_std -- 5001        # another port; 0 takes any free one
//! ```
//! After one `04_client` (or `04_client_std`) it has printed what `03_server` prints:
//! ```text
//! server started: port 5000.
//! server connected
//! hello, this is client!
//!
//! server disconnected
//! ```
use std::io::{Read, Result, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::{thread, time::Duration};

#[path = "03_server_std/command_line.rs"]
mod command_line;

fn main() -> Result<()> {
    let (host, port) = command_line::address();
    let listener = TcpListener::bind((host.as_str(), port))
        .unwrap_or_else(|error| command_line::cannot_listen(&host, port, error));
    println!("server started: port {}.", listener.local_addr()?.port());
    loop {
        // A read blocks until bytes arrive: with a thread each, no client waits for another.
        let started = listener.accept().and_then(|(stream, _)| {
            let serve = || serve(stream).unwrap_or_else(|error| eprintln!("{error}"));
            thread::Builder::new().spawn(serve)
        });
        if let Err(error) = started {
            eprintln!("{error}"); // no descriptor is left, or no thread. Retrying at once would
            thread::sleep(Duration::from_millis(50)); // cost a whole core: wait until a client has left
        }
    }
}

fn serve(mut stream: TcpStream) -> Result<()> {
    println!("server connected"); // net.createServer(function (socket) {
    let (mut buffer, mut bytes) = ([0; 65536], Vec::new());
    while let size @ 1.. = stream.read(&mut buffer)? {
        bytes.extend_from_slice(&buffer[..size]);
        let text = whole_characters(&mut bytes); // socket.setEncoding('utf8')
        if !text.is_empty() {
            println!("{text}"); // socket.on('data')
            stream.write_all(b"Hello, this is server!\n\r")?;
            stream.write_all(b"Bye!\n\r")?;
            stream.shutdown(Shutdown::Write)?; // socket.end(): our side ends, reading continues
        }
    }
    println!("server disconnected"); // a read of 0 bytes is the 'end' event
    Ok(())
}

/// Takes out the complete characters. One that was cut in two on the way waits for its rest.
fn whole_characters(bytes: &mut Vec<u8>) -> String {
    let cut = std::str::from_utf8(bytes).err().filter(|error| error.error_len().is_none());
    let whole = cut.map_or(bytes.len(), |error| error.valid_up_to());
    let whole: Vec<u8> = bytes.drain(..whole).collect();
    String::from_utf8_lossy(&whole).into_owned()
}

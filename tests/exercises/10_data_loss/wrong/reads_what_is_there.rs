//! Wrong: before it closes it reads what is there, and no more. What the client says later meets a closed socket, and the
//! reset throws away what is left of the answer.

use std::io::{BufRead, BufReader, Write, copy, sink};
use std::net::{TcpListener, TcpStream};
use std::thread;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    println!("listening on port {}", listener.local_addr()?.port());
    for client in listener.incoming().flatten() {
        // A thread for each client, so that none has to wait for another.
        thread::spawn(move || {
            if let Err(error) = serve(client) {
                eprintln!("a client was lost: {error}");
            }
        });
    }
    Ok(())
}

fn serve(mut client: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line)?;
    let line = line.strip_suffix(b"\n").unwrap_or(&line);
    client.write_all(format!("{} bytes\n", line.len()).as_bytes())?;
    client.write_all(line)?;
    client.write_all(b"\n")?;
    client.set_nonblocking(true)?;
    let _ = copy(&mut reader, &mut sink()); // until it would have to wait
    Ok(())
}

//! The servers that are measured, run by a child process of the bench: `bench serve bare|event echo|pipe`.

use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::{process, thread};

use net_notes::{self as net, event};

/// Serves on a free port, prints the port, and ends when stdin does: the parent holds the other end of that pipe, so
/// no server outlives a bench that panicked or was stopped with Ctrl-C.
pub fn serve(contender: &str, how: &str) -> io::Result<()> {
    thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        process::exit(0);
    });
    match (contender, how) {
        ("bare", _) => bare(),
        ("event", "pipe") => run(net::create_server(|socket| socket.pipe(socket))),
        ("event", _) => run(net::create_server(|socket| {
            socket.on(event::Data, |socket, data| {
                socket.write(data);
            });
        })),
        _ => Err(io::Error::other(format!("no server `{contender}`"))),
    }
}

/// The bare loop, the reference for all ratios. It echoes and pipes alike: blocking, both are a copy.
fn bare() -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    println!("{}", listener.local_addr()?.port());
    for stream in listener.incoming() {
        let mut stream = stream?;
        thread::spawn(move || {
            // On the heap: the kernel gives memory page by page, so a small message touches one page of it.
            let mut buffer = vec![0; 64 * 1024];
            while let Ok(length @ 1..) = stream.read(&mut buffer) {
                if stream.write_all(&buffer[..length]).is_err() {
                    break;
                }
            }
        });
    }
    Ok(())
}

fn run(server: net::Server) -> io::Result<()> {
    server.listen(("127.0.0.1", 0), |server| {
        if let Some(port) = server.address().and_then(|address| address.port()) {
            println!("{port}");
        }
    })?;
    server.run()
}

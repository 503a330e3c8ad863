//! The servers that are measured, run by a child process of the bench:
//! `bench serve bare|event echo|pipe|http`.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::{process, thread};

use net_notes::{self as net, event, http};

/// Serves on a free port, prints the port, and ends when stdin does: the parent holds the other end
/// of that pipe, so no server outlives a bench that panicked or was stopped with Ctrl-C.
pub fn serve(contender: &str, how: &str) -> io::Result<()> {
    thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        process::exit(0);
    });
    match (contender, how) {
        ("bare", "http") => bare(answer),
        // For echo and pipe alike: with blocking calls, both are a copy.
        ("bare", _) => bare(copy),
        ("event", "pipe") => run(net::create_server(|socket| socket.pipe(socket))),
        ("event", "http") => run(http::create_server(|_, response| response.end_with("hello"))),
        ("event", _) => run(net::create_server(|socket| {
            socket.on(event::Data, |socket, data| {
                socket.write(data);
            });
        })),
        _ => Err(io::Error::other(format!("no server `{contender}`"))),
    }
}

/// The bare loop, the reference for all ratios.
fn bare(serve: fn(TcpStream) -> io::Result<()>) -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    println!("{}", listener.local_addr()?.port());
    for stream in listener.incoming() {
        let stream = stream?;
        thread::spawn(move || serve(stream));
    }
    Ok(())
}

fn copy(mut stream: TcpStream) -> io::Result<()> {
    // On the heap: the kernel gives memory page by page, so a small message touches one page of it.
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            length => stream.write_all(&buffer[..length])?,
        }
    }
}

/// Implements as much of HTTP as the load needs: a request ends at its blank line, however the
/// stream is cut into pieces, and the answer is always the same.
fn answer(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    let mut held = 0;
    loop {
        match stream.read(&mut buffer[held..])? {
            0 => return Ok(()), // also when the buffer is full, as that was not a request
            length => held += length,
        }
        let mut done = 0;
        let blank = |bytes: &[u8]| bytes.windows(4).position(|four| four == b"\r\n\r\n");
        while let Some(end) = blank(&buffer[done..held]) {
            let head = &buffer[done..done + end];
            if head.windows(17).any(|part| part == b"Connection: close") {
                let last =
                    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";
                return stream.write_all(last);
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")?;
            done += end + 4;
        }
        buffer.copy_within(done..held, 0);
        held -= done;
    }
}

fn run(server: net::Server) -> io::Result<()> {
    server.listen(("127.0.0.1", 0), |server| {
        if let Some(port) = server.address().and_then(|address| address.port()) {
            println!("{port}");
        }
    })?;
    server.run()
}

//! Experiments 3 and 4: a server closes while bytes of the client are unread. In plain std: the
//! library would read them.

use crate::lab;
use std::io::{Read, Result, Write, copy, sink};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::{sync::mpsc::channel, thread};

const REQUEST: [u8; 100] = [b'?'; 100];
static ANSWER: [u8; 200_000] = [b'!'; 200_000];

/// A server's function for one client. When it returns, its stream is dropped, which closes it.
type Serve = fn(TcpStream) -> Result<()>;

pub fn answers_first() -> Result<()> {
    lab::title(3, "A request of 100 bytes, an answer of 200 kB. The server");
    let ways: [(&str, Serve); 3] = [
        ("answers, closes", |mut stream| {
            stream.peek(&mut [0])?; // the request has arrived, and stays in the kernel
            stream.write_all(&ANSWER)
        }),
        ("reads the request, answers, closes", |mut stream| {
            stream.read_exact(&mut [0; REQUEST.len()])?;
            stream.write_all(&ANSWER)
        }),
        ("answers, ends, reads to the client's end, closes", |mut stream| {
            stream.write_all(&ANSWER)?;
            stream.shutdown(Shutdown::Write)?;
            copy(&mut stream, &mut sink()).map(drop)
        }),
    ];
    ways.into_iter().try_for_each(|(name, serve)| visits(name, serve, &REQUEST, ANSWER.len()))
}

pub fn reads_one_buffer() -> Result<()> {
    lab::title(4, "The server reads a buffer of 1 KiB, answers \"ok\", closes");
    for size in [10, 1023, 1024, 1025, 2048, 16_384, 10_000_000] {
        let serve = |mut stream: TcpStream| {
            let _ = stream.read(&mut [0; 1024])?;
            stream.write_all(b"ok")
        };
        visits(&format!("a request of {size} bytes"), serve, &vec![b'?'; size], 2)?;
    }
    Ok(())
}

/// Prints a line of the table: the visits to a server that serves one client after another.
fn visits(name: &str, serve: Serve, request: &[u8], answer: usize) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let at = listener.local_addr()?.to_string();
    let (done, through) = channel();
    thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            let _ = done.send(serve(stream)); // sent when it has closed
        }
    });
    lab::line(name, answer, || lab::late_client(&at, request, &through))
}

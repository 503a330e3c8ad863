//! Four ways to send a file to a client that may read slowly.

use net::{EventSocket, event};
use net_notes as net;
use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

const PIECE: usize = 64 << 10;

/// The source of the bytes.
pub struct Source {
    pub file: String,
    /// The port of a server on this machine that sends the same file as fast as it is read.
    pub origin: u16,
}

type Way = fn(&EventSocket, &Source) -> io::Result<()>;

pub const WAYS: [(&str, Way); 4] = [
    ("write all of it at once", never_looks),
    ("stop at false, continue at Drain", stops_at_false),
    ("pipe it from another server", pipes),
    ("io::copy, which waits", copies),
];

fn never_looks(socket: &EventSocket, from: &Source) -> io::Result<()> {
    let (mut file, mut piece) = (File::open(&from.file)?, vec![0; PIECE]);
    while let size @ 1.. = file.read(&mut piece)? {
        socket.write(&piece[..size]); // what it returns is ignored
    }
    socket.end();
    Ok(())
}

fn stops_at_false(socket: &EventSocket, from: &Source) -> io::Result<()> {
    let (mut file, mut piece) = (File::open(&from.file)?, vec![0; PIECE]);
    let mut send = move |socket: &EventSocket| {
        while let Ok(size @ 1..) = file.read(&mut piece) {
            if !socket.write(&piece[..size]) {
                return; // Drain follows
            }
        }
        socket.end();
    };
    send(socket);
    socket.on(event::Drain, move |socket, ()| send(socket));
    Ok(())
}

fn pipes(socket: &EventSocket, from: &Source) -> io::Result<()> {
    let source = EventSocket::new(from.origin);
    source.pipe(socket);
    drop(source.spawn());
    Ok(())
}

pub fn copies(socket: &EventSocket, from: &Source) -> io::Result<()> {
    io::copy(&mut File::open(&from.file)?, &mut &*socket)?;
    socket.end();
    Ok(())
}

/// Starts a server that sends the file to each client in one of the ways. Returns its port.
pub fn serve(way: Way, from: Source) -> io::Result<u16> {
    let from = Arc::new(from);
    let server = net::create_server(move |socket| {
        socket.resume(); // the client sends nothing but its end
        socket.on(event::Error, |_, _| {}); // a client may leave before it has everything
        if let Err(error) = way(socket, &from) {
            socket.destroy_with(error);
        }
    });
    server.listen(("127.0.0.1", 0), |_| {})?;
    drop(server.spawn());
    Ok(server.address().and_then(|at| at.port()).unwrap_or_default())
}

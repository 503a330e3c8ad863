//! Experiment 2: the server writes, and leaves. With the library.

use crate::lab;
use net::EventSocket;
use net_notes as net;
use std::io::Result;
use std::sync::mpsc::channel;

/// More bytes than the kernels of both sides hold together.
const ANSWER: usize = 10_000_000;

/// The server's action for each client, with the answer.
type Way = fn(&EventSocket, Vec<u8>);

pub fn leaves_early() -> Result<()> {
    lab::title(2, "An answer of 10 MB. The server calls");
    let ways: [(&str, Way); 3] = [
        ("write(answer), destroy()", |socket, answer| {
            socket.write(answer);
            socket.destroy();
        }),
        ("write_then(answer, destroy())", |socket, answer| {
            let leaving = socket.clone();
            socket.write_then(answer, move |_| leaving.destroy());
        }),
        ("write(answer), end()", |socket, answer| {
            socket.write(answer);
            socket.end();
        }),
    ];
    for (name, way) in ways {
        let (done, through) = channel();
        let server = net::create_server(move |socket| {
            way(socket, vec![b'x'; ANSWER]);
            let _ = done.send(());
        });
        server.listen(("127.0.0.1", 0), |_| {})?;
        let at = server.address().expect("it listens").to_string();
        let running = server.spawn();
        lab::line(name, ANSWER, || lab::late_client(&at, b"", &through))?;
        server.close()?;
        running.join().expect("a server does not panic")?;
    }
    Ok(())
}

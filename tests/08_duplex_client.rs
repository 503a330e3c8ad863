//! Lesson 8: a client that writes and reads at once, against its own server, plain ones, and a real
//! HTTP server.
#![warn(clippy::disallowed_methods)] // .clippy.toml says which

mod common;

use common::{DEADLINE, Program, example, header_output, peer, within};
use net::{EventSocket, event};
use net_notes as net;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

const NAME: &str = "08_duplex_client";

/// Opens a listener on a free port, and starts the example, which connects to it.
fn start() -> (TcpListener, Program) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port().to_string();
    (listener, Program::start(example(NAME), &["127.0.0.1", &port]))
}

fn accept(listener: &TcpListener) -> TcpStream {
    let (stream, _) = listener.accept().expect("the client");
    stream.set_read_timeout(Some(DEADLINE)).expect("not zero");
    stream.set_nodelay(true).expect("a TCP socket");
    stream
}

fn hello(mut stream: &TcpStream) {
    let mut said = [0; 5];
    stream.read_exact(&mut said).expect("the client says hello");
    assert_eq!(&said, b"hello");
}

fn until_its_end(mut stream: &TcpStream) {
    assert_eq!(stream.read(&mut [0; 64]).expect("the client's end"), 0);
}

fn printed(client: Program) -> String {
    let (status, printed, errors) = client.wait();
    assert_eq!((status.code(), errors.as_str()), (Some(0), ""), "{printed}");
    printed
}

#[test]
fn it_prints_what_its_header_shows_at_every_run() {
    for _ in 0..20 {
        assert_eq!(printed(Program::start(example(NAME), &[])), header_output(NAME));
    }
}

/// The write is called before the connection exists: it waits for it, without the program's help.
#[test]
fn hello_comes_first_and_without_a_line_end() {
    let (listener, client) = start();
    let mut stream = accept(&listener);
    hello(&stream);
    stream.write_all(b"hi").expect("connected");
    until_its_end(&stream); // so nothing followed `hello`
    drop(stream);
    assert_eq!(printed(client), "connected\nreceived 2 bytes: hi\nas text: hi\nclosed\n");
}

/// `Data` shows a character that is cut as broken; `Text` never does.
#[test]
fn however_it_is_cut_the_text_is_whole_characters() {
    let bytes = "é套😀".as_bytes();
    for cut in 1..bytes.len() {
        let (listener, client) = start();
        let mut stream = accept(&listener);
        hello(&stream);
        stream.write_all(&bytes[..cut]).expect("connected");
        until_its_end(&stream); // the first piece is read
        stream.write_all(&bytes[cut..]).expect("it still reads");
        drop(stream);
        let printed = printed(client);
        let text: String =
            printed.lines().filter_map(|line| line.strip_prefix("as text: ")).collect();
        assert_eq!(text, "é套😀", "cut after {cut}: {printed}");
        let whole = std::str::from_utf8(&bytes[..cut]).is_ok();
        assert_eq!(printed.contains('\u{fffd}'), !whole, "cut after {cut}: {printed}");
        let first = format!("connected\nreceived {cut} bytes: ");
        assert!(printed.starts_with(&first) && printed.ends_with("\nclosed\n"), "{printed}");
    }
}

#[test]
fn a_server_that_ends_without_a_word_closes_it() {
    let (listener, client) = start();
    let stream = accept(&listener);
    hello(&stream);
    stream.shutdown(Shutdown::Write).expect("connected");
    until_its_end(&stream);
    assert_eq!(printed(client), "connected\nclosed\n");
}

#[test]
fn a_server_that_is_not_there_is_explained() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port().to_string();
    drop(listener);
    let (status, printed, errors) = Program::start(example(NAME), &["127.0.0.1", &port]).wait();
    assert_eq!((status.code(), printed.as_str()), (Some(1), "closed\n"));
    let message = format!("127.0.0.1:{port}: connect ECONNREFUSED 127.0.0.1:{port}\nNo network? ");
    assert!(errors.starts_with(&message), "{errors}");

    // Longer than a label of a name may be (RFC 1035 2.3.4): no name server is ever asked.
    let nowhere = "a".repeat(64);
    let (status, _, errors) = Program::start(example(NAME), &[&nowhere, "80"]).wait();
    assert_eq!(status.code(), Some(1));
    assert!(errors.contains("ENOTFOUND"), "{errors}");
}

#[test]
fn a_host_is_a_bare_name_and_a_port_has_no_default() {
    for (bad, message) in [
        (&["http://www.baidu.com", "80"] as &[_], "the host is a bare name, as in www.baidu.com\n"),
        (&["www.baidu.com"], "after -- goes nothing, or HOST PORT; a port has no default\n"),
        (&["127.0.0.1", "http"], "a port is a number, 0 to 65535\n"),
        (&["127.0.0.1", "65536"], "a port is a number, 0 to 65535\n"),
        (&["a", "80", "b"], "after -- goes nothing, or HOST PORT; a port has no default\n"),
    ] {
        let (status, printed, errors) = Program::start(example(NAME), bad).wait();
        assert_eq!((status.code(), printed.as_str(), errors.as_str()), (Some(1), "", message));
    }
}

/// The answer of a web server to `hello`: 400, in one piece or several.
#[test]
fn an_http_server_answers_400() {
    let Some(node) = peer("node") else { return };
    let script = "const server = http.createServer((request, response) => response.end('hi'))
        .listen(0, '127.0.0.1', () => console.log('port ' + server.address().port))";
    let mut server = Program::start(node, &["-e", script]);
    let port = server.port().to_string();
    let printed = printed(Program::start(example(NAME), &["127.0.0.1", &port]));
    assert!(printed.starts_with("connected\nreceived "), "{printed}");
    assert!(printed.contains("bytes: HTTP/1.1 400 Bad Request\r\n"), "{printed}");
    assert!(printed.ends_with("\nclosed\n"), "{printed}");
}

/// Duplex: both sides write far more than the kernel holds before either has read a byte, and
/// everything arrives.
#[test]
fn both_sides_write_at_once_and_neither_waits() {
    // A prime length, so that a misplaced piece is noticed.
    let pattern = |seed: u8| (0..251).map(|n| n ^ seed).collect::<Vec<u8>>().repeat(64_000);
    let collect = |socket: &EventSocket, into: &Arc<Mutex<Vec<u8>>>| {
        let into = into.clone();
        socket.on(event::Data, move |_, data| into.lock().unwrap().extend_from_slice(data));
    };
    let [at_server, at_client] = [(); 2].map(|()| Arc::new(Mutex::new(Vec::new())));
    let got = at_server.clone();
    let server = net::create_server(move |socket| {
        socket.write(pattern(0x55));
        socket.end();
        collect(socket, &got);
    });
    server.listen(("127.0.0.1", 0), |_| {}).expect("a free port");
    let running = server.spawn();
    let client = EventSocket::new(server.address().expect("it listens"));
    client.write(pattern(0xaa));
    client.end();
    collect(&client, &at_client);
    within("both directions at once", move || {
        client.run().expect("no error");
        server.close().expect("it runs");
        running.join().expect("no panic").expect("no error");
    });
    assert!(*at_client.lock().unwrap() == pattern(0x55), "what the server wrote");
    assert!(*at_server.lock().unwrap() == pattern(0xaa), "what the client wrote");
}

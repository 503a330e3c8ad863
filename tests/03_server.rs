//! Lesson 3: the server of the notes, and its twin in plain std. Every test runs both.
#![warn(clippy::disallowed_methods)] // .clippy.toml says which

mod common;

use common::{DEADLINE, Program, command, example, peer, within};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
#[cfg(target_os = "linux")]
use std::time::Instant;

const TWINS: [&str; 2] = ["03_server", "03_server_std"];
const ANSWER: &str = "Hello, this is server!\n\rBye!\n\r";

/// The notes' server in JavaScript, on a free port.
const NODE_SERVER: &str = r"
const server = net.createServer((socket) => {
    console.log('server connected');
    socket.on('data', (data) => {
        console.log(data.toString());
        socket.write('Hello, this is server!\n\r');
        socket.end('Bye!\n\r');
    });
    socket.on('end', () => console.log('server disconnected'));
});
server.listen(0, '127.0.0.1', () => console.log('server started: port ' + server.address().port + '.'));
";

/// Starts the example, and returns its port too.
fn start(name: &str) -> (Program, u16) {
    let mut server = Program::start(example(name), &["0"]);
    let port = server.port();
    (server, port)
}

fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("the server listens");
    stream.set_read_timeout(Some(DEADLINE)).expect("not zero");
    stream
}

fn rest(mut stream: &TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("the server's answer, and its end");
    text
}

/// Makes a complete visit as a polite client.
fn visit(port: u16, text: &str) -> String {
    let mut stream = connect(port);
    stream.write_all(text.as_bytes()).expect("connected");
    let answer = rest(&stream);
    stream.shutdown(Shutdown::Write).expect("still open");
    answer
}

#[test]
fn it_prints_what_its_header_shows() {
    for name in TWINS {
        for client in ["04_client", "04_client_std"] {
            let (mut server, port) = start(name);
            let client = Program::start(example(client), &[&port.to_string()]);
            assert!(client.wait().0.success());
            server.line_with("server disconnected");
            let (printed, errors) = server.kill();
            assert_eq!(common::as_in_header(&printed), common::header_output(name), "{name}");
            assert_eq!(errors, "", "{name}");
        }
    }
}

/// The header shows the text's line end and println's. The bytes are exactly those that Node
/// prints.
#[test]
fn it_prints_what_the_notes_program_prints_on_node() {
    let Some(node) = peer("node") else { return };
    let transcript = |mut server: Program| {
        let port = server.port();
        assert_eq!(visit(port, "hello, this is client!\n\r"), ANSWER);
        server.line_with("server disconnected");
        server.kill().0.replace(&format!("port {port}."), "port 5000.")
    };
    let nodes = transcript(Program::spawn(command(node).args(["-e", NODE_SERVER])));
    for name in TWINS {
        assert_eq!(transcript(Program::start(example(name), &["0"])), nodes, "{name}");
    }
}

#[test]
fn one_client_after_another_and_many_at_once() {
    for name in TWINS {
        let (mut server, port) = start(name);
        for n in 0..5 {
            assert_eq!(visit(port, &format!("client {n}")), ANSWER, "{name}");
        }
        let clients: Vec<_> =
            (0..30).map(|n| thread::spawn(move || visit(port, &format!("at once {n}")))).collect();
        for client in clients {
            assert_eq!(within("a client", || client.join().expect("answered")), ANSWER, "{name}");
        }
        for _ in 0..35 {
            server.line_with("server disconnected");
        }
        let (printed, errors) = server.kill();
        assert_eq!(printed.matches("server connected\n").count(), 35, "{name}");
        assert_eq!(errors, "", "{name}");
    }
}

/// A client that is silent for long delays no other client.
#[test]
fn a_silent_client_holds_up_nobody() {
    for name in TWINS {
        let (mut server, port) = start(name);
        let silent = connect(port);
        server.line_with("server connected");
        assert_eq!(visit(port, "hello"), ANSWER, "{name}");
        drop(silent);
        server.line_with("server disconnected");
        server.line_with("server disconnected");
        assert_eq!(server.kill().1, "", "{name}");
    }
}

#[test]
fn nc_gets_the_answer() {
    let Some(nc) = peer("nc") else { return };
    for name in TWINS {
        let (mut server, port) = start(name);
        let mut nc = Program::start(&nc, &["127.0.0.1", &port.to_string()]);
        nc.type_in("hello from nc\n");
        assert_eq!(nc.line(), "Hello, this is server!\n", "{name}");
        assert_eq!(nc.line(), "\rBye!\n", "{name}");
        let (status, printed, _) = nc.wait();
        assert!(status.success(), "{name}: {status}");
        assert_eq!(printed, ANSWER, "{name}");
        assert_eq!(server.line_with("hello"), "hello from nc\n", "{name}");
        server.line_with("server disconnected");
    }
}

#[test]
fn curl_as_a_plain_client_gets_the_answer() {
    let Some(curl) = peer("curl") else { return };
    for name in TWINS {
        let (mut server, port) = start(name);
        let mut curl = Program::start(
            &curl,
            &["--silent", "--no-buffer", &format!("telnet://127.0.0.1:{port}")],
        );
        curl.type_in("hello from curl\n");
        assert_eq!(curl.line(), "Hello, this is server!\n", "{name}");
        let (status, printed, errors) = curl.wait();
        assert!(status.success(), "{name}: {status} {errors}");
        assert_eq!(printed, ANSWER, "{name}");
        assert_eq!(server.line_with("hello"), "hello from curl\n", "{name}");
        server.line_with("server disconnected");
    }
}

#[test]
fn a_client_on_node_gets_the_answer() {
    let Some(node) = peer("node") else { return };
    let script = r"
        const client = net.connect({ host: '127.0.0.1', port: +process.argv[1] }, () => {
            console.log('client connected');
            client.write('hello, this is client!\n\r');
        });
        client.on('data', (data) => { process.stdout.write(data); client.end(); });
        client.on('end', () => console.log('client disconnected'));
        client.on('close', (hadError) => console.log('closed, with an error: ' + hadError));
    ";
    for name in TWINS {
        let (mut server, port) = start(name);
        let client = Program::start(&node, &["-e", script, &port.to_string()]);
        let (status, printed, errors) = client.wait();
        let expected = format!(
            "client connected\n{ANSWER}client disconnected\nclosed, with an error: false\n"
        );
        assert_eq!((status.success(), printed, errors), (true, expected, String::new()), "{name}");
        server.line_with("server disconnected");
        assert_eq!(server.kill().1, "", "{name}");
    }
}

/// The trap of the lesson. A server that has said goodbye receives a second piece: writing has
/// ended, so this is an error.
fn second_piece(port: u16) {
    let mut stream = connect(port);
    stream.write_all(b"one").expect("connected");
    assert_eq!(rest(&stream), ANSWER); // the server has ended its side …
    stream.write_all(b"two").expect("its reading side is open"); // … and still reads
}

#[test]
fn a_second_piece_is_one_line_on_stderr_and_the_server_goes_on() {
    for name in TWINS {
        let (mut server, port) = start(name);
        second_piece(port);
        assert_eq!(server.line_with("two"), "two\n", "{name}");
        assert_eq!(visit(port, "and another client"), ANSWER, "{name}");
        server.line_with("server disconnected");
        let reason = if name == "03_server" { "write after end" } else { "(os error " };
        server.error_with(reason);
        let (printed, errors) = server.kill();
        assert_eq!(printed.matches("server connected").count(), 2, "{name}");
        assert_eq!(errors.lines().count(), 1, "{name}: {errors}");
    }
}

#[test]
fn a_second_piece_ends_the_notes_program_on_node() {
    let Some(node) = peer("node") else { return };
    let mut server = Program::spawn(command(node).args(["-e", NODE_SERVER]));
    second_piece(server.port());
    let (status, _, errors) = server.wait();
    assert_eq!(status.code(), Some(1));
    assert!(errors.contains("ERR_STREAM_WRITE_AFTER_END"), "{errors}");
}

/// Half a character is not text yet: the server waits for the rest, and what arrived before it is
/// text already.
#[test]
fn a_character_in_two_pieces() {
    for name in TWINS {
        let (mut server, port) = start(name);
        let mut stream = connect(port);
        stream.set_nodelay(true).expect("a TCP socket");
        for byte in "é".bytes() {
            stream.write_all(&[byte]).expect("connected");
        }
        assert_eq!(rest(&stream), ANSWER, "{name}");
        drop(stream);
        server.line_with("server connected");
        assert_eq!(server.line(), "é\n", "{name}");

        let mut stream = connect(port);
        stream.write_all(b"caf\xc3").expect("connected");
        assert_eq!(rest(&stream), ANSWER, "{name}");
        drop(stream);
        assert_eq!(server.line_with("caf"), "caf\n", "{name}");
    }
}

/// No descriptor is left: the server reports it, uses hardly any CPU time, and serves the next
/// client when there is room.
#[test]
#[cfg(target_os = "linux")]
fn without_descriptors_it_waits_and_does_not_spin() {
    for name in TWINS {
        let mut shell = command("sh");
        shell.args(["-c", r#"ulimit -n 12; exec "$0" 0"#]).arg(example(name));
        let mut server = Program::spawn(&mut shell);
        let port = server.port();
        let clients: Vec<TcpStream> = (0..14).map(|_| connect(port)).collect();
        let full = ["EMFILE", "Too many open files"]; // by the library, and by std
        common::until("a complaint", || full.iter().any(|it| server.error_with("").contains(it)));
        let (begin, before) = (Instant::now(), cpu_ticks(server.id()));
        common::until("half a second of it", || begin.elapsed().as_millis() > 500);
        let used = cpu_ticks(server.id()) - before; // in ticks of 10 ms: a busy loop would use 50
        assert!(used < 15, "{name}: {used} ticks");
        drop(clients);
        assert_eq!(visit(port, "is there room now?"), ANSWER, "{name}");
    }
}

/// Returns the CPU time that a process has used.
#[cfg(target_os = "linux")]
fn cpu_ticks(process: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("it runs");
    let after = stat.rsplit_once(')').expect("the name is in brackets").1;
    after.split(' ').skip(12).take(2).map(|ticks| ticks.parse::<u64>().expect("a number")).sum()
}

#[test]
fn a_taken_port_is_explained() {
    for name in TWINS {
        let (_server, port) = start(name);
        let (status, printed, errors) =
            Program::start(example(name), &["127.0.0.1", &port.to_string()]).wait();
        assert_eq!((status.code(), printed.as_str()), (Some(1), ""), "{name}");
        assert!(
            errors.starts_with(&format!("cannot listen on 127.0.0.1 port {port}: ")),
            "{errors}"
        );
        assert!(errors.contains("on macOS, AirPlay holds 5000"), "{errors}");
        let other = port.wrapping_add(1);
        let command = format!("cargo run --example {name} -- 127.0.0.1 {other}\n");
        assert!(errors.ends_with(&command), "{errors}");
    }
}

#[test]
fn arguments_it_does_not_understand_are_explained() {
    for name in TWINS {
        for bad in [&["http"] as &[_], &["65536"], &["-5000"], &["localhost", ""], &["a", "b", "1"]]
        {
            let (status, printed, errors) = Program::start(example(name), bad).wait();
            assert_eq!((status.code(), printed.as_str()), (Some(1), ""), "{name} {bad:?}");
            let usage = "after -- goes nothing, PORT, or HOST PORT (a port is 0 to 65535)\n";
            assert_eq!(errors, usage, "{name} {bad:?}");
        }
    }
}

#[test]
fn it_listens_where_it_is_told() {
    let mut hosts = vec!["127.0.0.1", "localhost", "0.0.0.0"];
    match TcpListener::bind("[::1]:0") {
        Ok(_) => hosts.push("::1"),
        Err(_) => eprintln!("skipped: this machine has no IPv6"),
    }
    for name in TWINS {
        for host in &hosts {
            let mut server = Program::start(example(name), &[host, "0"]);
            let port = server.port();
            let to = if *host == "0.0.0.0" { "127.0.0.1" } else { host };
            let mut stream = TcpStream::connect((to, port)).expect("the server listens");
            stream.set_read_timeout(Some(DEADLINE)).expect("not zero");
            stream.write_all(b"hello").expect("connected");
            assert_eq!(rest(&stream), ANSWER, "{name} {host}");
        }
    }
}

//! `NET_TRACE=HOST:PORT`: the data that a viewer receives, whatever the viewer does; and that it
//! does not delay the program.
//!
//! The programs are in this file: a test starts this binary again, which then is the program.

use std::collections::BTreeMap;
use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::panic::Location;
use std::time::{Duration, Instant};

use crate::common::{DEADLINE, Program, command, own_status, within};
use net_notes::{self as net, EventSocket, event, http, trace::Recorder, websocket};

/// The variable that selects the program which a process of this binary runs.
const PROGRAM_VARIABLE: &str = "NET_NOTES_TRACED";

/// Not a test: the program that the tests trace.
#[test]
fn traced_program() {
    match env::var(PROGRAM_VARIABLE).as_deref() {
        Ok("calls") => calls(),
        Ok("layers") => layers(),
        Ok("binary") => binary(),
        Ok("short") => short(false),
        Ok("exits") => short(true),
        Ok("much") => much(),
        Ok("rounds") => rounds(),
        Ok(other) => panic!("there is no program {other}"),
        Err(_) => {}
    }
}

/// A port without a listener.
const UNUSED_ADDRESS: (&str, u16) = ("127.0.0.1", 1);

/// Starts a program that sends its events to `viewer`.
fn start(program: &str, viewer: SocketAddr) -> Program {
    let module = module_path!().split_once("::").map_or(String::new(), |(_, m)| format!("{m}::"));
    let own = env::current_exe().expect("own path");
    let mut command = command(own);
    command.args(["--exact", &format!("{module}traced_program"), "--nocapture"]);
    Program::spawn(command.env(PROGRAM_VARIABLE, program).env("NET_TRACE", viewer.to_string()))
}

/// Asserts that the program exited successfully. Returns its standard output and standard error.
fn end(program: Program) -> (String, String) {
    let (status, out, err) = program.wait();
    assert!(status.success(), "{out}{err}");
    (out, err)
}

// The viewer.

/// The line of an event.
#[derive(Debug, Clone, PartialEq)]
struct Event {
    time: u64,
    from: String,
    kind: String,
    /// The words between the kind and the first named field; for bytes, their number and the bytes.
    words: Vec<String>,
    named: BTreeMap<String, String>,
}

impl Event {
    fn parse(line: &str) -> Event {
        let mut fields = line.split(' ').map(str::to_string);
        let mut next = || fields.next().unwrap_or_else(|| panic!("too short: {line:?}"));
        let (time, from, kind) = (next(), next(), next());
        let (named, words): (Vec<_>, Vec<_>) = fields.partition(|field| field.contains('='));
        let pair = |field: String| {
            let (name, value) = field.split_once('=').expect("partitioned");
            (name.to_string(), value.to_string())
        };
        let named = named.into_iter().map(pair).collect();
        Event { time: time.parse().expect("a time"), from, kind, words, named }
    }

    fn number(&self, word: usize) -> u64 {
        self.words[word].parse().unwrap_or_else(|_| panic!("no number {word} in {self:?}"))
    }

    /// Returns the numbers of events and of bytes that the line represents.
    fn count(&self) -> (u64, u64) {
        match self.kind.as_str() {
            "lost" => (self.number(0), self.number(1)),
            "sent" | "received" => (1, self.number(0)),
            _ => (1, 0),
        }
    }

    fn data(&self) -> Vec<u8> {
        let digits = self.words.get(1).expect("bytes").as_bytes();
        let byte =
            |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        digits.chunks(2).map(byte).collect()
    }
}

struct Viewer(TcpListener);

/// The data that a viewer received over one connection.
struct Seen {
    hello: Event,
    events: Vec<Event>,
}

impl Viewer {
    fn new() -> Viewer {
        Viewer(TcpListener::bind(("127.0.0.1", 0)).expect("port 0"))
    }

    fn address(&self) -> SocketAddr {
        self.0.local_addr().expect("it listens")
    }

    /// Accepts the program's connection. Another process that knew the port before may connect,
    /// too, but sends nothing.
    fn accept(&self) -> TcpStream {
        let listener = self.0.try_clone().expect("a handle");
        within("the program connects", move || {
            loop {
                let (stream, _) = listener.accept().expect("one");
                stream.set_read_timeout(Some(DEADLINE)).expect("a time");
                if stream.peek(&mut [0]).is_ok_and(|bytes| bytes > 0) {
                    return stream;
                }
            }
        })
    }
}

impl Seen {
    /// Reads to the end of the connection, which is that of the program.
    fn read(stream: TcpStream) -> Seen {
        Seen::read_until(stream, u64::MAX)
    }

    /// Reads until `count` events are seen or lost, or to the end.
    fn read_until(stream: TcpStream, count: u64) -> Seen {
        let mut lines = BufReader::new(stream).split(b'\n');
        let mut next = || {
            let line = lines.next()?.expect("to the end, in time");
            Some(String::from_utf8(line).expect("UTF-8"))
        };
        assert_eq!(next().as_deref(), Some("net-trace 1"));
        let hello = Event::parse(&next().expect("a hello"));
        let mut seen = Seen { hello, events: Vec::new() };
        let mut counted = 0;
        while counted < count {
            let Some(line) = next() else { break };
            let event = Event::parse(&line);
            counted += event.count().0;
            seen.events.push(event);
        }
        seen
    }

    /// Returns the numbers of events and of bytes, seen or lost.
    fn count(&self) -> (u64, u64) {
        let counts = self.events.iter().map(Event::count);
        counts.fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1))
    }

    fn lost(&self) -> u64 {
        let lost = self.events.iter().filter(|event| event.kind == "lost");
        lost.map(|event| event.number(0)).sum()
    }

    /// Returns the kinds of the events of one socket, with their fields except times and bytes.
    fn kinds(&self, socket: u64) -> Vec<&str> {
        let from = format!("{}.{socket}", self.hello.from);
        self.events.iter().filter(|event| event.from == from).map(|e| e.kind.as_str()).collect()
    }
}

// Lines of a program.

/// Gives the next line a name, with which the test compares.
#[track_caller]
fn here(name: &str) {
    println!("\nhere {name} {}", Location::caller().line() + 1);
}

/// Returns the lines that a program has printed.
fn lines(out: &str) -> BTreeMap<&str, String> {
    let marks = out.lines().filter_map(|line| line.strip_prefix("here ")?.rsplit_once(' '));
    marks.map(|(name, line)| (name, format!("{}:{line}", file!()))).collect()
}

fn serve(server: &net::Server) -> (std::thread::JoinHandle<io::Result<()>>, net::Address) {
    server.listen(("127.0.0.1", 0), |_| {}).expect("port 0");
    (server.spawn(), server.address().expect("it listens"))
}

fn stop(server: &net::Server, running: std::thread::JoinHandle<io::Result<()>>) {
    server.close().expect("it listens");
    running.join().expect("no panic").expect("no error");
}

/// The calls that a client requests by name from the server.
const CALLS: [&str; 9] = [
    "write_then",
    "end_with",
    "destroy_soon",
    "close_within",
    "destroy",
    "destroy_with",
    "io::Write",
    "too late",
    "queue",
];

/// Makes the call of that name.
fn call(mut socket: &EventSocket, name: &str) {
    match name {
        "write_then" => {
            here(name);
            socket.write_then("x", |_| {});
        }
        "end_with" => {
            here(name);
            socket.end_with("x");
        }
        "destroy_soon" => {
            here(name);
            socket.destroy_soon();
        }
        "close_within" => {
            here(name);
            socket.close_within(Duration::ZERO);
        }
        "destroy" => {
            here(name);
            socket.destroy();
        }
        "destroy_with" => {
            here(name);
            socket.destroy_with(io::Error::other("x"));
        }
        "io::Write" => {
            here(name);
            Write::write(&mut socket, b"x").expect("there is room");
        }
        "too late" => {
            socket.end();
            here(name);
            socket.write("x");
        }
        "queue" => {
            here(name);
            socket.write(vec![b'x'; 2_000_000]);
        }
        name => panic!("{name}"),
    }
}

/// Each call that causes an event, on a separate connection.
fn calls() {
    here("accept");
    let server = net::create_server(|socket| {
        here("text");
        socket.on(event::Text, |socket, text| {
            call(socket, text);
        });
        here("fin");
        socket.on(event::End, |_, ()| {});
        socket.on(event::Error, |_, _| {});
    });
    let (running, at) = serve(&server);
    for call in CALLS {
        let early = call == "queue"; // sent from the queue, too
        here("connected");
        let client = net::connect(at.clone(), move |client| {
            if !early {
                here("write");
                client.write(call);
            }
            if matches!(call, "write_then" | "io::Write" | "queue") {
                here("end");
                client.end();
            }
        });
        if early {
            here("early");
            client.write(call);
        }
        here("data");
        client.on(event::Data, |_, _| {});
        client.on(event::Error, |_, _| {});
        if call == "write_then" {
            here("spawn");
            let running = client.spawn();
            running.join().expect("no panic").expect("no error");
        } else {
            here("run");
            client.run().expect("no error");
        }
    }

    let refused = EventSocket::new(UNUSED_ADDRESS);
    here("error");
    refused.on(event::Error, |_, _| {});
    refused.run().expect("a listener has heard of it");
    stop(&server, running);
}

#[test]
fn each_event_names_the_line_that_caused_it() {
    let viewer = Viewer::new();
    let program = start("calls", viewer.address());
    let seen = Seen::read(viewer.accept());
    let (out, err) = end(program);
    let lines = lines(&out);
    assert_eq!((err.as_str(), seen.lost()), ("", 0));

    // The sockets of each connection: the client's, and the server's, which has the same addresses.
    let of =
        |from: &str| -> Vec<&Event> { seen.events.iter().filter(|e| e.from == from).collect() };
    let clients: Vec<_> =
        seen.events.iter().filter(|e| e.kind == "connect").map(|e| &e.from).collect();
    let pair = |n: usize| {
        let client = of(clients[n]);
        let connected = client.iter().find(|e| e.kind == "connected").expect("connected");
        let ends = [connected.words[1].clone(), connected.words[0].clone()];
        let accept =
            seen.events.iter().find(|e| e.kind == "accept" && e.words == ends).expect("accepted");
        (client, of(&accept.from))
    };
    let at = |events: &[&Event], kind: &str| -> Vec<String> {
        let events = events.iter().filter(|event| event.kind == kind);
        let mut at: Vec<_> =
            events.map(|e| e.named.get("at").cloned().unwrap_or_default()).collect();
        at.dedup();
        at
    };
    let is = |what: &str, found: Vec<String>, expected: &[&str]| {
        let expected: Vec<_> =
            expected.iter().map(|name| lines.get(name).cloned().unwrap_or_default()).collect();
        assert_eq!(found, expected, "{what}: {lines:#?}");
    };

    assert_eq!(clients.len(), CALLS.len() + 1);
    for (n, call) in CALLS.into_iter().enumerate() {
        let (client, server) = pair(n);
        is(call, at(&client, "connect"), &[if n == 0 { "spawn" } else { "run" }]);
        is(call, at(&client, "connected"), &["connected"]);
        is(call, at(&client, "sent"), &[if call == "queue" { "early" } else { "write" }]);
        is(call, at(&server, "accept"), &["accept"]);
        is(call, at(&server, "received"), &["text"]);
        match call {
            "write_then" | "io::Write" | "queue" => {
                is(call, at(&server, "sent"), &[call]);
                is(call, at(&client, "received"), &["data"]);
                is(call, at(&client, "sent-fin"), &["end"]);
                is(call, at(&server, "received-fin"), &["fin"]);
                // Made by the library, as the client has ended.
                is(call, at(&server, "sent-fin"), &[""]);
                is(call, at(&server, "close"), &[""]);
            }
            "end_with" => {
                is(call, at(&server, "sent"), &[call]);
                is(call, at(&server, "sent-fin"), &[call]);
            }
            "destroy_soon" | "close_within" => is(call, at(&server, "sent-fin"), &[call]),
            _ => is(call, at(&server, "close"), &[call]),
        }
    }
    let refused = of(clients[CALLS.len()]);
    is("refused", at(&refused, "reset"), &["error"]);

    // The length of the queue after each piece that the kernel has taken.
    let (_, server) = pair(CALLS.len() - 1);
    let sent: Vec<_> = server.iter().filter(|e| e.kind == "sent").collect();
    let mut left = 2_000_000;
    for event in &sent {
        left -= event.number(0);
        let queued = event.named.get("q").map_or(0, |q| q.parse().expect("a number"));
        assert_eq!(queued, left, "{event:?}");
    }
    assert!(left == 0 && sent.len() > 1, "{} writes", sent.len());
}

/// The layers on top of sockets: each event is caused by a line of the program.
fn layers() {
    here("handler");
    let server = http::create_server(|request, response| match request.path() {
        "/write" => {
            here("http write");
            response.write(vec![b'x'; 100_000]);
            here("http end");
            response.end();
        }
        "/chat" => websocket::upgrade(&request, response, |chat| {
            here("send_text");
            chat.send_text("hello");
            here("close");
            chat.close(1000, "bye");
        }),
        _ => {
            here("http end_with");
            response.end_with("x");
        }
    });
    let (running, at) = serve(&server);
    here("get");
    http::get(&format!("http://{at}/")).expect("an answer");
    http::get(&format!("http://{at}/write")).expect("an answer");
    let mut client = TcpStream::connect(at.to_string()).expect("it listens");
    client
        .write_all(
            b"GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
              Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        )
        .expect("sent");
    client.shutdown(Shutdown::Write).expect("connected");
    client.read_to_end(&mut Vec::new()).expect("to the end");
    stop(&server, running);

    let echo = net::create_server(|socket| {
        here("pipe");
        socket.pipe(socket);
    });
    let (running, at) = serve(&echo);
    let client = net::connect(at, |_| {});
    here("listener");
    client.once(event::Connect, |mut client, ()| {
        let whom = "std";
        write!(client, "from {whom}").expect("there is room");
        client.end();
    });
    client.resume();
    client.run().expect("no error");
    stop(&echo, running);
}

#[test]
fn what_the_library_or_std_calls_for_the_program_is_a_line_of_the_program_too() {
    let viewer = Viewer::new();
    let program = start("layers", viewer.address());
    let seen = Seen::read(viewer.accept());
    let (out, _) = end(program);
    let lines = lines(&out);
    for event in &seen.events {
        let at = event.named.get("at");
        assert!(at.is_none_or(|at| at.starts_with(file!())), "a line of the program: {event:?}");
    }
    let has = |kind: &str, name: &str, data: &str| {
        let is = |event: &Event| {
            event.kind == kind
                && event.named.get("at") == lines.get(name)
                && (data.is_empty() || String::from_utf8_lossy(&event.data()).contains(data))
        };
        assert!(seen.events.iter().any(is), "{kind} {name} {data}: {:#?}\n{lines:#?}", seen.events);
    };
    has("connect", "get", "");
    has("sent", "get", "GET / ");
    has("received", "get", "200 OK");
    has("accept", "handler", "");
    has("received", "handler", "GET / ");
    has("sent", "http end_with", "200 OK");
    has("sent", "http write", "200 OK");
    has("sent", "http end", "0\r\n\r\n");
    has("sent", "handler", "101 Switching");
    has("sent", "send_text", "hello");
    has("sent", "close", "bye");
    has("received", "pipe", "from");
    has("sent", "pipe", "from");
    has("sent-fin", "pipe", "");
    has("sent", "listener", "from");
}

/// All byte values, and a piece that is larger than what is shown.
fn binary() {
    let all: Vec<u8> = (0..=255).collect();
    let server = net::create_server(move |socket| {
        socket.write(&all);
        let mut piece = io::repeat(0xa5).take(60_000);
        io::copy(&mut piece, &mut &*socket).expect("the client reads");
        socket.end();
    });
    let (running, at) = serve(&server);
    let client = net::connect(at, |_| {});
    client.resume();
    client.run().expect("no error");
    stop(&server, running);
}

#[test]
fn bytes_are_shown_as_they_are_and_all_are_counted() {
    let viewer = Viewer::new();
    let program = start("binary", viewer.address());
    let seen = Seen::read(viewer.accept());
    end(program);

    let name =
        env::current_exe().expect("own path").file_stem().map(|s| s.to_string_lossy().into_owned());
    assert_eq!((seen.hello.time, seen.hello.kind.as_str()), (0, "hello"));
    assert_eq!(seen.hello.words, [name.expect("a name"), file!().to_string()]);
    let unix: f64 = seen.hello.named["unix"].parse().expect("seconds");
    let now =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    assert!((0.0..60.0).contains(&(now.as_secs_f64() - unix)), "{unix}");

    for kind in ["sent", "received"] {
        let events: Vec<_> = seen.events.iter().filter(|event| event.kind == kind).collect();
        assert_eq!(events.iter().map(|event| event.number(0)).sum::<u64>(), 60_256, "{kind}");
        for event in &events {
            assert_eq!(event.data().len() as u64, event.number(0).min(4096), "the first of them");
        }
        assert!(events.iter().any(|event| event.number(0) > 4096));
        let mut first = events[0].data();
        first.truncate(256);
        assert!(first.iter().copied().eq(0..=255), "{first:?}");
    }
    assert_eq!(seen.kinds(1).first(), Some(&"connect"));
    assert_eq!(seen.kinds(1).last(), Some(&"close"));
    assert_eq!(seen.lost(), 0);
}

/// One connection; the program ends right after it.
fn short(exits: bool) {
    let peer = TcpListener::bind(("127.0.0.1", 0)).expect("port 0");
    let at = peer.local_addr().expect("it listens");
    std::thread::spawn(move || peer.accept().map(|(peer, _)| drop(peer)));
    let client = net::connect(at, |client| client.end());
    client.on(event::Close, move |_, _| {
        if exits {
            std::process::exit(0);
        }
    });
    let _ = client.run();
    std::process::exit(0); // the test harness takes long to end
}

#[test]
fn the_last_events_of_a_program_arrive() {
    let viewer = Viewer::new();
    for program in ["short", "exits"].repeat(10) {
        let program = start(program, viewer.address());
        let seen = Seen::read(viewer.accept());
        end(program);
        let kinds = seen.kinds(1);
        assert_eq!(kinds.first(), Some(&"connect"), "{kinds:?}");
        assert_eq!(kinds.last(), Some(&"close"), "{kinds:?}");
    }
}

/// Returns the number of events that a recorder has seen: all except `connected`.
fn recorded(recorder: &Recorder) -> u64 {
    let text = format!("{recorder:?}");
    let (_, count) = text.split_once("events: ").expect("its Debug says so");
    count.trim_end_matches([' ', '}']).parse().expect("a number")
}

/// Sends 64 KiB many times, faster than a viewer that does not read can receive. Prints how much
/// that was, and whether it was delayed.
fn much() {
    const PIECE: usize = 64 * 1024;
    const COUNT: u64 = 3000;
    let recorder = Recorder::new();
    let server = net::create_server(|socket| socket.resume());
    recorder.watch_server("server", &server);
    let (running, at) = serve(&server);
    let before = if cfg!(target_os = "linux") { own_status("VmRSS") } else { 0 };
    let client = net::connect(at, |client| {
        for _ in 0..COUNT {
            Write::write_all(&mut &*client, &[b'x'; PIECE]).expect("the server reads");
        }
        client.end();
    });
    recorder.watch("client", &client);
    client.run().expect("no error");
    stop(&server, running);
    let after = if cfg!(target_os = "linux") { own_status("VmRSS") } else { 0 };
    println!("\ncaused {} {}", recorded(&recorder) + 1, 2 * COUNT * PIECE as u64);
    println!("memory {}", after.saturating_sub(before));

    // After a flush that timed out, the next one does not wait.
    let began = Instant::now();
    for _ in 0..3 {
        EventSocket::new(UNUSED_ADDRESS).run().expect_err("nobody listens");
    }
    println!("flushes {}", began.elapsed().as_millis());
    io::stdin().read_line(&mut String::new()).expect("the test says when to end");
}

/// Returns the numbers after a word of a program's output.
fn numbers(program: &mut Program, word: &str) -> Vec<u64> {
    let line = program.line_with(&format!("{word} "));
    line.split_whitespace().skip(1).map(|number| number.parse().expect("a number")).collect()
}

#[test]
#[ignore = "is a flood for two seconds"]
fn what_a_viewer_that_does_not_read_misses_is_counted_and_memory_is_bounded() {
    let viewer = Viewer::new();
    let mut program = start("much", viewer.address());
    let stream = viewer.accept(); // does not read
    let caused = numbers(&mut program, "caused");
    let memory = numbers(&mut program, "memory")[0];
    let flushes = numbers(&mut program, "flushes")[0];
    assert!(
        flushes < 400,
        "{flushes} ms: only the first flush may wait for a viewer that is stuck"
    );
    // 48 MB of lines: most of them are neither kept nor in the kernel.
    assert!(memory < 24 * 1024, "{memory} KiB more");

    // The program does nothing more: the loss is reported as soon as there is room.
    let caused = (caused[0] + 3 * 2, caused[1]); // plus three times connect and reset
    let seen = Seen::read_until(stream, caused.0);
    program.type_in("\n");
    let (_, err) = end(program);
    assert_eq!(err, "", "a slow viewer is no failure");
    assert!(seen.lost() > 500, "{} lost", seen.lost());
    assert_eq!(seen.count(), caused, "seen or lost");
}

/// Makes a round for each line of standard input, and prints how many events there were until then.
fn rounds() {
    let recorder = Recorder::new();
    let server = net::create_server(|socket| socket.pipe(socket));
    recorder.watch_server("server", &server);
    let (running, at) = serve(&server);
    let mut connections = 0;
    println!("\nready");
    for line in io::stdin().lines() {
        let line = line.expect("text");
        let client = net::connect(at.clone(), move |client| client.end_with(line));
        client.resume();
        recorder.watch("client", &client);
        client.run().expect("no error");
        connections += 1;
        while server.connections() > 0 {
            std::thread::yield_now();
        }
        println!("caused {}", recorded(&recorder) + connections);
    }
    stop(&server, running);
}

#[test]
fn without_a_viewer_the_program_runs_and_says_so_once() {
    let mut program = start("rounds", SocketAddr::from(([127, 0, 0, 1], UNUSED_ADDRESS.1)));
    let expected = "net_notes: there is no viewer at 127.0.0.1:1 (";
    let err = program.error_with("trying again every second\n");
    assert!(err.starts_with(expected), "{err}");
    let began = Instant::now();
    let mut caused = 0;
    // Until it has tried again, and for more events than it keeps: none of this is worth a line on
    // standard error.
    while caused < 5000 || began.elapsed() < Duration::from_millis(1500) {
        program.type_in(&"a round\n".repeat(20));
        caused = (0..20).map(|_| numbers(&mut program, "caused")[0]).max().expect("some");
    }
    let (_, err) = end(program);
    assert_eq!(err.lines().count(), 1, "{err}");
}

#[test]
fn a_viewer_that_dies_does_not_disturb_and_the_next_one_is_told_what_it_has_missed() {
    let viewer = Viewer::new();
    let mut program = start("rounds", viewer.address());
    let stream = viewer.accept();
    program.type_in("one\n");
    numbers(&mut program, "caused");
    let mut first = BufReader::new(stream);
    let mut line = String::new();
    while !line.ends_with("close\n") {
        line.clear();
        first.read_line(&mut line).expect("a line");
    }
    drop(first); // dies

    // The kernel takes the next lines although the peer is gone, and then reports it.
    let mut caused = 0;
    while !program.error_with("").contains("is gone") {
        program.type_in("two\n");
        caused = numbers(&mut program, "caused")[0];
    }
    let stream = viewer.accept();
    program.type_in("three\n");
    let last = numbers(&mut program, "caused")[0];
    assert!(last > caused);
    let reading = std::thread::spawn(move || Seen::read(stream));
    let (_, err) = end(program);
    assert_eq!(err.lines().count(), 1, "{err}");
    let seen = reading.join().expect("whole lines");
    assert_eq!(seen.events[0].kind, "lost", "what the first one was sent");
    assert!(seen.lost() > 8);
    assert_eq!(seen.count().0, last, "seen or lost");
}

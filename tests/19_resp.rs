//! Lesson 19: the protocol of Redis, compared with a real redis-server, and used by its own
//! clients.
#![warn(clippy::disallowed_methods)] // .clippy.toml says which

mod common;
#[path = "../examples/19_resp/request.rs"]
mod request;

use common::{DEADLINE, Program, command, example, header_output, peer, until};
use net_notes::check::{Check, Subject};
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const NAME: &str = "19_resp";

/// A running server and its port.
struct Server {
    _program: Program,
    port: u16,
}

/// Starts our example.
fn ours() -> Server {
    let mut program = Program::start(example(NAME), &["0"]);
    let line = program.line_with("listening: port ");
    let digits = line["listening: port ".len()..].split('.').next().unwrap_or_default();
    Server { port: digits.parse().expect("a port"), _program: program }
}

/// Starts a real server, which stores nothing on the disk.
fn redis() -> Option<Server> {
    let redis = peer("redis-server")?;
    // It cannot choose a free port and report it.
    let port = Check::new(Subject::new("")).free_port().expect("a port is free");
    let text = port.to_string();
    let folder = std::env::temp_dir();
    let folder = folder.to_str().expect("UTF-8");
    let arguments = ["--bind", "127.0.0.1", "--save", "", "--dir", folder, "--port", &text];
    let mut program = Program::start(redis, &arguments);
    program.line_with("Ready to accept connections");
    Some(Server { port, _program: program })
}

/// A client that sees the raw bytes.
struct Client(TcpStream);

impl Client {
    fn connect(server: &Server) -> Client {
        let stream = TcpStream::connect(("127.0.0.1", server.port)).expect("it listens");
        stream.set_read_timeout(Some(DEADLINE)).expect("not zero");
        stream.set_write_timeout(Some(DEADLINE)).expect("not zero");
        stream.set_nodelay(true).expect("connected");
        Client(stream)
    }

    fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).expect("connected");
    }

    /// Returns the next reply as a whole.
    fn reply(&mut self) -> Vec<u8> {
        let mut reply = self.line();
        let number = |line: &[u8]| -> i64 {
            let digits = String::from_utf8_lossy(&line[1..line.len() - 2]).into_owned();
            digits.parse().unwrap_or_else(|_| panic!("no number: {digits:?}"))
        };
        match reply[0] {
            b'+' | b'-' | b':' => {}
            b'$' => {
                let mut bytes = vec![0; usize::try_from(number(&reply) + 2).unwrap_or_default()];
                if number(&reply) >= 0 {
                    self.0.read_exact(&mut bytes).expect("the counted bytes");
                    reply.extend(bytes);
                }
            }
            b'*' => (0..number(&reply)).for_each(|_| reply.extend(self.reply())),
            _ => panic!("no reply: {:?}", String::from_utf8_lossy(&reply)),
        }
        reply
    }

    fn line(&mut self) -> Vec<u8> {
        let (mut line, mut byte) = (Vec::new(), [0]);
        while !line.ends_with(b"\r\n") {
            self.0.read_exact(&mut byte).expect("a reply");
            line.push(byte[0]);
        }
        line
    }

    fn expect(&mut self, reply: &[u8]) {
        let mut bytes = vec![0; reply.len()];
        self.0.read_exact(&mut bytes).expect("a reply");
        assert_eq!(show(&bytes), show(reply));
    }

    fn ask(&mut self, words: &[&[u8]]) -> Vec<u8> {
        self.send(request(words));
        self.reply()
    }

    fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).expect("the end, and no reset");
        rest
    }
}

fn request(words: &[&[u8]]) -> Vec<u8> {
    let mut request = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        request.extend(format!("${}\r\n", word.len()).bytes());
        request.extend_from_slice(word);
        request.extend_from_slice(b"\r\n");
    }
    request
}

fn show(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

#[test]
fn it_prints_what_its_header_shows() {
    let mut program = Program::start(example(NAME), &["0"]);
    let line = program.line();
    let digits: String = line.chars().filter(char::is_ascii_digit).collect();
    let port = &digits[..digits.len() / 2]; // the digits are printed twice
    assert_eq!(line.replace(port, "5000"), header_output(NAME));
}

#[test]
fn a_port_in_use_and_a_wrong_one_are_explained() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).expect("port 0 is free");
    let port = taken.local_addr().expect("bound").port();
    let (status, _, errors) = Program::start(example(NAME), &[&port.to_string()]).wait();
    assert!(!status.success());
    assert!(errors.contains(&format!("--example 19_resp -- {}", port.wrapping_add(1))), "{errors}");
    let (status, _, errors) = Program::start(example(NAME), &["tea"]).wait();
    assert!(!status.success() && errors.contains("after -- goes"), "{errors}");
}

/// Everything that the lesson's list of commands allows, and what it does not. A `|` stands for a
/// space in a word.
#[rustfmt::skip] // a table
const COMMANDS: &[&str] = &[
    "PING", "ping", "PING hello", "PING a b",
    "ECHO hello", "echo 茶", "ECHO ", "ECHO", "ECHO a b",
    "GET tea", "SET tea green", "GET tea", "SET tea black|and|strong", "GET tea", "get tea", "GET Tea",
    "SET empty ", "GET empty", "SET tea", "SET", "GET", "GET a b", "SET tea green NOW",
    "SET tea green EX", "SET tea green EX 0", "SET tea green EX -1", "SET tea green EX soon",
    "SET tea green EX 9223372036854775807", "SET tea green EX 01", "GET tea",
    "SET tea hot EX 100", "TTL tea", "SET cup full ex 50", "TTL cup", "SET tea cold", "TTL tea", "TTL none", "TTL", "TTL a b",
    "INCR n", "INCR n", "GET n", "INCR tea", "INCR", "INCR a b", "SET n -1", "INCR n", "INCR n",
    "SET n 9223372036854775807", "INCR n", "SET n 9223372036854775806", "INCR n",
    "SET n 01", "INCR n", "SET n +1", "INCR n", "SET n -0", "INCR n", "SET n 1.5", "INCR n", "SET n ", "INCR n", "SET n 1|", "INCR n",
    "SET n 5 EX 100", "INCR n", "TTL n",
    "EXPIRE none 10", "EXPIRE tea 100", "TTL tea", "EXPIRE tea 200", "TTL tea", "EXPIRE tea later", "EXPIRE tea",
    "EXPIRE tea 9223372036854775807", "EXPIRE cup 0", "GET cup", "EXPIRE tea -5", "GET tea", "TTL tea",
    "DEL none", "SET a 1", "SET b 2", "DEL a b c", "GET a", "SET a 1", "DEL a a", "DEL",
    "PUBLISH news hello", "PUBLISH news", "PUBLISH a b c", "SUBSCRIBE",
    "TEA", "tea green black", "|", "", "GETT a", "CONFIG GET save", "CONFIG GET appendonly", "CONFIG GET tea", "CONFIG",
    "UNSUBSCRIBE", "UNSUBSCRIBE news",
];

fn words(line: &str) -> Vec<Vec<u8>> {
    line.split(' ').map(|word| word.replace('|', " ").into_bytes()).collect()
}

#[test]
fn every_command_is_answered_as_by_redis() {
    assert!(COMMANDS.len() >= 60);
    let Some(redis) = redis() else { return };
    let servers = [redis, ours()];
    let [mut redis, mut ours] = [&servers[0], &servers[1]].map(Client::connect);
    for line in COMMANDS {
        let words = words(line);
        let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        let [theirs, own] = [&mut redis, &mut ours].map(|client| show(&client.ask(&words)));
        assert_eq!(own, theirs, "`{line}` (ours, and theirs)");
    }
    // Line ends in what an error quotes would end the reply too early.
    let [theirs, own] =
        [&mut redis, &mut ours].map(|client| show(&client.ask(&[b"a\r\nb", b"\n"])));
    assert_eq!(own, theirs);
    // The same as inline commands, in one piece.
    let line = |line: &&&str| !line.is_empty() && !line.contains('|');
    let mut all =
        COMMANDS.iter().filter(line).map(|line| line.to_string() + "\r\n").collect::<String>();
    all.push_str("\r\n \n  PING  last \n");
    let [theirs, own] = [&mut redis, &mut ours].map(|client| {
        client.send(&all);
        client.0.shutdown(std::net::Shutdown::Write).expect("connected");
        show(&client.rest())
    });
    assert_eq!(own, theirs);
    assert!(own.ends_with("$4\\r\\nlast\\r\\n"), "{own}");
}

/// The messages that a subscriber receives, and the commands that it may send.
#[test]
fn subscribers_are_served_as_by_redis() {
    let told = |server: &Server| {
        let [mut one, mut two, mut publisher] = [(); 3].map(|()| Client::connect(server));
        let mut seen = Vec::new();
        one.send(request(&[b"SUBSCRIBE", b"news", b"tea", b"news"]));
        (0..3).for_each(|_| seen.push(one.reply()));
        seen.push(two.ask(&[b"subscribe", b"news"]));
        for (channel, message) in
            [("news", "hello"), ("tea", "\r\n"), ("other", "x"), ("NEWS", "x")]
        {
            seen.push(publisher.ask(&[b"PUBLISH", channel.as_bytes(), message.as_bytes()]));
        }
        seen.extend([one.reply(), one.reply(), two.reply()]);
        for words in [
            &[&b"PING"[..]][..],
            &[b"PING", b"x"],
            &[b"GET", b"a"],
            &[b"PUBLISH", b"news", b"x"],
            &[b"TEA"],
        ] {
            seen.push(one.ask(words));
        }
        for words in
            [&[&b"UNSUBSCRIBE"[..], b"news"][..], &[b"UNSUBSCRIBE", b"none"], &[b"UNSUBSCRIBE"]]
        {
            seen.push(one.ask(words));
        }
        seen.push(one.ask(&[b"GET", b"a"])); // an ordinary client again
        seen.push(publisher.ask(&[b"PUBLISH", b"news", b"two"]));
        seen.push(two.reply());
        drop(two);
        until("the subscriber that has left gets nothing", || {
            publisher.ask(&[b"PUBLISH", b"news", b"none"]) == b":0\r\n"
        });
        seen.iter().map(|reply| show(reply)).collect::<Vec<_>>()
    };
    let own = told(&ours());
    assert!(
        own.contains(&"*3\\r\\n$7\\r\\nmessage\\r\\n$4\\r\\nnews\\r\\n$5\\r\\nhello\\r\\n".into())
    );
    let Some(redis) = redis() else { return };
    assert_eq!(own, told(&redis));
}

/// An invalid request is refused with the same words, and ends the connection. The requests before
/// it are answered.
#[test]
fn a_broken_request_is_refused_as_by_redis() {
    let answers = |server: &Server, sent: &[u8]| {
        let mut client = Client::connect(server);
        client.send(sent);
        show(&client.rest())
    };
    let (own, redis) = (ours(), redis());
    let cases: [&[u8]; 14] = [
        b"*x\r\n",
        b"*99999999999\r\n",
        b"*+1\r\n$4\r\nPING\r\n",
        b"*01\r\n$4\r\nPING\r\n",
        b"*1\r\nPING\r\n",
        b"*1\r\n+PING\r\n",
        b"*1\r\n:\r\n",
        b"*2\r\n$4\r\nECHO\r\n$-1\r\n",
        b"*2\r\n$4\r\nECHO\r\n$x\r\n",
        b"*2\r\n$4\r\nECHO\r\n$\r\n",
        b"*2\r\n$4\r\nECHO\r\n$04\r\nhere\r\n",
        b"*2\r\n$4\r\nECHO\r\n$99999999999\r\n",
        b"*2\r\n$4\r\nECHO\r\n*1\r\n",
        // The first one is answered, and three are nothing.
        b"*1\r\n$4\r\nPING\r\n*0\r\n*-1\r\n\r\n*1\r\nx\r\n",
    ];
    for sent in cases {
        let answer = answers(&own, sent);
        assert!(answer.contains("-ERR Protocol error: "), "{}: {answer}", show(sent));
        if let Some(redis) = &redis {
            assert_eq!(answer, answers(redis, sent), "{} (ours, and theirs)", show(sent));
        }
    }
    // Here Redis is more tolerant, or sends no reply.
    let shifted = b"*2\r\n$4\r\nECHO\r\n$1\r\n\xe8\x8c\xb6\r\nPING\r\n";
    if let Some(redis) = &redis {
        let mut client = Client::connect(redis);
        client.send(shifted);
        client.expect(b"$1\r\n\xe8\r\n+PONG\r\n"); // as the lesson says
    }
    for (sent, why) in [
        (&shifted[..], "a word is not as long as it says"),
        (b"*2\r\n$4\r\nECHO\r\n$2\r\n\xe8\x8c\xb6\r\n", "a word is not as long as it says"),
        (b"*1\r\n$4\r\nPINGPONG\r\n", "a word is not as long as it says"),
        (b"*1\r$4\r\nPING\r\n", "a count without its line end"),
        (b"POST / HTTP/1.1\r\nHost: here\r\n\r\nSET a b\r\n", "this is HTTP"),
        (b"*1\r\n$16777216\r\n", "invalid bulk length"),
        (b"*2\r\n$9000000\r\n", ""), // two such words are too much, but one may still be right
    ] {
        if why.is_empty() {
            let mut client = Client::connect(&own);
            client.send(sent);
            client.send(vec![b'x'; 9_000_000]);
            client.send("\r\n$9000000\r\n");
            assert!(show(&client.rest()).contains("Protocol error: a frame has 18000"));
        } else {
            assert_eq!(answers(&own, sent), format!("-ERR Protocol error: {why}\\r\\n"));
        }
    }
    let web = answers(&own, b"GET / HTTP/1.1\r\nHost: here\r\n\r\nSET a b\r\n");
    assert!(web.ends_with("this is HTTP\\r\\n") && !web.contains("OK"), "{web}");
}

/// A line, or a count, that never ends.
#[test]
fn a_line_without_an_end_is_refused_when_it_is_too_long() {
    let own = ours();
    for (start, why) in [
        ("", "too big inline request"),
        ("*", "a count without its line end"),
        ("*1\r\n$", "a count without its line end"),
    ] {
        let mut client = Client::connect(&own);
        client.send(start.to_string() + &"1".repeat(64 << 10));
        assert_eq!(show(&client.rest()), format!("-ERR Protocol error: {why}\\r\\n"));
    }
}

/// However the bytes are cut, and with any bytes in the words.
#[test]
fn cuts_do_not_matter() {
    let server = ours();
    let mut value: Vec<u8> = (0..=255).collect();
    value.extend(b"\r\n$5\r\n*1\r\n");
    let mut stream = Vec::new();
    let mut expected = Vec::new();
    for (words, reply) in [
        (vec![&b"SET"[..], &value, &value], b"+OK\r\n".to_vec()),
        (
            vec![b"GET", &value],
            [format!("${}\r\n", value.len()).as_bytes(), &value, b"\r\n"].concat(),
        ),
        (vec![b"SET", b"", b""], b"+OK\r\n".to_vec()),
        (vec![b"GET", b""], b"$0\r\n\r\n".to_vec()),
        (vec![b"DEL", b"", &value, b"count"], b":2\r\n".to_vec()),
    ] {
        stream.extend(request(&words));
        expected.extend(reply);
    }
    stream.extend(b"INCR count\r\n\r\nDEL count\n");
    expected.extend(b":1\r\n:1\r\n");
    let mut client = Client::connect(&server);
    for size in [1, 2, 3, 7, 100] {
        for piece in stream.chunks(size) {
            client.send(piece);
        }
        client.expect(&expected);
    }
    let stream = &stream;
    for cut in 0..stream.len() {
        client.send(&stream[..cut]);
        client.send(&stream[cut..]);
        client.expect(&expected);
    }
}

/// A hundred thousand words byte by byte: scanning all counts again for each byte would take hours.
#[test]
fn a_long_request_in_small_pieces_takes_linear_time() {
    common::within("a request of 1.5 MB", || {
        let words: Vec<Vec<u8>> = (0..100_000).map(|n| format!("{n}").into_bytes()).collect();
        let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        let mut requests = request::frames();
        let bytes = request(&words);
        let (last, rest) = bytes.split_last().expect("not empty");
        assert!(rest.iter().all(|byte| requests.feed(&[*byte]).next().is_none()));
        let whole = requests.feed(&[*last]).next().expect("all of it").expect("a request");
        assert!(request::words(&whole).expect("well-formed") == words);
    });
}

/// Ten thousand requests before the first reply is read.
#[test]
fn requests_may_be_sent_before_the_replies_are_read() {
    let server = ours();
    let mut client = Client::connect(&server);
    const COUNT: usize = 10_000;
    client.send("INCR n\r\n".repeat(COUNT));
    for n in 1..=COUNT {
        client.expect(format!(":{n}\r\n").as_bytes());
    }
}

/// Short requests for long replies, from a client that does not read: the memory has a limit, and
/// others are served.
#[test]
fn a_client_that_does_not_read_is_not_read() {
    let server = ours();
    let mut other = Client::connect(&server);
    const LENGTH: usize = 10_000_000;
    assert_eq!(other.ask(&[b"SET", b"large", &vec![b'x'; LENGTH]]), b"+OK\r\n");
    let mut client = Client::connect(&server);
    const COUNT: usize = 100; // 1 GB in all
    client.send("GET large\r\n".repeat(COUNT));
    // Time enough for a server that does not wait to queue everything.
    for _ in 0..10_000 {
        assert_eq!(other.ask(&[b"PING"]), b"+PONG\r\n");
    }
    if cfg!(target_os = "linux") {
        let status = std::fs::read_to_string(format!("/proc/{}/status", server._program.id()));
        let status = status.expect("it runs");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux");
        let kib: usize = peak.trim().trim_end_matches(" kB").parse().expect("a number");
        assert!(kib < 200 << 10, "{kib} KiB");
    }
    client.expect(format!("${LENGTH}\r\n").as_bytes());
    client.expect(&vec![b'x'; LENGTH]);
}

/// A subscriber that never reads is disconnected, and publishing continues.
#[test]
fn a_subscriber_that_does_not_read_is_disconnected() {
    let server = ours();
    let [mut stuck, mut reader, mut publisher] = [(); 3].map(|()| Client::connect(&server));
    for client in [&mut stuck, &mut reader] {
        client.ask(&[b"SUBSCRIBE", b"news"]);
    }
    let reading = thread::spawn(move || {
        let mut messages = 0;
        while reader.reply().ends_with(b"x\r\n") {
            messages += 1;
        }
        messages
    });
    let message = vec![b'x'; 1_000_000];
    let mut sent = 0;
    until("one of the two is gone", || {
        sent += 1;
        let receivers = publisher.ask(&[b"PUBLISH", b"news", &message]);
        // Nor may the client be as fast as the publisher: it reads in small steps.
        receivers == b":1\r\n"
    });
    publisher.ask(&[b"PUBLISH", b"news", b"last"]);
    assert_eq!(reading.join().expect("no panic"), sent);
    let _ = stuck.0.read_to_end(&mut Vec::new()); // a reset, or the end
}

#[test]
fn keys_expire() {
    let server = ours();
    let mut client = Client::connect(&server);
    let began = Instant::now();
    client.send("SET a 1 EX 1\r\nSET b 1\r\nEXPIRE b 1\r\nSET c 1 EX 1\r\nSET c 2\r\nSET d 1 EX 1\r\nINCR d\r\nGET d\r\nTTL a\r\n");
    client.expect(b"+OK\r\n+OK\r\n:1\r\n+OK\r\n+OK\r\n+OK\r\n:2\r\n$1\r\n2\r\n:1\r\n");
    until("d is gone", || client.ask(&[b"GET", b"d"]) == b"$-1\r\n");
    assert!(began.elapsed() >= Duration::from_secs(1));
    client.send("GET a\r\nGET b\r\nGET c\r\nTTL a\r\nEXPIRE b 10\r\nINCR d\r\nTTL d\r\n");
    client.expect(b"$-1\r\n$-1\r\n$1\r\n2\r\n:-2\r\n:0\r\n:1\r\n:-1\r\n");
}

/// INCR is one step for all clients.
#[test]
fn no_increment_is_lost() {
    let server = ours();
    thread::scope(|scope| {
        for mut client in (0..8).map(|_| Client::connect(&server)) {
            scope.spawn(move || (0..500).for_each(|_| drop(client.ask(&[b"INCR", b"n"]))));
        }
    });
    assert_eq!(Client::connect(&server).ask(&[b"GET", b"n"]), b"$4\r\n4000\r\n");
}

/// Every subscriber receives the messages of all publishers in the same order, after the reply to
/// its SUBSCRIBE.
#[test]
fn all_subscribers_see_the_same_order() {
    let server = ours();
    const EACH: usize = 200;
    let orders = thread::scope(|scope| {
        let subscribers: Vec<_> = (0..4)
            .map(|_| {
                let mut client = Client::connect(&server);
                assert!(client.ask(&[b"SUBSCRIBE", b"news"]).ends_with(b":1\r\n"));
                scope.spawn(move || (0..4 * EACH).map(|_| client.reply()).collect::<Vec<_>>())
            })
            .collect();
        for publisher in 0..4 {
            let mut client = Client::connect(&server);
            scope.spawn(move || {
                for n in 0..EACH {
                    let message = format!("{publisher} {n}");
                    client.ask(&[b"PUBLISH", b"news", message.as_bytes()]);
                }
            });
        }
        subscribers.into_iter().map(|one| one.join().expect("no panic")).collect::<Vec<_>>()
    });
    assert!(orders.windows(2).all(|pair| pair[0] == pair[1]));
}

/// Also while messages are published continuously.
#[test]
fn no_message_arrives_before_the_reply_to_subscribe() {
    let server = ours();
    let over = AtomicBool::new(false);
    let mut publisher = Client::connect(&server);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                publisher.ask(&[b"PUBLISH", b"news", b"x"]);
            }
        });
        let firsts: Vec<Vec<u8>> =
            (0..500).map(|_| Client::connect(&server).ask(&[b"SUBSCRIBE", b"news"])).collect();
        over.store(true, Ordering::Relaxed);
        let wrong = firsts.iter().find(|first| !first.starts_with(b"*3\r\n$9\r\nsubscribe"));
        assert_eq!(wrong.map(|first| show(first)), None);
    });
}

/// A client that leaves in the middle, or resets, disturbs no other client.
#[test]
fn clients_that_vanish_disturb_nobody() {
    let server = ours();
    for sent in ["", "*2\r\n$3\r\nG", "SUBSCRIBE news\r\n", "GET a\r\nGET", "*x\r\n"] {
        for _ in 0..3 {
            let mut client = Client::connect(&server);
            client.send(sent); // and what it is sent stays unread
        }
        let mut client = Client::connect(&server);
        assert_eq!(client.ask(&[b"PING"]), b"+PONG\r\n");
    }
    let mut client = Client::connect(&server);
    until("no subscriber is left", || client.ask(&[b"PUBLISH", b"news", b"x"]) == b":0\r\n");
}

/// A client that continues to send after a mistake receives the reply all the same, and no reset in
/// place of it.
#[test]
fn the_last_reply_is_not_lost() {
    let server = ours();
    let mut client = Client::connect(&server);
    client.send("*x\r\n");
    for _ in 0..20 {
        if let Err(error) = client.0.write_all(&[b'x'; 10_000]) {
            assert!(matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset));
            panic!("{error}: closed on what the client still sends");
        }
    }
    assert_eq!(show(&client.rest()), "-ERR Protocol error: invalid multibulk length\\r\\n");
}

fn run(program: &PathBuf, arguments: &[&str]) -> (String, String) {
    let mut command = command(program);
    let output = command.args(arguments).output().expect("it starts");
    let [out, errors] =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(output.status.success(), "{arguments:?}: {out}{errors}");
    (out, errors)
}

#[test]
fn redis_cli_does_not_notice() {
    let Some(cli) = peer("redis-cli") else { return };
    let server = ours();
    let port = server.port.to_string();
    for (words, expected) in [
        (&["PING"][..], "PONG"),
        (&["SET", "tea", "green and black"], "OK"),
        (&["GET", "tea"], "\"green and black\""),
        (&["GET", "none"], "(nil)"),
        (&["INCR", "n"], "(integer) 1"),
        (&["TEA"], "(error) ERR unknown command 'TEA', with args beginning with: "),
    ] {
        let arguments = [&["--no-raw", "-p", &port], words].concat();
        assert_eq!(run(&cli, &arguments).0.trim_end_matches('\n'), expected, "{words:?}");
    }
    let mut subscriber = Program::start(&cli, &["-p", &port, "SUBSCRIBE", "news"]);
    subscriber.line_with("subscribe");
    until("it has subscribed", || run(&cli, &["-p", &port, "PUBLISH", "news", "hello"]).0 == "1\n");
    subscriber.line_with("hello");
}

#[test]
fn redis_benchmark_does_not_notice() {
    let Some(benchmark) = peer("redis-benchmark") else { return };
    let server = ours();
    let port = server.port.to_string();
    for pipeline in ["1", "16"] {
        let arguments = [
            "-p",
            &port,
            "-n",
            "2000",
            "-c",
            "50",
            "-P",
            pipeline,
            "-t",
            "ping_inline,ping_mbulk,set,get,incr",
            "--csv",
        ];
        let (out, errors) = run(&benchmark, &arguments);
        for test in ["PING_INLINE", "PING_MBULK", "SET", "GET", "INCR"] {
            assert!(out.contains(&format!("\"{test}\"")), "{out}");
        }
        assert!(!out.contains("rror") && errors.is_empty(), "{out}{errors}");
    }
    let mut client = Client::connect(&server);
    let count = client.ask(&[b"GET", b"counter:__rand_int__"]);
    assert_eq!(show(&count), "$4\\r\\n4000\\r\\n");
}

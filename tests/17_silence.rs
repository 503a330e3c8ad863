//! Lesson 17: what a server notices of a silent client; the host to subscribe to; pauses between
//! attempts.
#![warn(clippy::disallowed_methods)] // .clippy.toml says which

mod common;
#[path = "../examples/17_silence/pauses.rs"]
mod pauses;

use common::{DEADLINE, Program, example};
use pauses::Pauses;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

const NAME: &str = "17_silence";

fn run(arguments: &[&str]) -> assert_cmd::assert::Assert {
    common::run_example(NAME, arguments, DEADLINE * 2)
}

fn stdout(arguments: &[&str]) -> String {
    String::from_utf8(run(arguments).success().get_output().stdout.clone()).expect("UTF-8")
}

/// Splits a cell of the table: what it says, and after how many seconds.
fn cell(text: &str) -> (&str, f64) {
    let (what, time) = text.rsplit_once([',', 'n']).expect("what, and when");
    let time = time.trim_matches(|c: char| !c.is_ascii_digit());
    (what, time.parse().expect("seconds"))
}

#[test]
#[ignore = "takes three seconds"]
fn it_prints_what_its_header_shows() {
    if !cfg!(unix) {
        return common::skipped("a process is stopped by a signal, which only Unix has");
    }
    // The clients are processes: on a busy machine their heartbeats are late now and then, but not
    // each time.
    let shown = common::header_output(NAME);
    let differs = |_| differs(&stdout(&[]), &shown);
    let differences: Vec<String> = (0..3).map_while(differs).collect();
    assert!(differences.len() < 3, "{}", differences.join("\n"));
}

/// Returns what is printed differently from the header: a word, or a time that differs by more than
/// a busy machine is late.
fn differs(printed: &str, shown: &str) -> Option<String> {
    let columns = |line: &str| -> Vec<String> {
        let (name, rest) = line.split_at(25);
        let cells = rest.split("   ").filter(|cell| !cell.is_empty());
        [name].into_iter().chain(cells).map(|text| text.trim().to_string()).collect()
    };
    assert_eq!(printed.lines().count(), 4, "{printed}");
    assert_eq!(printed.lines().next(), shown.lines().next());
    for (printed, shown) in printed.lines().zip(shown.lines()).skip(1) {
        let (printed, shown) = (columns(printed), columns(shown));
        assert_eq!((printed.len(), &printed[0]), (4, &shown[0]));
        for (printed, shown) in printed.iter().zip(&shown).skip(1) {
            let ((what, time), (expected, due)) = (cell(printed), cell(shown));
            // On a busy machine a clock may be read late, but never early.
            if what != expected || !(due - 0.1..due + 0.8).contains(&time) {
                return Some(format!("{printed}, and not {shown}"));
            }
        }
    }
    None
}

/// Starts a host, and returns its port too.
fn start_host() -> (Program, u16) {
    let mut host = Program::start(example(NAME), &["host", "0"]);
    let port = host.port();
    (host, port)
}

/// An event is due long before this number of heartbeats have arrived.
const HEARTBEATS_MAX: usize = 10;

struct Subscriber(BufReader<TcpStream>);

impl Subscriber {
    fn new(port: u16, after: usize) -> Subscriber {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the host listens");
        stream.set_read_timeout(Some(DEADLINE)).expect("not zero");
        stream.write_all(format!("AFTER {after}\n").as_bytes()).expect("connected");
        Subscriber(BufReader::new(stream))
    }

    /// Returns the next line, a heartbeat or not.
    fn any_line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("a line in time");
        line
    }

    /// Returns the next line that is not a heartbeat; empty at the end.
    fn line(&mut self) -> String {
        let mut lines = (0..=HEARTBEATS_MAX).map(|_| self.any_line());
        lines.find(|line| line != "BEAT 1000\n").expect("no event, and only heartbeats")
    }
}

#[test]
fn a_subscriber_gets_each_event_once_and_resumes() {
    let (mut host, port) = start_host();
    let mut first = Subscriber::new(port, 0);
    assert_eq!(first.any_line(), "BEAT 1000\n", "at once, so that the client knows it");
    host.type_in("the kettle boils\ntea is ready\n");
    assert_eq!(first.line(), "1 the kettle boils\n");
    assert_eq!(first.line(), "2 tea is ready\n");
    let (mut late, mut resumed, mut ahead) =
        (Subscriber::new(port, 0), Subscriber::new(port, 1), Subscriber::new(port, 2));
    assert_eq!(late.line(), "1 the kettle boils\n");
    for subscriber in [&mut late, &mut resumed] {
        assert_eq!(subscriber.line(), "2 tea is ready\n");
    }
    assert_eq!(ahead.any_line(), "BEAT 1000\n");
    host.type_in("水凉了\n");
    for subscriber in [&mut first, &mut late, &mut resumed, &mut ahead] {
        assert_eq!(subscriber.line(), "3 水凉了\n");
    }
    host.close_stdin();
    for subscriber in [&mut first, &mut late, &mut resumed, &mut ahead] {
        assert_eq!(subscriber.line(), "END\n");
        assert_eq!(subscriber.line(), "", "and then the connection ends");
    }
    drop((first, late, resumed, ahead));
    let (status, _, errors) = host.wait();
    assert!(status.success(), "{errors}");
}

/// An event that is published while a client subscribes is neither lost nor duplicated.
#[test]
fn no_event_falls_between_the_missed_ones_and_the_new_ones() {
    const ROUNDS: usize = 50;
    const EVENTS: usize = 200;
    let (mut host, port) = start_host();
    for round in 0..ROUNDS {
        let last = round * EVENTS;
        let subscribing = thread::spawn(move || {
            let mut subscriber = Subscriber::new(port, last);
            for number in last + 1..=last + EVENTS {
                assert_eq!(subscriber.line(), format!("{number} x\n"));
            }
        });
        (0..EVENTS).for_each(|_| host.type_in("x\n"));
        subscribing.join().expect("every number once, and in order");
    }
}

#[test]
fn a_heartbeat_arrives_each_second() {
    let (_host, port) = start_host();
    let mut subscriber = Subscriber::new(port, 0);
    assert_eq!(subscriber.any_line(), "BEAT 1000\n");
    let began = std::time::Instant::now();
    assert_eq!(subscriber.any_line(), "BEAT 1000\n");
    let time = began.elapsed();
    assert!((0.8..1.9).contains(&time.as_secs_f64()), "after {time:?}");
}

/// Returns 0 for a reset, as for an end. Any other error, such as the time limit, is a failure.
fn ends(result: io::Result<usize>) -> usize {
    result.unwrap_or_else(|error| {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        0
    })
}

/// Neither another protocol nor a line that is too long is answered, and a client that reads
/// nothing delays no other client and costs little.
#[test]
fn strange_and_slow_subscribers_are_disconnected() {
    let (mut host, port) = start_host();
    for words in ["GET / HTTP/1.1\r\n", "AFTER x\n", "AFTER -1\n", &"x".repeat(200)] {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the host listens");
        stream.set_read_timeout(Some(DEADLINE)).expect("not zero");
        stream.write_all(words.as_bytes()).expect("connected");
        let mut answer = Vec::new();
        ends(stream.read_to_end(&mut answer));
        assert!(answer.is_empty(), "{words:?} is answered with {answer:?}");
    }
    let (mut slow, mut reads) = (Subscriber::new(port, 0), Subscriber::new(port, 0));
    assert_eq!(slow.any_line(), "BEAT 1000\n");
    // More than the kernels hold, plus a second MiB.
    let event = "x".repeat(1 << 20);
    for number in 1..=24 {
        host.type_in(&format!("{event}\n"));
        assert_eq!(reads.line().len(), format!("{number} {event}\n").len());
    }
    let mut got = 0;
    while let size @ 1.. = ends(slow.0.read(&mut [0; 65536])) {
        got += size;
        assert!(got < 24 << 20, "it must be disconnected, and not receive everything");
    }
}

#[test]
fn pauses_grow_to_a_limit_and_only_random_ones_differ() {
    const WHOLE: [u64; 6] = [100, 200, 400, 800, 800, 800];
    let whole = WHOLE.map(Duration::from_millis);
    let mut fixed = Pauses::new(false);
    assert_eq!([(); 6].map(|()| fixed.next()), whole);
    let (mut shortest, mut longest) = (1.0, 0.0);
    for _ in 0..200 {
        let mut random = Pauses::new(true);
        for whole in whole {
            let part = random.next().as_secs_f64() / whole.as_secs_f64();
            (shortest, longest) = (part.min(shortest), part.max(longest));
        }
    }
    assert!((0.5..0.52).contains(&shortest), "{shortest}");
    assert!((0.98..1.001).contains(&longest), "{longest}");
}

/// The picture of the lesson: pauses without randomness keep the clients together, and random ones
/// spread them.
#[test]
#[ignore = "a thousand clients, twice: a quarter of a minute"]
fn random_pauses_spread_a_herd() {
    let printed = stdout(&["herd"]);
    println!("{printed}");
    let over: Vec<f64> = printed
        .split("all served after ")
        .skip(1)
        .map(|text| text.split('s').next().and_then(|time| time.trim().parse().ok()))
        .map(|time| time.expect("seconds"))
        .collect();
    assert!(matches!(over[..], [fixed, random] if fixed > 1.5 * random), "{printed}");
    let first = printed.lines().nth(1).expect("the first row");
    let numbers: Vec<usize> = first.split(' ').filter_map(|word| word.parse().ok()).collect();
    assert!(matches!(numbers[..], [1000, random] if random > 1000), "{first}");
}

#[test]
fn a_port_in_use_and_unknown_arguments_are_explained() {
    let (_host, port) = start_host();
    let says = |arguments: &[&str], words: &str| {
        let output = run(arguments).failure().code(1).get_output().clone();
        let message = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(message.contains(words), "{message}");
    };
    says(&["host", &port.to_string()], "Try  cargo run --example 17_silence -- host ");
    let usage = "after -- goes nothing, herd, host, or host PORT";
    for bad in [&["5000"] as &[_], &["host", "x"], &["host", "1", "2"], &["heard"]] {
        says(bad, usage);
    }
}

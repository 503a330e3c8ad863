//! Lesson 18: news by Server-Sent Events, and a counter by WebSocket, as raw clients and a browser
//! see them.
#![warn(clippy::disallowed_methods)] // .clippy.toml says which

mod common;
#[cfg(unix)]
use common::browser;
#[path = "../examples/18_live_page/news.rs"]
mod news;
#[path = "it/websocket/raw.rs"]
mod raw;

use common::{DEADLINE, Program, example, within};
use net::http;
use net_notes as net;
use raw::*;
use std::io::BufRead;
use std::net::TcpListener;
#[cfg(unix)]
use std::path::Path;
use std::time::{Duration, Instant};

const NAME: &str = "18_live_page";

fn start() -> (Program, u16) {
    common::start_example(NAME)
}

fn run(arguments: &[&str]) -> assert_cmd::assert::Assert {
    common::run_example(NAME, arguments, DEADLINE)
}

/// Connects a reader of the news, and reads the head.
fn reader(port: u16, seen: &str) -> Client {
    let mut client = Client::connect(port);
    client.send(format!("GET /news HTTP/1.0\r\n{seen}\r\n"));
    let head = client.head();
    assert!(head.contains("Content-Type: text/event-stream\r\n"), "{head}");
    assert_eq!(event(&mut client), "retry: 1000\n");
    client
}

/// Reads an event, without the blank line after it.
fn event(client: &mut Client) -> String {
    let mut event = String::new();
    while !event.ends_with("\n\n") {
        assert!(client.stream.read_line(&mut event).expect("a line in time") > 0, "{event:?}");
    }
    event.pop();
    event
}

fn counter(port: u16) -> Client {
    let mut client = Client::connect(port);
    client.send(HELLO.replace("GET /", "GET /counter"));
    client.welcomed();
    client
}

#[test]
fn it_prints_what_its_header_shows() {
    let (mut server, port) = start();
    let mut printed = String::new();
    let mut until = |server: &mut Program, part| loop {
        let line = server.line();
        printed += &line;
        if line.contains(part) {
            return;
        }
    };
    let reader = reader(port, "");
    until(&mut server, "news 1");
    let mut visitor = counter(port);
    assert_eq!(visitor.text(), "0");
    for count in ["1", "2"] {
        visitor.send(frame(TEXT, "+1"));
        assert_eq!(visitor.text(), count);
    }
    visitor.send(close(1001, "")).closed();
    until(&mut server, "closed");
    drop(reader);
    until(&mut server, "news 2");
    let shown = common::header_output(NAME);
    let (_, shown) = shown.split_once('\n').expect("its first line was read by `start`");
    assert_eq!(printed, shown);
    assert_eq!(server.kill().1, "");
}

/// Visitors connect and leave at any time: the server reports errors about none of them.
#[test]
fn a_visitor_whose_connection_is_reset_is_no_error() {
    let (mut server, port) = start();
    for _ in 0..5 {
        let mut visitor = counter(port);
        visitor.stream.fill_buf().expect("the count");
        visitor.send(frame(TEXT, "+1"));
        visitor.stream.get_ref().peek(&mut [0]).expect("the new count, which is never read");
        drop(visitor);
        server.line_with("counter: closed, 1006"); // an error would be printed after this
    }
    let (_, errors) = server.kill();
    assert_eq!(errors, "");
}

/// The terminal session of the page, bit by bit.
#[test]
fn frames_are_shown_byte_by_byte() {
    let output = run(&["frames"]).success().get_output().stdout.clone();
    let printed = String::from_utf8(output).expect("UTF-8");
    let frames: Vec<&str> = printed.lines().filter(|line| line.starts_with(['→', '←'])).collect();
    assert_eq!(frames.len(), 10, "{printed}");
    assert_eq!(frames[1], "→ 81 82 6d 61 73 6b 46 50              FIN text  \"+1\"");
    assert!(printed.ends_with("and 0 bytes came behind its last frame\n"), "{printed}");
}

#[test]
fn who_comes_back_gets_what_was_missed() {
    let (mut server, port) = start();
    let mut first = reader(port, "");
    assert_eq!(event(&mut first), "id: 1\ndata: somebody came, 1 here\n");
    let second = reader(port, "");
    assert_eq!(event(&mut first), "id: 2\ndata: somebody came, 2 here\n");
    drop(second);
    assert_eq!(event(&mut first), "id: 3\ndata: somebody left, 1 here\n");
    drop(first);
    server.line_with("news 4");
    let mut back = reader(port, "Last-Event-ID: 2\r\n");
    assert_eq!(event(&mut back), "id: 3\ndata: somebody left, 1 here\n");
    assert_eq!(event(&mut back), "id: 4\ndata: somebody left, 0 here\n");
    assert_eq!(event(&mut back), "id: 5\ndata: somebody came, 1 here\n");
}

#[test]
fn all_see_the_same_numbers_in_the_same_order() {
    const VISITORS: usize = 8;
    const CLICKS: usize = 50;
    let (_server, port) = start();
    let mut visitors: Vec<_> = (0..VISITORS).map(|_| counter(port)).collect();
    visitors.iter_mut().for_each(|visitor| assert_eq!(visitor.text(), "0"));
    let seen: Vec<_> = visitors
        .into_iter()
        .map(|mut visitor| {
            std::thread::spawn(move || {
                (0..CLICKS).for_each(|_| _ = visitor.send(frame(TEXT, "+1")));
                (0..VISITORS * CLICKS).map(|_| visitor.text()).collect::<Vec<_>>()
            })
        })
        .collect();
    let expected: Vec<_> = (1..=VISITORS * CLICKS).map(|n| n.to_string()).collect();
    for seen in seen {
        assert_eq!(seen.join().expect("all have come"), expected);
    }
}

/// A reader that reads nothing is disconnected, and delays no other reader. When it reconnects, it
/// has missed nothing.
#[test]
fn a_slow_reader_of_news_comes_back_for_the_rest() {
    const NEWS: u64 = 500;
    let news = news::News::new(|_| {});
    let served = news.clone();
    let server = http::create_server(move |request, response| served.subscribe(&request, response));
    server.listen(("127.0.0.1", 0), |_| {}).expect("port 0 is free");
    let port = server.address().and_then(|at| at.port()).expect("it listens");
    let running = server.spawn();

    let mut slow = reader(port, "");
    let long = "x".repeat(100_000);
    let began = Instant::now();
    (0..NEWS).for_each(|_| news.tell(&long));
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    // Each time it receives everything up to the end, and reconnects for the rest.
    let (mut seen, mut visits) = (0, 1);
    while seen < NEWS {
        let mut line = String::new();
        if slow.stream.read_line(&mut line).expect("a line or an end, and no reset") == 0 {
            slow = reader(port, &format!("Last-Event-ID: {seen}\r\n"));
            visits += 1;
        } else if let Some(id) = line.strip_prefix("id: ") {
            assert_eq!(id.trim_end().parse(), Ok(seen + 1));
            seen += 1;
        }
    }
    assert!(visits > 1, "it was never sent away");
    drop(slow);
    server.close().expect("it listens");
    within("the server has ended", move || running.join().expect("no panic")).expect("no error");
}

#[test]
fn what_is_no_message_of_the_counter_closes_it() {
    let (_server, port) = start();
    for (message, code) in [
        (frame(TEXT, "+2"), 1003),
        (frame(BINARY, "+1"), 1003),
        (frame(TEXT, "1".repeat(101)), 1009),
    ] {
        let mut visitor = counter(port);
        assert_eq!(visitor.text(), "0");
        visitor.send(message);
        let (first, payload) = visitor.frame();
        assert_eq!((first, &payload[..2]), (CLOSE, &u16::to_be_bytes(code)[..]));
    }
}

#[test]
fn only_the_own_page_may_count() {
    let (_server, port) = start();
    let host = format!("Host: 127.0.0.1:{port}\r\n");
    for (origin, status) in [
        ("".to_string(), "101"),
        (format!("Origin: http://127.0.0.1:{port}\r\n"), "101"),
        ("Origin: http://evil.example\r\n".to_string(), "403"),
        ("Origin: http://127.0.0.1:1\r\n".to_string(), "403"),
        ("Origin: null\r\n".to_string(), "403"),
    ] {
        let mut visitor = Client::connect(port);
        let request = HELLO.replace("GET /", "GET /counter").replace("Host: a\r\n", &host);
        visitor.send(request.replacen("\r\n", &format!("\r\n{origin}"), 1));
        let head = visitor.head();
        assert_eq!(head.split(' ').nth(1), Some(status), "{origin}{head}");
    }
}

/// A browser shows both, and reconnects.
#[test]
#[ignore = "starts a browser"]
#[cfg(unix)]
fn two_windows_live_together() {
    let Some(mut browser) = browser::Browser::start() else { return };
    let Some(mut other) = browser::Browser::start() else { return };
    let (mut server, port) = start();
    let url = format!("http://127.0.0.1:{port}/");
    let until = |browser: &mut browser::Browser, fact: &str| {
        let wait = format!(
            "new Promise(done => {{ const look = () => ({fact}) ? done(true) : setTimeout(look, 10); look() }})"
        );
        assert_eq!(browser.value(&wait), "true");
    };
    let news = "document.querySelector('#news').textContent";
    let count = "document.querySelector('#count').textContent";
    browser.open(&url).expect("a page");
    until(&mut browser, &format!("{news}.includes('1: somebody came, 1 here')"));
    until(&mut browser, &format!("{count} === '0'"));
    other.open(&url).expect("a page");
    until(&mut browser, &format!("{news}.includes('2: somebody came, 2 here')"));
    other.click("#more");
    until(&mut browser, &format!("{count} === '1'"));
    browser.click("#less");
    until(&mut other, &format!("{count} === '0'"));
    other.open("about:blank").expect("a page");
    until(&mut browser, &format!("{news}.includes('somebody left, 1 here')"));
    server.line_with("counter: closed, 1001");
}

/// The page of the exercise, which a student receives and does not change.
#[test]
#[ignore = "starts a browser"]
#[cfg(unix)]
fn the_chat_of_the_exercise_in_a_browser() {
    let Some(mut browser) = browser::Browser::start() else { return };
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("chat of exercise 18");
    common::build(&common::root().join("tests/exercises/18_live_page/solution.rs"), &program);
    let mut server = Program::start(program, &["0"]);
    let port = server.port();
    browser.open(&format!("http://127.0.0.1:{port}/")).expect("a page");
    browser.value("new Promise(done => socket.readyState === 1 ? done() : socket.onopen = done)");
    let mut says = |text: &str, shown: &str| {
        browser.value(&format!("text.value = '{text}', form.requestSubmit()"));
        let heard =
            format!("[...heard.children].map(item => item.textContent).join() === '{shown}'");
        browser.value(&format!(
            "new Promise(done => {{ const look = () => ({heard}) ? done() : setTimeout(look, 10); look() }})"
        ));
    };
    let mut other = Client::connect(port);
    other.send(HELLO.replace("GET /", "GET /room"));
    other.welcomed();
    other.send(frame(TEXT, "Bob"));
    assert_eq!(other.text(), "+Bob");
    says("Ada", "+Ada,+Bob");
    says("<b>hi</b>", "Ada: <b>hi</b>,+Ada,+Bob");
    assert_eq!([other.text(), other.text()], ["+Ada", "Ada: <b>hi</b>"]);
    drop(browser);
    assert_eq!(other.text(), "-Ada");
}

/// Over HTTP/1.1 a browser opens at most six connections to one server, for all pages together.
#[test]
#[ignore = "starts a browser"]
#[cfg(unix)]
fn six_event_sources_and_the_seventh_waits() {
    let Some(mut browser) = browser::Browser::start() else { return };
    let (_server, port) = start();
    browser.open(&format!("http://127.0.0.1:{port}/")).expect("a page");
    // One is open already.
    browser.value("window.all = [source], [1, 2, 3, 4, 5, 6].forEach(() => all.push(new EventSource('/news')))");
    let open = "all.filter(one => one.readyState === EventSource.OPEN).length";
    let wait = format!(
        "new Promise(done => {{ const look = () => {open} === 6 ? done(6) : setTimeout(look, 10); look() }})"
    );
    assert_eq!(browser.value(&wait), "6");
    // Even an ordinary request must wait; when one of the six is closed, it is sent.
    let fetched = "window.fetched = fetch('/nothing').then(reply => reply.status), Promise.race([fetched, new Promise(done => setTimeout(() => done('waits'), 500))])";
    assert_eq!(browser.value(&format!("({fetched})")), "waits");
    browser.value("all.slice(1).forEach(one => one.close())");
    assert_eq!(browser.value("fetched"), "404");
}

#[test]
fn a_taken_port_is_explained() {
    let holder = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = holder.local_addr().expect("bound").port().to_string();
    let (status, printed, errors) = Program::start(example(NAME), &[&port]).wait();
    assert_eq!((status.code(), printed.as_str()), (Some(1), ""));
    assert!(errors.contains(&format!("127.0.0.1:{port}")), "{errors}");
    assert!(errors.contains("Take another port: `-- 10087`"), "{errors}");
}

#[test]
fn arguments_it_does_not_understand_are_explained() {
    for bad in ["frame", "65536", ""] {
        let message = run(&[bad]).failure().code(1).get_output().stderr.clone();
        let message = String::from_utf8_lossy(&message);
        assert!(message.contains("after -- goes nothing, frames, or a port"), "{message}");
    }
}

//! Lesson 14: the smallest `http`, and what it lacks; and a page with a form, as curl and a browser
//! see it.
#![warn(clippy::disallowed_methods)] // .clippy.toml says which

mod common;
#[cfg(unix)]
use common::browser;

use common::{DEADLINE, Program, example, peer};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

const NAME: &str = "14_mini_http";

fn start() -> (Program, u16) {
    common::start_example(NAME)
}

fn run(arguments: &[&str]) -> assert_cmd::assert::Assert {
    common::run_example(NAME, arguments, DEADLINE)
}

/// Sends several requests at once, the last of which requests the end, and returns everything that
/// arrives.
fn exchange(port: u16, requests: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the server listens");
    stream.set_read_timeout(Some(DEADLINE)).expect("not zero");
    stream.write_all(requests.as_bytes()).expect("connected");
    let mut answers = String::new();
    stream.read_to_string(&mut answers).expect("answers in UTF-8, and an end");
    answers
}

fn request(method: &str, path: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: me\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

/// Leaves out the port of a client, which differs each time.
fn without_ports(text: &str) -> String {
    let mut result = String::new();
    for line in text.lines() {
        let client = line.split_once("  ").filter(|(at, _)| at.starts_with("127.0.0.1:"));
        result += client.map_or(line, |(_, asked)| asked);
        result.push('\n');
    }
    result
}

#[test]
fn it_prints_what_its_header_shows() {
    let (server, port) = start();
    exchange(port, &request("GET", "/", ""));
    exchange(port, &request("POST", "/", "name=Ming"));
    let (printed, errors) = server.kill();
    let shown = without_ports(&printed).replace(&port.to_string(), "10086");
    assert_eq!(shown, without_ports(&common::header_output(NAME)));
    assert_eq!(errors, "");
}

#[test]
fn the_wrapper_fails_where_http_does_not() {
    let output = run(&["wrapper"]).success().get_output().stdout.clone();
    let printed = String::from_utf8(output).expect("UTF-8");
    let numbers: Vec<Vec<&str>> = printed
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace().rev().take(2).collect())
        .collect();
    let [body, heads, answers, status, unasked, left] = &numbers[..] else { panic!("{printed}") };
    // From right to left: http::create_server, the wrapper.
    assert_eq!(body, &["12", "72"], "{printed}");
    assert_eq!(heads, &["1", "2"], "{printed}");
    assert_eq!(answers, &["2", "1"], "{printed}");
    assert_eq!(status, &["400", "200"], "{printed}");
    assert_eq!(unasked, &["0", "2"], "{printed}");
    assert_eq!(left, &["0", "100"], "{printed}");
}

/// The body that a form sends, and the HTML of the page that answers it.
#[test]
fn what_was_sent_is_shown_and_never_run() {
    let (_server, port) = start();
    for (body, shown) in [
        (
            "name=%E5%B0%8F%E6%98%8E&message=a+b",
            "<dt>name</dt><dd>小明</dd>\n<dt>message</dt><dd>a b</dd>\n",
        ),
        ("name=%e5%b0%8f", "<dt>name</dt><dd>小</dd>\n"),
        ("name=小明", "<dt>name</dt><dd>小明</dd>\n"),
        ("a=1&a=2", "<dt>a</dt><dd>1</dd>\n<dt>a</dt><dd>2</dd>\n"),
        ("a=b=c", "<dt>a</dt><dd>b=c</dd>\n"),
        ("a", "<dt>a</dt><dd></dd>\n"),
        ("=a", "<dt></dt><dd>a</dd>\n"),
        ("", ""),
        ("&&", ""),
        ("a=%2B%26%3D%25", "<dt>a</dt><dd>+&amp;=%</dd>\n"),
        (
            "a=50%&b=%4&c=%zz&d=%+1",
            "<dt>a</dt><dd>50%</dd>\n<dt>b</dt><dd>%4</dd>\n<dt>c</dt><dd>%zz</dd>\n<dt>d</dt><dd>% 1</dd>\n",
        ),
        ("a=%E5%B0", "<dt>a</dt><dd>\u{fffd}</dd>\n"),
        ("a=1%0D%0A2", "<dt>a</dt><dd>1\r\n2</dd>\n"),
        (
            "a=%3Cscript%3Ealert(1)%3C/script%3E",
            "<dt>a</dt><dd>&lt;script&gt;alert(1)&lt;/script&gt;</dd>\n",
        ),
        ("%3Cb%3E=%22%27", "<dt>&lt;b&gt;</dt><dd>&quot;&#39;</dd>\n"),
    ] {
        let answer = exchange(port, &request("POST", "/", body));
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains(&format!("<dl>\n{shown}</dl>")), "{body}: {answer}");
        assert!(answer.contains(&format!("In {} bytes: <code>", body.len())), "{answer}");
    }
    let answer = exchange(port, &request("POST", "/", "<script>&"));
    assert!(answer.contains("<code>&lt;script&gt;&amp;</code>"), "{answer}");
}

#[test]
fn other_paths_and_methods_are_refused_and_head_has_no_body() {
    let (_server, port) = start();
    for (method, path, status, part) in [
        ("GET", "/favicon.ico", "404 Not Found", "There is only one page here"),
        ("POST", "/other", "404 Not Found", "There is only one page here"),
        ("DELETE", "/", "405 Method Not Allowed", "Allow: GET, HEAD, POST\r\n"),
        ("GET", "/?a=b", "200 OK", "<form method=\"post\""),
        ("GET", "/", "200 OK", "Content-Type: text/html; charset=utf-8\r\n"),
    ] {
        let answer = exchange(port, &request(method, path, ""));
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{method} {path} {answer}");
        assert!(answer.contains(part), "{method} {path} {answer}");
    }
    let answer = exchange(port, &request("HEAD", "/", ""));
    assert!(answer.contains("Content-Length: ") && answer.ends_with("\r\n\r\n"), "{answer}");
}

#[test]
fn one_connection_is_enough_for_all_of_a_visit() {
    let (server, port) = start();
    let all =
        [request("GET", "/", ""), request("GET", "/favicon.ico", ""), request("POST", "/", "a=b")];
    let all = all.concat().replacen("Connection: close\r\n", "", 2);
    let answers = exchange(port, &all);
    let found: Vec<&str> = answers.lines().filter(|line| line.starts_with("HTTP/1.1 ")).collect();
    assert_eq!(found, ["HTTP/1.1 200 OK", "HTTP/1.1 404 Not Found", "HTTP/1.1 200 OK"]);
    let (printed, _) = server.kill();
    let clients: Vec<_> = printed.lines().skip(1).map(|line| line.split("  ").next()).collect();
    assert!(clients.len() == 3 && clients.iter().all(|one| *one == clients[0]), "{printed}");
}

#[test]
fn curl_sends_the_form() {
    let Some(curl) = peer("curl") else { return };
    let (_server, port) = start();
    let url = format!("http://127.0.0.1:{port}/");
    let mut options = vec!["--silent", "--max-time", "20", "--noproxy", "*"];
    options.extend([
        "--data-urlencode",
        "name=小明",
        "--data-urlencode",
        "message=1 < 2 & 3",
        &url,
    ]);
    let (status, printed, _) = Program::start(curl, &options).wait();
    assert!(status.success(), "{status}");
    assert!(
        printed.contains("<dd>小明</dd>") && printed.contains("<dd>1 &lt; 2 &amp; 3</dd>"),
        "{printed}"
    );
}

#[test]
#[ignore = "starts a browser"]
#[cfg(unix)]
fn a_browser_fills_in_the_form_and_sends_it() {
    let Some(mut browser) = browser::Browser::start() else { return };
    let (mut server, port) = start();
    let url = format!("http://127.0.0.1:{port}/");
    browser.open(&url).expect("a page");
    server.line_with("  GET /\n");
    server.line_with("  GET /favicon.ico\n");
    browser.reload();
    server.line_with("  GET /\n");

    let hostile = "</dd><script>document.title = 'mine'</script> 你好 & <b>bold</b>\nA second line";
    browser.click("[name=name]");
    browser.type_in("小明");
    browser.click("[name=message]");
    browser.type_in(hostile);
    browser.follow("button");
    server.line_with("  POST /\n");
    assert_eq!(browser.value("document.title"), "An answer");
    assert_eq!(
        browser.value("document.scripts.length + document.querySelectorAll('b').length"),
        "0"
    );
    let fields = "[...document.querySelectorAll('dt, dd')].map(one => one.textContent).join('|')";
    assert_eq!(browser.value(fields), format!("name|小明|message|{hostile}"));
    let shown = browser.shown();
    assert!(shown.contains("name=%E5%B0%8F%E6%98%8E&message=%3C%2Fdd%3E"), "{shown}");

    browser.follow("a");
    server.line_with("  GET /\n");
    assert_eq!(browser.value("document.title"), "A form");
    let (printed, errors) = server.kill();
    assert_eq!((printed.matches("POST").count(), errors.as_str()), (1, ""), "{printed}");
}

#[test]
fn a_taken_port_is_explained() {
    let holder = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = holder.local_addr().expect("bound").port().to_string();
    let (status, printed, errors) = Program::start(example(NAME), &[&port]).wait();
    assert_eq!((status.code(), printed.as_str()), (Some(1), ""));
    assert!(errors.contains(&format!("127.0.0.1:{port}")), "{errors}");
    assert!(errors.contains("cargo run --example 14_mini_http -- "), "{errors}");
}

#[test]
fn arguments_it_does_not_understand_are_explained() {
    for bad in [&["http"] as &[_], &["65536"], &["localhost", "http"], &[""]] {
        let message = run(bad).failure().code(1).get_output().stderr.clone();
        let message = String::from_utf8_lossy(&message);
        assert!(
            message.contains("after -- goes nothing, wrapper, PORT, or HOST PORT"),
            "{message}"
        );
    }
}

/// The library grows, so the pages round its size.
#[test]
fn the_pages_count_the_lines_of_both() {
    let root = common::root();
    let lines = |path: &std::path::Path| {
        std::fs::read_to_string(path).expect("a file of ours").lines().count()
    };
    let mut library = 0;
    for part in ["http", "message"] {
        library += lines(&root.join(format!("src/{part}.rs")));
        for file in std::fs::read_dir(root.join("src").join(part)).expect("its folder") {
            let file = file.expect("readable").path();
            // A subfolder contains the tables of the unit tests.
            library += if file.is_dir() { 0 } else { lines(&file) };
        }
    }
    let wrapper = lines(&root.join("examples/14_mini_http/wrapper.rs"));
    let rounded = (library + 250) / 500 * 500;
    let said = format!("{},{:03}", rounded / 1000, rounded % 1000);
    for page in ["lessons/14_mini_http.md", "lessons/zh/14_mini_http.md"] {
        let text = std::fs::read_to_string(root.join(page)).expect("the page");
        let found = text.contains(&format!("{wrapper}")) && text.contains(&said);
        assert!(found && library > 100 * wrapper, "{page}: {wrapper} and some {said} ({library})");
    }
}

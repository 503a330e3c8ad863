//! Exercise 20, solved: a copy counts as alive when it answers in time, and a request goes to
//! another copy only if it cannot have been done, or may be done twice.
//!
//! 练习 20 的解答：副本按时响应才算活着；请求要么不可能已经执行过，要么再执行一遍也无妨，
//! 才转给另一个副本。

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use net::http::{self, Reply, Request, Response};
use net_notes as net;

const CHECK_INTERVAL: Duration = Duration::from_millis(200);
const CHECK_TIMEOUT: Duration = Duration::from_millis(750);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// One server of several that do the same.
/// 几个一样的服务器，这是其中一个。
struct Backend {
    port: u16,
    alive: AtomicBool,
}

struct Backends {
    all: Vec<Backend>,
    turn: AtomicUsize,
}

fn main() -> io::Result<()> {
    let ports = std::env::args().skip(1).map(|port| port.parse::<u16>());
    let mut ports = ports.map(|port| port.expect("a port is a number, 0 to 65535"));
    let port = ports.next().unwrap_or(5000);
    let mut ports: Vec<u16> = ports.collect();
    if ports.is_empty() {
        ports.extend([5001, 5002, 5003]);
    }
    let new = |port| Backend { port, alive: AtomicBool::new(true) };
    let all = ports.into_iter().map(new).collect();
    let backends = Arc::new(Backends { all, turn: AtomicUsize::new(0) });

    // A thread for each: one that hangs must not hold up the check of another.
    // 每个副本一个线程：一个卡住了，不能耽误检查另一个。
    for number in 0..backends.all.len() {
        let backends = backends.clone();
        thread::spawn(move || {
            loop {
                backends.all[number].check();
                thread::sleep(CHECK_INTERVAL);
            }
        });
    }
    let server = http::create_server(move |request, response| {
        forward(&request, &response, &backends);
    });
    server.listen(port, |server| {
        let port = server.address().and_then(|address| address.port()).unwrap_or_default();
        println!("listening on port {port}");
    })?;
    server.run()
}

impl Backend {
    fn check(&self) {
        let url = format!("http://127.0.0.1:{}/health", self.port);
        let reply = http::request("GET", &url).timeout(CHECK_TIMEOUT).send();
        self.set_alive(reply.is_ok_and(|reply| reply.status() == 200));
    }

    fn set_alive(&self, alive: bool) {
        self.alive.store(alive, Ordering::Relaxed);
    }
}

impl Backends {
    /// The next one that is alive, and was not tried.
    /// 下一个活着、又还没试过的。
    fn next(&self, tried: &[u16]) -> Option<&Backend> {
        let usable =
            |one: &&Backend| one.alive.load(Ordering::Relaxed) && !tried.contains(&one.port);
        let usable: Vec<&Backend> = self.all.iter().filter(usable).collect();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        usable.get(turn % usable.len().max(1)).copied()
    }
}

fn forward(request: &Request, response: &Response, backends: &Backends) {
    let (mut tried, mut last) = (Vec::new(), (503, "no copy is running\n"));
    while let Some(backend) = backends.next(&tried) {
        tried.push(backend.port);
        match ask(request, backend.port) {
            Ok(reply) => return answer(&reply, response),
            // It has not arrived, so it cannot have been done: whatever it is, another may do it.
            // 没有送到，就不可能执行过：不管是什么请求，都可以交给另一个。
            Err(error) if net::code(&error) == "ECONNREFUSED" => backend.set_alive(false),
            Err(error) => {
                last = match error.kind() {
                    io::ErrorKind::TimedOut => (504, "the copy has not answered in time\n"),
                    _ => (502, "the copy has gone, and perhaps it has done it\n"),
                };
                // Perhaps it was done. Asking twice does no harm only where twice is like once.
                // 也许已经执行过了。只有做两遍等于做一遍的，才能再来一次。
                if !matches!(request.method(), "GET" | "HEAD" | "PUT" | "DELETE" | "OPTIONS") {
                    break;
                }
            }
        }
    }
    response.status(last.0).end_with(last.1);
}

/// Asks one copy, and waits for the whole of its answer.
/// 请求一个副本，等它的整个响应。
fn ask(request: &Request, port: u16) -> io::Result<Reply> {
    let url = format!("http://127.0.0.1:{port}{}", request.target());
    let mut call = http::request(request.method(), &url).timeout(ANSWER_TIMEOUT);
    for (name, value) in request.headers().filter(|(name, _)| is_passed_on(name)) {
        if !is_named(request.header("connection"), name) {
            // Lines with the same name are one value (RFC 9110 5.3).
            // 同名的几行合成一个值（RFC 9110 5.3）。
            call = call.header(name, request.header(name).unwrap_or(value));
        }
    }
    if !request.body().is_empty() {
        call = call.body(request.body());
    }
    call.send()
}

/// To the client, what the copy has answered.
/// 把副本的响应转给客户端。
fn answer(reply: &Reply, response: &Response) {
    response.status(reply.status());
    for (name, value) in reply.headers().filter(|(name, _)| is_passed_on(name)) {
        // Only cookies keep their own lines.
        // 只有 cookie 各占一行。
        let is_cookie = name.eq_ignore_ascii_case("set-cookie");
        let all = reply.header(name).filter(|_| !is_cookie).unwrap_or(value);
        if !is_named(reply.header("connection"), name) {
            response.header(name, all);
        }
    }
    response.end_with(reply.body());
}

/// Whether `Connection` says that this line, too, is about the connection (RFC 9110 7.6.1).
/// `Connection` 有没有说，这一行也只与连接有关（RFC 9110 7.6.1）。
fn is_named(connection: Option<&str>, name: &str) -> bool {
    let names = connection.unwrap_or_default().split(',');
    names.map(str::trim).any(|one| one.eq_ignore_ascii_case(name))
}

/// Not about the connection, nor about how the body is sent: each side decides that anew.
/// 与连接无关，也与正文怎么发无关的：那些两边各定各的。
fn is_passed_on(name: &str) -> bool {
    let own = [
        "connection",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "expect",
        "content-length",
    ];
    !own.iter().any(|own| own.eq_ignore_ascii_case(name))
}

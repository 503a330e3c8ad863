//! Exercise 20: a balancer in front of three copies of a server, of which any may be killed at any
//! time. The task is under “Exercise” in lessons/20_more_than_one.md.
//!
//! Start three copies in the background, with
//! `cargo run --example 20_more_than_one -- storm 5001`, and the balancer with
//! `cargo run -- run 20`. Ask it, again and again: `curl http://127.0.0.1:5000/who`. It works, now
//! and then: a copy is killed twice a second. Make it work always:
//! `cargo run -- check 20`.
//!
//! 练习 20：三个一样的服务器副本，前面是一个负载均衡器，哪个副本都可能随时被杀掉。
//! 题目见 lessons/zh/20_more_than_one.md 的“练习”一节。
//!
//! 用 `cargo run --example 20_more_than_one -- storm 5001` 启动三个副本，
//! 用 `cargo run -- run 20` 启动均衡器，然后一遍一遍地问它：`curl http://127.0.0.1:5000/who`。
//! 它时灵时不灵：总有副本正被杀掉。让它永远都灵：`cargo run -- check 20`。

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use net::http::{self, Reply, Request, Response};
use net_notes as net;

const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// One server of several that do the same.
/// 几个一样的服务器，这是其中一个。
struct Backend {
    port: u16,
    // TODO 1: whether it is alive.
    // TODO 1：是不是活着。
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
    let all = ports.into_iter().map(|port| Backend { port }).collect();
    let backends = Backends { all, turn: AtomicUsize::new(0) };

    // TODO 2: ask each of them `GET /health`, again and again. Alive is who answers 200, in time.
    // TODO 2：不断地问每个副本 `GET /health`。按时响应 200 的才算活着。

    let server = http::create_server(move |request, response| {
        forward(&request, &response, &backends);
    });
    server.listen(port, |server| {
        let port = server.address().and_then(|address| address.port()).unwrap_or_default();
        println!("listening on port {port}");
    })?;
    server.run()
}

impl Backends {
    /// The next one.
    /// 轮到的那一个。
    fn next(&self) -> &Backend {
        // TODO 3: only one that is alive. Perhaps there is none.
        // TODO 3：只要活着的。可能一个也没有。
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        &self.all[turn % self.all.len()]
    }
}

fn forward(request: &Request, response: &Response, backends: &Backends) {
    match ask(request, backends.next().port) {
        Ok(reply) => answer(&reply, response),
        Err(_) => {
            // TODO 4: may another copy be asked? And if there is none: 503.
            // TODO 4：能不能再问另一个副本？要是一个也没有：503。
            response.status(502).end_with("the copy has not answered\n");
        }
    }
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

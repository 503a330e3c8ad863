//! Exercise 12: a page about the request that asked for it. The task is at the end of lessons/12_http_response.md.
//!
//! Start it with `cargo run -- run 12`, and open http://127.0.0.1:10086/ in a browser, or: `curl -i http://127.0.0.1:10086/`.
//! It works. Now let a client look that forgives nothing: `cargo run -- check 12`.

use net::event;
use net_notes as net;

/// The text of the page: what is wanted, and how many lines the head of the request has.
fn page(request: &str) -> String {
    let path = request.split_whitespace().nth(1).unwrap_or("?");
    let lines = request.lines().take_while(|line| !line.is_empty()).count();
    format!("你好！你要的是 {path}，请求的头部有 {lines} 行。\n")
}

/// The whole answer: a head, a blank line, and the page.
fn answer(request: &str) -> String {
    // TODO: how does a line of a head end? And how does the client know how long the page is?
    format!(
        "HTTP/1.1 200 OK
Content-Type: text/plain; charset=utf-8
Connection: close

{}",
        page(request)
    )
}

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(10086), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");
    let server = net::create_server(|socket| {
        // TODO: is what one read brings the request? And what of that which the client still sends when we close?
        socket.on(event::Text, |socket, request| {
            socket.write(answer(request));
            socket.destroy();
        });
        socket.on(event::Error, |_, error| eprintln!("{error}")); // no reason to stop
    });
    server.listen(port, |server| {
        let port = server.address().and_then(|address| address.port()).unwrap_or_default();
        println!("listening on port {port}");
    })?;
    server.run()
}

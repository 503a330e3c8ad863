//! Wrong: it counts the characters of the page, and a Chinese character has three bytes.

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
    let page = page(request);
    let head = [
        "HTTP/1.1 200 OK",
        "Content-Type: text/plain; charset=utf-8",
        &format!("Content-Length: {}", page.chars().count()),
        "Connection: close",
    ];
    head.join("\r\n") + "\r\n\r\n" + &page
}

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(10086), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");
    let server = net::create_server(|socket| {
        let mut request = String::new();
        let mut answered = false;
        socket.on(event::Text, move |socket, text| {
            if answered {
                return; // more that the client sends is read, and nobody wants it
            }
            request.push_str(text);
            if request.contains("\r\n\r\n") {
                answered = true;
                socket.end_with(answer(&request)); // our FIN; it reads on to the client's
            }
        });
        socket.on(event::Error, |_, error| eprintln!("{error}")); // no reason to stop
    });
    server.listen(port, |server| {
        let port = server.address().and_then(|address| address.port()).unwrap_or_default();
        println!("listening on port {port}");
    })?;
    server.run()
}

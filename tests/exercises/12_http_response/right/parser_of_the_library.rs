use net::event;
use net::message::{Limits, Parsed, Parser};
use net_notes as net;

fn main() -> std::io::Result<()> {
    let port: u16 = std::env::args().nth(1).map_or(10086, |port| port.parse().unwrap());
    let server = net::create_server(|socket| {
        let limits = Limits { head: 1 << 20, lines: 10_000, ..Limits::default() };
        let mut parser = Some(Parser::new(limits));
        socket.on(event::Data, move |socket, data| {
            let Some(reader) = &mut parser else { return };
            reader.feed(data);
            match reader.head() {
                Ok(Parsed::Partial) => return,
                Ok(Parsed::Complete(head)) => {
                    let path = head.start().split(' ').nth(1).unwrap_or("?");
                    let lines = 1 + head.headers().count();
                    let page = format!("你好！你要的是 {path}，请求的头部有 {lines} 行。\n");
                    socket.write("HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n");
                    socket.write(format!("Content-Length: {}\r\n", page.len()));
                    socket.write("Connection: close\r\n\r\n");
                    socket.end_with(page);
                }
                Err(error) => {
                    eprintln!("{error}");
                    socket.end_with("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
                }
            }
            parser = None;
        });
        socket.on(event::Error, |_, _| {});
    });
    server.listen(port, |server| {
        println!("listening on port {}", server.address().unwrap().port().unwrap());
    })?;
    server.run()
}

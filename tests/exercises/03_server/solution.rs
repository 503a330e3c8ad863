//! Exercise 03, solved: the beginning of a line is kept until the rest of it arrives.
//!
//! 练习 03 的解答：半行先留着，等剩下的到了，再对整行回复。

use net::event;
use net_notes as net;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");
    let server = net::create_server(|socket| {
        socket.write("Hello! Who is there?\n");

        // This function runs once for each client, so each client has its own `line`.
        // 这个函数每来一个客户端就执行一次，所以各有各的 `line`。
        let mut line = String::new();
        socket.on(event::Text, move |socket, text| {
            line.push_str(text);
            while let Some(end) = line.find('\n') {
                let name: String = line.drain(..=end).collect();
                socket.write(format!("Welcome, {}!\n", name.trim_end()));
            }
        });
    });
    server.listen(port, |server| {
        let port = server.address().and_then(|address| address.port()).unwrap_or_default();
        println!("listening on port {port}");
    })?;
    server.run()
}

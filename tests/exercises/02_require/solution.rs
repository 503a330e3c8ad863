//! Exercise 02, solved: the smallest server.
//!
//! 练习 02 的解答：最小的服务器。

use net_notes as net;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");
    let server =
        net::create_server(|socket| socket.end_with("What a fine day to learn sockets!\n"));
    server.listen(port, |server| {
        // If `port` is 0, the system has chosen a port, and the server's address contains it.
        // `port` 为 0 时，端口号是系统挑的，要从服务器的地址里取。
        let port = server.address().and_then(|address| address.port()).unwrap_or_default();
        println!("listening on port {port}");
    })?;
    server.run()
}

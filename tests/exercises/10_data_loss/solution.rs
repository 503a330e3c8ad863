//! Exercise 10, solved: read the line to its end, answer, and close in steps.
//!
//! 练习 10 的解答：读到行尾，回复，再分步关闭。

use std::io::{BufRead, BufReader, Write, copy, sink};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.expect("a port is a number, 0 to 65535");
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    println!("listening on port {}", listener.local_addr()?.port());
    for client in listener.incoming() {
        let client = match client {
            Ok(client) => client,
            Err(error) => {
                // Perhaps too many clients are connected. Trying again at once would only keep a
                // processor busy.
                // 也许连着的客户端太多了。马上再试，只会白白占用处理器。
                eprintln!("nobody could be let in: {error}");
                thread::sleep(Duration::from_millis(50));
                continue;
            }
        };
        // One thread for each client, so that no client waits for another.
        // 每个客户端一个线程，谁也不用等谁。
        thread::spawn(move || {
            if let Err(error) = serve(client) {
                eprintln!("a client was lost: {error}");
            }
        });
    }
    Ok(())
}

/// Sends the client two lines: the length of its line, and the line itself.
/// 给客户端回两行：先说它那一行有多长，再把那一行原样发回去。
fn serve(mut client: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line)?;
    let line = line.strip_suffix(b"\n").unwrap_or(&line);

    client.write_all(format!("{} bytes\n", line.len()).as_bytes())?;
    client.write_all(line)?;
    client.write_all(b"\n")?;

    // We send nothing more. Bytes that the client still sends are read and thrown away until the
    // client ends, too: so no byte is left unread when the connection is closed.
    // 我们不再发了。客户端还发来什么，都读完扔掉，直到它也结束：这样关闭的时候，
    // 就不会剩下没读的字节。
    client.shutdown(Shutdown::Write)?;
    copy(&mut reader, &mut sink())?;
    Ok(())
}

//! Exercise 09, solved: the length in the head says when the response is complete: not a piece, and
//! not the server's end.
//!
//! 练习 09 的解答：响应是否完整，由头部里的长度来定：不看收到了几块，也不看服务器有没有结束。

use std::io::Write;

use net::event;
use net_notes as net;

fn main() {
    let mut args = std::env::args().skip(1);
    let host = args.next().unwrap_or("127.0.0.1".into());
    let port = args.next().map_or(Ok(5000), |port| port.parse::<u16>());
    let port = port.unwrap_or_else(|_| fail("a port is a number, 0 to 65535"));
    let path = args.next().unwrap_or("/".into());

    let client = net::connect((&host, port), |_| {});
    client.write(format!("GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n"));

    let mut answer = Vec::new();
    client.on(event::Data, move |client, piece| {
        answer.extend_from_slice(piece);
        let Some(blank) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return };
        let head = String::from_utf8_lossy(&answer[..blank]);
        let Some(length) = content_length(&head) else {
            fail("the head leaves in doubt how long the body is")
        };
        let Some(body) = answer[blank + 4..].get(..length) else { return };
        std::io::stdout().write_all(body).unwrap_or_else(|error| fail(&error.to_string()));
        // There is no need to wait for the server's end.
        // 不必等服务器结束。
        client.destroy();
    });

    // A client that has received everything is closed already, so this runs only if something is
    // missing.
    // 收全了的客户端已经走了，所以只有没收全的时候，才会执行到这里。
    client.on(event::End, |_, ()| fail("cut short: the server has ended before its answer did"));
    if let Err(error) = client.run() {
        fail(&format!("{host} port {port}: {error}"));
    }
}

/// The length of the body, if the head leaves no doubt about it: one length, digits only.
/// 正文的长度。头部必须说得明确：只有一个长度，而且全是数字。
fn content_length(head: &str) -> Option<usize> {
    let headers: Vec<_> = head.lines().filter_map(|line| line.split_once(':')).collect();
    let all = |wanted: &str| -> Vec<&str> {
        let named = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        named.map(|(_, value)| value.trim()).collect()
    };
    let lengths = all("content-length");
    let length = *lengths.first()?;
    let certain = lengths.iter().all(|other| *other == length)
        // `parse` also accepts a `+`.
        // `parse` 连 `+` 也收。
        && length.bytes().all(|byte| byte.is_ascii_digit())
        && all("transfer-encoding").is_empty();
    if certain { length.parse().ok() } else { None }
}

fn fail(message: &str) -> ! {
    eprintln!("{message}");
    std::process::exit(1)
}

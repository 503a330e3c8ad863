//! The same answer, right and wrong: the text for each path, one `write` for each piece.

use net_notes::EventSocket;

/// A head without its blank line. It announces the end of the connection, for clients that keep
/// connections.
const HEAD: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n";

pub struct Answer {
    pub path: &'static str,
    pub name: &'static str,
    pub pieces: Vec<String>,
    /// Whether the server ends the connection right after it.
    pub ends: bool,
}

/// Returns all answers, in the order of the table. The wrong ones have one fault each.
pub fn all() -> Vec<Answer> {
    // In bytes: 你 and 好 have three each.
    let counted = HEAD.replace("\nConn", "\nContent-Length: 13\r\nConn") + "\r\n";
    let kept = counted.replace("Connection: close\r\n", "");
    let right = format!("{HEAD}\r\nHello, 你好");
    let one = |path, name, text: String| Answer { path, name, pieces: vec![text], ends: true };
    let open = |answer| Answer { ends: false, ..answer };
    let pieces = [&counted, "Hello, ", "你好"].map(String::from).to_vec();
    vec![
        Answer { path: "/", name: "right, in three writes", pieces, ends: true },
        one("/one-write", "right, in one write", format!("{counted}Hello, 你好")),
        one("/no-length", "right, without a length", right.clone()),
        one("/lf", "LF only", right.replace('\r', "")),
        one("/newline-after", "a newline after the end", format!("{right}\n")),
        one("/newline-before", "a newline before the start", format!("\n{right}")),
        one("/indented", "an indented header line", right.replace("\nContent", "\n    Content")),
        one("/no-blank-line", "no blank line", format!("{HEAD}Hello, 你好")),
        one("/no-head", "no head", "Hello, 你好".to_string()),
        one("/two-heads", "the head sent twice", format!("{HEAD}\r\nHello, {HEAD}\r\n你好")),
        one("/characters", "a length in characters", {
            format!("{counted}Hello, 你好").replace("13", "9")
        }),
        one("/no-close", "an end that was not said", format!("{kept}Hello, 你好")),
        open(one("/no-end", "a length, and no end", format!("{kept}Hello, 你好"))),
        open(one("/neither", "no length, and no end", right.replace("Connection: close\r\n", ""))),
    ]
}

/// Writes the answer that a request line asks for.
pub fn give(request: &str, socket: &EventSocket) {
    let path = request.split(' ').nth(1).unwrap_or_default();
    let Some(answer) = all().into_iter().find(|answer| answer.path == path) else {
        return socket
            .end_with("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    };
    for piece in answer.pieces {
        socket.write(piece);
    }
    if answer.ends {
        socket.end();
    }
}

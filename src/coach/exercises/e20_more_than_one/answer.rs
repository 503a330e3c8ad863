//! A client of the balancer: its requests, and the answers.

/// An answer that a client has received.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: Vec<u8>,
    pub(super) all: Vec<u8>,
}

pub(super) fn request(method: &str, target: &str, body: &str) -> String {
    let length = match method {
        "POST" | "PUT" => format!("Content-Length: {}\r\n", body.len()),
        _ => String::new(),
    };
    format!(
        "{method} {target} HTTP/1.1\r\nHost: tea.example\r\nX-Tea: green\r\nConnection: close\r\n{length}\r\n{body}"
    )
}

/// The value of the header with this name.
pub(super) fn value_of(head: &str, name: &str) -> Option<String> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = lines.find(|(one, _)| one.eq_ignore_ascii_case(name))?;
    Some(value.trim().to_string())
}

impl Answer {
    /// The whole of it, up to the end of the connection.
    pub(super) fn parse(all: &[u8]) -> Option<Answer> {
        let end = all.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
        let head = String::from_utf8_lossy(&all[..end]).into_owned();
        let status = head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
        let mut body = all[end..].to_vec();
        if value_of(&head, "transfer-encoding").is_some_and(|coding| coding == "chunked") {
            body = dechunked(&body)?;
        } else if let Some(length) = value_of(&head, "content-length") {
            if length.parse() != Ok(body.len()) {
                return None;
            }
        }
        Some(Answer { status, head, body, all: all.to_vec() })
    }
}

fn dechunked(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = bytes.windows(2).position(|two| two == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).ok()?, 16).ok()?;
        bytes = &bytes[end + 2..];
        if size == 0 {
            return (bytes == b"\r\n").then_some(body);
        }
        body.extend_from_slice(bytes.get(..size)?);
        bytes = bytes.get(size..)?.strip_prefix(b"\r\n")?;
    }
}

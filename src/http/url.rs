//! [`Url`]: the host and port to connect to, and the request target.

use std::fmt::Write;

use super::authority::{Authority, is_hex, is_plain};

/// The port of `http` (RFC 9110 4.2.1).
const DEFAULT_PORT: u16 = 80;

/// The parts of a URL that a request needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Url {
    /// The name or address to look up, without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// The value of `Host`: the host, in brackets if it is an IPv6 address, and the port unless it
    /// is the default one.
    pub(super) authority: String,
    /// The path and the query, percent-encoded.
    pub(super) target: String,
}

impl Url {
    /// Parses `http://HOST[:PORT]/PATH` (RFC 9110 4.2.1) as Node's `new URL` does, and more
    /// strictly; see [`request`](super::request).
    ///
    /// # Errors
    ///
    /// A sentence that names the problem.
    pub(super) fn parse(url: &str) -> Result<Url, String> {
        let wrong = |why: &str| format!("{url:?} is not http://HOST[:PORT]/PATH: {why}");
        let text = url.trim_matches(' ');
        if text.bytes().any(|byte| byte.is_ascii_control()) {
            return Err(wrong("it contains a control character"));
        }
        let (scheme, rest) = text.split_once("://").ok_or_else(|| wrong("it has no http://"))?;
        if scheme.eq_ignore_ascii_case("https") {
            return Err(wrong("https needs TLS, which this client does not have"));
        }
        if !scheme.eq_ignore_ascii_case("http") {
            return Err(wrong("it does not begin with http://"));
        }
        let rest = rest.split('#').next().unwrap_or_default(); // a fragment is never sent
        let end = rest.find(['/', '\\', '?']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        if authority.contains('@') {
            return Err(wrong("a user name is not sent in this way"));
        }
        if !authority.is_ascii() {
            return Err(wrong("its host is not ASCII: write it in its xn-- form"));
        }
        let Authority { host, port } = Authority::parse(authority).map_err(wrong)?;
        let host = host.to_ascii_lowercase();
        let port = port.unwrap_or(DEFAULT_PORT);
        Ok(Url {
            authority: match port {
                DEFAULT_PORT => host.clone(),
                port => format!("{host}:{port}"),
            },
            host: host.trim_matches(['[', ']']).to_string(),
            port,
            target: target(rest),
        })
    }
}

/// Builds the request target from the part after the authority.
fn target(rest: &str) -> String {
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut target = String::with_capacity(rest.len() + 1);
    for segment in segments(path) {
        target.push('/');
        encode(&mut target, segment, |byte| is_plain(byte) || b":@".contains(&byte));
    }
    if !query.is_empty() {
        target.push('?');
        // An apostrophe is allowed (RFC 3986 3.4); browsers and Node escape it all the same.
        let is_allowed = |byte| (is_plain(byte) && byte != b'\'') || b":@/?".contains(&byte);
        encode(&mut target, query, is_allowed);
    }
    target
}

/// The segments of a path; at least one. `.` and `..` are resolved (RFC 3986 5.2.4), even if their
/// dots are escaped, and a backslash counts as a slash: all as in Node.
fn segments(path: &str) -> Vec<&str> {
    let mut segments = Vec::new();
    let mut parts = path.split(['/', '\\']).skip(1).peekable();
    while let Some(part) = parts.next() {
        let dots = part.replace("%2e", ".").replace("%2E", ".");
        if dots == ".." {
            segments.pop();
        }
        match dots.as_str() {
            "." | ".." if parts.peek().is_some() => {}
            "." | ".." => segments.push(""), // `/a/..` is `/`
            _ => segments.push(part),
        }
    }
    if segments.is_empty() {
        segments.push("");
    }
    segments
}

/// Appends a text, and escapes all bytes that are not allowed. Escaped bytes are not escaped again.
fn encode(to: &mut String, text: &str, is_allowed: impl Fn(u8) -> bool) {
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        let is_escape = *byte == b'%' && matches!(after, [high, low, ..] if is_hex(*high, *low));
        if is_escape || is_allowed(*byte) {
            to.push(char::from(*byte));
        } else {
            // writing to memory does not fail
            let _ = write!(to, "%{byte:02X}");
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Invalid URLs, and Node's results for targets: tests/it/http/client/urls.rs.

    #[test]
    fn where_to_connect_and_what_host_says() {
        for (url, host, port, authority, target) in [
            ("http://a", "a", 80, "a", "/"),
            ("HTTP://EXAMPLE.org/A", "example.org", 80, "example.org", "/A"),
            ("http://a:/", "a", 80, "a", "/"),
            ("http://a:80/", "a", 80, "a", "/"),
            ("http://a:0080/", "a", 80, "a", "/"),
            ("http://a:8080?b", "a", 8080, "a:8080", "/?b"),
            ("http://a:65535#b", "a", 65535, "a:65535", "/"),
            ("http://a\\b", "a", 80, "a", "/b"),
            ("http://127.0.0.1:443/", "127.0.0.1", 443, "127.0.0.1:443", "/"),
            ("http://[::1]", "::1", 80, "[::1]", "/"),
            ("http://[::1]:80/", "::1", 80, "[::1]", "/"),
            ("http://[2001:DB8::1]:81/", "2001:db8::1", 81, "[2001:db8::1]:81", "/"),
            (
                "http://xn--fsqu00a.xn--fiqs8s/",
                "xn--fsqu00a.xn--fiqs8s",
                80,
                "xn--fsqu00a.xn--fiqs8s",
                "/",
            ),
            ("  http://a/b c ", "a", 80, "a", "/b%20c"),
            ("http://a#b@c", "a", 80, "a", "/"),
            ("http://a/b@c", "a", 80, "a", "/b@c"),
            ("http://a?b@c://d", "a", 80, "a", "/?b@c://d"),
        ] {
            let (host, authority) = (host.to_string(), authority.to_string());
            let expected = Url { host, port, authority, target: target.to_string() };
            assert_eq!(Url::parse(url), Ok(expected), "{url}");
        }
    }
}

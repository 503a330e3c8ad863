//! [`Authority`]: the host and port in a URL, and the value of `Host`.

use std::net::Ipv6Addr;

/// `HOST` or `HOST:PORT` (RFC 3986 3.2). A user name before the host is refused: it is an error in
/// HTTP (RFC 9110 4.2.4), and `Host` has none (RFC 9112 3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Authority<'t> {
    /// A name or an address as written; an IPv6 address is in brackets.
    pub(super) host: &'t str,
    /// `None`: absent or empty, which both mean the default port (RFC 3986 3.2.3).
    pub(super) port: Option<u16>,
}

impl Authority<'_> {
    /// # Errors
    ///
    /// A sentence that names the problem.
    pub(super) fn parse(text: &str) -> Result<Authority<'_>, &'static str> {
        let host_end = if text.starts_with('[') {
            text.find(']').map(|bracket| bracket + 1)
        } else {
            text.rfind(':')
        };
        let (host, rest) = text.split_at(host_end.unwrap_or(text.len()));
        if host.is_empty() {
            return Err("it has no host");
        }
        let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let is_host = match address {
            // A zone (`%eth0`) is valid on its own machine only, and there is no later version of
            // IP.
            Some(address) => address.parse::<Ipv6Addr>().is_ok(),
            None => is_name(host.as_bytes()),
        };
        let port = match rest {
            "" => Some(""),
            _ => rest.strip_prefix(':'),
        };
        match port {
            Some(port) if is_host => Ok(Authority { host, port: parse_port(port)? }),
            _ => Err("its host is not a name, an IPv4 address, or an IPv6 address in brackets"),
        }
    }
}

fn parse_port(port: &str) -> Result<Option<u16>, &'static str> {
    if port.is_empty() {
        return Ok(None);
    }
    let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
    let number = port.parse().ok().filter(|_| is_number);
    number.map(Some).ok_or("its port is not a number up to 65535")
}

/// Whether this is a `reg-name` (RFC 3986 3.2.2), which includes IPv4 addresses.
fn is_name(mut bytes: &[u8]) -> bool {
    loop {
        match bytes {
            [] => return true,
            [b'%', high, low, rest @ ..] if is_hex(*high, *low) => bytes = rest,
            [byte, rest @ ..] if is_plain(*byte) => bytes = rest,
            _ => return false,
        }
    }
}

/// Whether these are the two digits of a percent-encoded byte.
pub(super) fn is_hex(high: u8, low: u8) -> bool {
    high.is_ascii_hexdigit() && low.is_ascii_hexdigit()
}

/// Whether a character may be anywhere in a URL: `unreserved` and `sub-delims` (RFC 3986 2.2 and
/// 2.3).
pub(super) fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorities() {
        for (text, host, port) in [
            ("a", "a", None),
            ("a:", "a", None),
            ("a:80", "a", Some(80)),
            ("a:0", "a", Some(0)),
            ("a:00080", "a", Some(80)),
            ("a:65535", "a", Some(65535)),
            ("A-b.c_d~:1", "A-b.c_d~", Some(1)),
            ("a!$&'()*+,;=", "a!$&'()*+,;=", None),
            ("%61%2Fb", "%61%2Fb", None),
            ("127.0.0.1:80", "127.0.0.1", Some(80)),
            ("999.1", "999.1", None),
            ("[::1]", "[::1]", None),
            ("[::1]:", "[::1]", None),
            ("[::1]:80", "[::1]", Some(80)),
            ("[2001:DB8::1]:80", "[2001:DB8::1]", Some(80)),
            ("[::ffff:1.2.3.4]", "[::ffff:1.2.3.4]", None),
        ] {
            assert_eq!(Authority::parse(text), Ok(Authority { host, port }), "{text}");
        }
        let no_host = "it has no host";
        let bad_host = "its host is not a name, an IPv4 address, or an IPv6 address in brackets";
        let bad_port = "its port is not a number up to 65535";
        for (text, why) in [
            ("", no_host),
            (":", no_host),
            (":80", no_host),
            ("u@a", bad_host),
            ("u:p@a:80", bad_host),
            ("a/b", bad_host),
            ("a\\b", bad_host),
            ("a b", bad_host),
            ("a?b", bad_host),
            ("a#b", bad_host),
            ("a,b:80:90", bad_host),
            ("a:b:c", bad_host),
            ("a:1:2", bad_host),
            ("::1", bad_host),
            ("1:2:3:4:5:6:7:8", bad_host),
            ("a\"", bad_host),
            ("é", bad_host),
            ("%", bad_host),
            ("%4", bad_host),
            ("%4g", bad_host),
            ("[", bad_host),
            ("[::1", bad_host),
            ("::1]", bad_host),
            ("[]", bad_host),
            ("[a]", bad_host),
            ("[127.0.0.1]", bad_host),
            ("[::1]x", bad_host),
            ("[::1]80", bad_host),
            ("[::1]]", bad_host),
            ("[[::1]]", bad_host),
            ("x[::1]", bad_host),
            ("[::1%25lo]", bad_host),
            ("[v1.a]", bad_host),
            ("a:b", bad_port),
            ("a:+80", bad_port),
            ("a:-1", bad_port),
            ("a: 80", bad_port),
            ("a:80 ", bad_port),
            ("a:65536", bad_port),
            ("a:99999999999999999999", bad_port),
            ("a:８０", bad_port),
            ("[::1]:x", bad_port),
        ] {
            assert_eq!(Authority::parse(text), Err(why), "{text}");
        }
    }
}

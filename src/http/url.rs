//! [`Url`]: where to ask, and for what.

/// The parts of a URL that a request needs.
pub(super) struct Url {
    pub(super) host: String,
    pub(super) port: u16,
    /// Host, and the port if there was one, as written.
    pub(super) authority: String,
    pub(super) target: String,
}

impl Url {
    /// RFC 9110 4.2.1.
    pub(super) fn parse(url: &str) -> Result<Url, String> {
        let wrong = |why: &str| format!("{url:?} is no http://host[:port]/path: {why}");
        let (scheme, rest) = url.split_once("://").ok_or_else(|| wrong("it has no http://"))?;
        if scheme.eq_ignore_ascii_case("https") {
            return Err(wrong("https needs TLS, which is not here"));
        }
        if !scheme.eq_ignore_ascii_case("http") {
            return Err(wrong("it does not begin with http://"));
        }
        if rest.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
            return Err(wrong("it has a space or a control character in it"));
        }
        let rest = rest.split('#').next().unwrap_or_default(); // the fragment is for the reader
        let at = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(at);
        if authority.contains('@') {
            return Err(wrong("a user's name is not sent like this any more"));
        }
        // The last colon, unless it is one of an IPv6 address.
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port),
            _ => (authority, ""),
        };
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        if host.is_empty() {
            return Err(wrong("it has no host"));
        }
        let digits = port.bytes().all(|byte| byte.is_ascii_digit());
        let port = if port.is_empty() { Ok(80) } else { port.parse() };
        let port = port.ok().filter(|_| digits).ok_or_else(|| wrong("the port is no number"))?;
        let slash = if target.starts_with('/') { "" } else { "/" };
        Ok(Url {
            host: host.to_string(),
            port,
            authority: authority.to_string(),
            target: format!("{slash}{target}"),
        })
    }
}

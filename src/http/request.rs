//! [`Request`], and the checks of its head.

use std::borrow::Cow;
use std::fmt;

use super::authority::Authority;
use super::status::{Refusal, refuse};
use crate::endpoint::Address;
use crate::message::{Head, is_token};

/// A complete request: the handler is called when the body has arrived. Node:
/// `http.IncomingMessage`, which is a stream.
///
/// ```
/// use net_notes::http;
///
/// let server = http::create_server(|request, response| {
///     let name = request.header("user-agent").unwrap_or("unknown client"); // case-insensitive
///     response.end_with(format!("{} {}, {name}\n", request.method(), request.path()));
/// });
/// # server.listen(0, |_| {})?;
/// # let at = server.address().unwrap();
/// # let running = server.spawn();
/// # assert_eq!(http::get(&format!("http://{at}/a?b"))?.text(), "GET /a, net-notes\n");
/// # server.close()?;
/// # running.join().unwrap()?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Request {
    head: Head,
    /// The ends of the method and of the target in the start line.
    method: usize,
    target: usize,
    body: Vec<u8>,
    remote: Option<Address>,
}

impl Request {
    /// The protocols to which the client offers to switch (RFC 9110 7.8).
    pub(super) fn offered_protocols(&self) -> Option<&str> {
        let protocols = self.header("upgrade")?;
        let offered = self.version() != "HTTP/1.0" && has(self.header("connection")?, "upgrade");
        offered.then_some(protocols)
    }

    pub(super) fn new(head: Head, facts: &HeadFacts, body: Vec<u8>) -> Request {
        Request { head, method: facts.method, target: facts.target, body, remote: None }
    }

    pub(super) fn from(mut self, remote: Option<Address>) -> Request {
        self.remote = remote;
        self
    }

    /// The method: `GET`, `POST`, …; it is case-sensitive (RFC 9110 9.1). Node: `request.method`.
    pub fn method(&self) -> &str {
        &self.head.start()[..self.method]
    }

    /// The request target, as written: `/search?q=socket`. Node: `request.url`.
    pub fn target(&self) -> &str {
        &self.head.start()[self.method + 1..self.target]
    }

    /// The target up to the `?`, without scheme and host if it has them (RFC 9112 3.2). Escapes
    /// such as `%20` are not decoded.
    pub fn path(&self) -> &str {
        self.split_target().0
    }

    /// The part of the target after the `?`.
    pub fn query(&self) -> Option<&str> {
        self.split_target().1
    }

    fn split_target(&self) -> (&str, Option<&str>) {
        let target = self.target();
        let target = match target.split_once("://") {
            Some((_, rest)) if !target.starts_with('/') => {
                rest.find(['/', '?']).map_or("/", |at| &rest[at..])
            }
            _ => target,
        };
        match target.split_once('?') {
            Some(("", query)) => ("/", Some(query)),
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        }
    }

    /// The version: `HTTP/1.1` or `HTTP/1.0`. A client may name a later one, such as `HTTP/1.2`,
    /// which counts as 1.1 (RFC 9110 2.5). Node: `request.httpVersion`, without the `HTTP/`.
    pub fn version(&self) -> &str {
        &self.head.start()[self.target + 1..]
    }

    /// The value of a header; the name is case-insensitive. The values of several lines are joined
    /// by `", "` (RFC 9110 5.3); empty values are left out. Node: `request.headers[name]`.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.header(name)
    }

    /// All header lines, as written and in their order: two lines of one name are two items. Node:
    /// `request.rawHeaders`.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.head.headers()
    }

    /// The body; empty if there is none. Chunks are joined.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body as text. Bytes that are not UTF-8 become `�`.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// The address of the client. Node: `request.socket.remoteAddress`.
    pub fn remote_addr(&self) -> Option<Address> {
        self.remote.clone()
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("head", &self.head)
            .field("body", &self.body.len())
            .field("remote", &self.remote)
            .finish()
    }
}

/// How the body is delimited (RFC 9112 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyLength {
    Counted(usize),
    Chunked,
}

/// The facts in a head that the server needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct HeadFacts {
    method: usize,
    target: usize,
    pub(super) length: BodyLength,
    /// Whether the client waits for "100 Continue" before it sends the body (RFC 9110 10.1.1).
    pub(super) expects_continue: bool,
    pub(super) exchange: Exchange,
}

/// The facts of a request that its answer needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Exchange {
    /// Whether the method is HEAD: as GET, without a body.
    pub(super) head_only: bool,
    /// Whether the version is HTTP/1.0: it has no chunks, and closes the connection by default.
    pub(super) is_http_1_0: bool,
    pub(super) keep_alive: bool,
}

impl HeadFacts {
    /// Checks a head as RFC 9112 demands. Each `Err` is a request that two parsers could read
    /// differently, or that this server does not support.
    pub(super) fn of(head: &Head) -> Result<HeadFacts, Refusal> {
        let start = head.start();
        let bad_line = refuse(400, "the request line is not METHOD TARGET HTTP/1.1");
        let mut spaces = (0..).zip(start.bytes()).filter(|(_, byte)| *byte == b' ');
        let (Some((first, _)), Some((second, _))) = (spaces.next(), spaces.next()) else {
            return Err(bad_line);
        };
        let (method, target) = (&start[..first], &start[first + 1..second]);
        let version = &start[second + 1..];
        if !is_token(method.as_bytes()) {
            return Err(refuse(400, "the method is not a token"));
        }
        let is_http_1_0 = minor_version(version)? == 0;
        check_target(method, target)?;

        check_host(head, is_http_1_0)?;
        let length = body_length(head, is_http_1_0)?;
        let expects_continue = expects_continue(head)? && !is_http_1_0;
        let says = |option| head.values("connection").any(|value| has(value, option));
        let keep_alive = (!is_http_1_0 || says("keep-alive")) && !says("close");
        Ok(HeadFacts {
            method: first,
            target: second,
            length,
            expects_continue,
            exchange: Exchange { head_only: method == "HEAD", is_http_1_0, keep_alive },
        })
    }
}

/// The digit after `HTTP/1.`. A version above 1.1 can be read as 1.1 (RFC 9110 2.5).
fn minor_version(version: &str) -> Result<u8, Refusal> {
    match version.as_bytes() {
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor @ b'0'..=b'9'] => Ok(minor - b'0'),
        [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9'] => {
            Err(refuse(505, "this server speaks HTTP/1.1 and HTTP/1.0"))
        }
        _ => Err(refuse(400, "the request line does not end in HTTP/1.1")),
    }
}

/// Checks the target (RFC 9112 3.2).
fn check_target(method: &str, target: &str) -> Result<(), Refusal> {
    let absolute = || {
        let (scheme, rest) = target.split_once("://")?;
        let http = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
        let authority = &rest[..rest.find(['/', '?']).unwrap_or(rest.len())];
        (http && Authority::parse(authority).is_ok()).then_some(())
    };
    if method == "CONNECT" {
        // After a 2xx the client would take all following bytes as the tunnel's, and a proxy would
        // pass them on unread.
        return Err(refuse(501, "CONNECT asks for a tunnel, and this server is no proxy"));
    }
    let star = method == "OPTIONS" && target == "*";
    let fits = star || target.starts_with('/') || absolute().is_some();
    if fits && !target.contains('\t') {
        return Ok(());
    }
    Err(refuse(400, "the target is neither a path nor a URL"))
}

/// Checks `Host` (RFC 9112 3.2): exactly one in HTTP/1.1, and never two.
fn check_host(head: &Head, is_http_1_0: bool) -> Result<(), Refusal> {
    let mut hosts = head.values("host");
    let why = match (hosts.next(), hosts.next()) {
        (None, _) if is_http_1_0 => return Ok(()),
        // It is empty if the target has no authority.
        (Some(host), None) if host.is_empty() || Authority::parse(host).is_ok() => return Ok(()),
        (None, _) => "there is no Host, which HTTP/1.1 demands",
        (Some(_), None) => "the Host is not HOST or HOST:PORT",
        (Some(_), Some(_)) => "there is more than one Host",
    };
    Err(refuse(400, why))
}

/// Determines the length of the body (RFC 9112 6.3).
fn body_length(head: &Head, is_http_1_0: bool) -> Result<BodyLength, Refusal> {
    let mut codings = head.values("transfer-encoding");
    let Some(coding) = codings.next() else {
        return Ok(BodyLength::Counted(head.content_length()?.unwrap_or(0)));
    };
    if head.values("content-length").next().is_some() {
        return Err(refuse(400, "both Content-Length and Transfer-Encoding"));
    }
    if is_http_1_0 {
        return Err(refuse(400, "HTTP/1.0 has no Transfer-Encoding"));
    }
    if coding.eq_ignore_ascii_case("chunked") && codings.next().is_none() {
        return Ok(BodyLength::Chunked);
    }
    let known = |coding: &str| coding.is_empty() || coding.eq_ignore_ascii_case("chunked");
    if head.values("transfer-encoding").flat_map(list).all(known) {
        return Err(refuse(400, "the Transfer-Encoding is not one chunked"));
    }
    Err(refuse(501, "the only transfer coding known here is chunked"))
}

/// Checks `Expect` (RFC 9110 10.1.1): a list, which may contain the one known expectation more than
/// once.
fn expects_continue(head: &Head) -> Result<bool, Refusal> {
    let mut expects = false;
    for expectation in head.values("expect").flat_map(list).filter(|one| !one.is_empty()) {
        if !expectation.eq_ignore_ascii_case("100-continue") {
            return Err(refuse(417, "the only expectation known here is 100-continue"));
        }
        expects = true;
    }
    Ok(expects)
}

/// The elements of a list (RFC 9110 5.6.1).
fn list(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(|element| element.trim_matches([' ', '\t']))
}

/// Whether a list contains an element, case-insensitive.
pub(crate) fn has(value: &str, element: &str) -> bool {
    !value.is_empty() && list(value).any(|other| other.eq_ignore_ascii_case(element))
}

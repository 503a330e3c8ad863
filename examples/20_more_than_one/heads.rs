//! Heads as they are passed on. Some lines concern one connection only, and each side of a proxy
//! has its own.

use net::http::{Request, Response};
use net::message::{Error, Head};
use net_notes as net;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

/// RFC 9110 7.6.1. `Expect` was answered by our own server, and `Trailer` announces lines behind the
/// body that are not passed on. The others describe the connection, and how a body is sent: this is
/// decided anew.
const OWN: [&str; 8] = [
    "connection",
    "proxy-connection",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "expect",
];

/// Whether a line is not passed on: it is one of those, or `Connection` names it.
fn stays(name: &str, connection: Option<&str>) -> bool {
    let mut named = connection.unwrap_or_default().split(',').map(str::trim);
    OWN.iter().any(|own| own.eq_ignore_ascii_case(name))
        || named.any(|other| other.eq_ignore_ascii_case(name))
}

/// Returns the request for a copy, head and body. It can be sent several times.
pub fn request(request: &Request) -> Result<Vec<u8>, Error> {
    let mut head = Head::new(&format!("{} {} HTTP/1.1", request.method(), request.target()))?;
    let connection = request.header("Connection");
    for (name, value) in request.headers().filter(|(name, _)| !stays(name, connection)) {
        // Host, too: the copy must see the name that the client has requested
        head.append(name, value)?;
    }
    if head.header("Host").is_none() {
        head.set("Host", "")?; // a client of HTTP/1.0
    }
    let list = |name, own: &str| match request.header(name) {
        Some(others) if !others.is_empty() => format!("{others}, {own}"),
        _ => own.to_string(),
    };
    head.set("Via", &list("Via", "1.1 balancer"))?;
    if let Some(client) = request.remote_addr().and_then(|address| address.ip()) {
        head.set("X-Forwarded-For", &list("X-Forwarded-For", &client.to_string()))?;
    }
    // The same each time this request is sent, so that the copies can tell whether it was executed
    // before.
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    head.set("X-Request-Id", &format!("{}-{number}", process::id()))?;
    head.set("Connection", "close")?;
    let is_counted = head.header("Content-Length").is_some();
    if is_counted || !request.body().is_empty() {
        // A body that arrived in chunks has none.
        head.set("Content-Length", &request.body().len().to_string())?;
    }
    let mut bytes = head.to_string().into_bytes();
    bytes.extend_from_slice(request.body());
    Ok(bytes)
}

/// Passes the head of an answer to the client.
pub fn answer(status: u16, head: &Head, client: &Response) {
    client.status(status);
    let connection = head.header("Connection");
    for (name, value) in head.headers().filter(|(name, _)| !stays(name, connection)) {
        let is_cookie = name.eq_ignore_ascii_case("set-cookie"); // the only one that is not a list
        let value = if is_cookie { Some(value) } else { head.header(name) };
        client.header(name, value.unwrap_or_default());
    }
}

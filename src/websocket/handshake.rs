//! The request for a WebSocket, and its answer (RFC 6455 4.2).

use super::base64;
use super::sha1::sha1;
use crate::http::{Request, Response, has};

/// The protocol name in `Upgrade`.
pub(super) const UPGRADE_PROTOCOL: &str = "websocket";

/// Appended to the client's key: a server that answers with the hash of both supports WebSocket.
const ACCEPT_GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The reason why the request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct HandshakeRefusal {
    status: u16,
    why: &'static str,
}

/// The value of `Sec-WebSocket-Accept`, if the request is valid by section 4.2.1. (`http` checks
/// `Host` and the version of HTTP.)
pub(super) fn accept(request: &Request) -> Result<String, HandshakeRefusal> {
    let lists = |name, element| request.header(name).is_some_and(|list| has(list, element));
    let refuse = |status, why| Err(HandshakeRefusal { status, why });
    if !lists("upgrade", UPGRADE_PROTOCOL) || !lists("connection", "upgrade") {
        return refuse(426, "this is for a WebSocket");
    }
    if request.version() == "HTTP/1.0" {
        return refuse(426, "a WebSocket begins with HTTP/1.1");
    }
    if request.method() != "GET" {
        return refuse(400, "a WebSocket begins with a GET");
    }
    if request.header("sec-websocket-version") != Some("13") {
        return refuse(426, "the version of WebSocket that is spoken here is 13");
    }
    match request.header("sec-websocket-key") {
        Some(key) if base64::is_of_16_bytes(key) => Ok(answer_to(key)),
        _ => refuse(400, "the key is not 16 bytes in Base64"),
    }
}

fn answer_to(key: &str) -> String {
    base64::encode(&sha1(format!("{key}{ACCEPT_GUID}").as_bytes()))
}

pub(super) fn refuse(response: &Response, refusal: HandshakeRefusal) {
    let HandshakeRefusal { status, why } = refusal;
    if status == 426 {
        // The values that would be valid (RFC 6455 4.4, RFC 9110 15.5.22).
        response.header("Upgrade", UPGRADE_PROTOCOL).header("Sec-WebSocket-Version", "13");
    }
    response.status(status).header("Content-Type", "text/plain; charset=utf-8");
    response.end_with(format!("{status}: {why}\n"));
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_example_of_its_rfc() {
        let answer = super::answer_to("dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(answer, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}

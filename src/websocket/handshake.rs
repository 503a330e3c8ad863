//! The request that asks for a WebSocket, and its answer (RFC 6455 4.2).

use super::base64;
use super::sha1::sha1;
use crate::http::{Request, Response, has};

/// In `Upgrade`.
pub(super) const PROTOCOL: &str = "websocket";

/// Joined to the key of the client: who answers with the hash of both knows WebSocket.
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Why there will be no WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refusal {
    status: u16,
    why: &'static str,
}

/// The value of `Sec-WebSocket-Accept`, if the request is as section 4.2.1 demands. (`Host`, and the version of HTTP, are
/// looked at by `http`.)
pub(super) fn accept(request: &Request) -> Result<String, Refusal> {
    let lists = |name, element| request.header(name).is_some_and(|list| has(list, element));
    let refuse = |status, why| Err(Refusal { status, why });
    if !lists("upgrade", PROTOCOL) || !lists("connection", "upgrade") {
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
    base64::encode(&sha1(format!("{key}{GUID}").as_bytes()))
}

pub(super) fn refuse(response: &Response, refusal: Refusal) {
    let Refusal { status, why } = refusal;
    if status == 426 {
        // What would be right (RFC 6455 4.4, RFC 9110 15.5.22).
        response.header("Upgrade", PROTOCOL).header("Sec-WebSocket-Version", "13");
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

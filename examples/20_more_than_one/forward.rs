//! One request of a client: which copy receives it, and whether another one may receive it after
//! that.

use net::http::{Request, Response};
use net_notes as net;
use std::io::ErrorKind;
use std::sync::Arc;

use super::backends::{Backends, reason};
use super::exchange::{Outcome, exchange};
use super::heads;

/// Methods for which two executions have the same effect as one (RFC 9110 9.2.2). POST and PATCH
/// are not among them.
const IDEMPOTENT: [&str; 6] = ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"];

pub fn forward(request: &Request, client: Arc<Response>, backends: &Backends) {
    let Ok(bytes) = heads::request(request) else {
        return refuse(&client, 400, "this cannot be passed on");
    };
    let (method, target) = (request.method(), request.target());
    let (mut tried, mut last) = (Vec::new(), (503, "no copy is running"));
    while let Some(backend) = backends.next(&tried) {
        tried.push(backend.port);
        match exchange(backend.port, &bytes, method == "HEAD", &client) {
            Outcome::Over => return,
            // Not a single byte has arrived there, so it is the same as beginning with the next
            // copy. For any method.
            Outcome::NotSent(error) => backend.set(Err(&reason(&error))),
            // It may have been executed, with only the answer missing. This cannot be known.
            Outcome::NoAnswer(error) => {
                last = match error.kind() {
                    ErrorKind::TimedOut => (504, "the copy has not answered in time"),
                    _ => (502, "the copy has gone before it answered"),
                };
                println!("{method} {target} at {}: {}", backend.port, last.1);
                if !IDEMPOTENT.contains(&method) {
                    let why = format!("{}: perhaps it was done", last.1);
                    return refuse(&client, last.0, &why);
                }
            }
        }
    }
    refuse(&client, last.0, last.1);
}

fn refuse(client: &Response, status: u16, why: &str) {
    if status == 503 {
        client.header("Retry-After", "1");
    }
    client.status(status).header("Content-Type", "text/plain; charset=utf-8");
    client.end_with(format!("{status}: {why}\n"));
}

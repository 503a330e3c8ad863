//! The crate's `http`, server and client, over real sockets.

#[path = "../../src/http/reply/answers.rs"]
mod answers;
#[path = "../../src/http/incoming/cases.rs"]
mod cases;
mod client;
mod clients;
mod hostile;
mod peers;
pub mod running;
mod server;
mod streaming;
mod wire;

//! The smallest possible `http`: it puts a head in front of what is written. This is the whole
//! idea, and not enough.

use net::{EventSocket, Server, ServerOptions, event};
use net_notes as net;

/// The response of a handler.
pub struct Response(EventSocket);

impl Response {
    pub fn write(&self, data: &str) {
        // Fault 1: in front of every piece, and not only the first.
        self.0.write("HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n");
        self.0.write(data);
    }

    pub fn end(&self) {
        self.0.end(); // fault 2: no length, so that every answer costs a connection
    }
}

/// Calls `handler` for each client. Fault 3: at once. The request was not read, so there is none to
/// pass.
pub fn create_server(handler: impl Fn((), Response) + Send + Sync + 'static) -> Server {
    let server = Server::new(ServerOptions::default());
    server.on(event::Connection, move |_, socket| handler((), Response(socket.clone())));
    server
}

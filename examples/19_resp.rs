//! A server for the protocol of Redis: `redis-cli` and `redis-benchmark` see no difference.
//! ```sh
//! cargo run --example 19_resp   # port 5000, this machine only. Another port: -- 5001
//! ```
//! It prints this line, and serves until Ctrl-C ends it:
//! ```text
//! listening: port 5000. Try  redis-cli -p 5000 PING
//! ```
use net::event;
use net_notes as net;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{env, error::Error};

#[path = "19_resp/commands.rs"]
mod commands;
#[path = "19_resp/keys.rs"]
mod keys;
#[path = "19_resp/reply.rs"]
mod reply;
#[path = "19_resp/request.rs"]
mod request;
#[path = "19_resp/serve.rs"]
mod serve;
#[path = "19_resp/subscribers.rs"]
mod subscribers;

/// The state that all clients share.
#[derive(Default)]
struct State {
    keys: keys::Keys,
    subscribers: subscribers::Subscribers,
}

/// Locks everything: a command is one step for all clients, and messages arrive in the same order
/// everywhere. (Redis has one thread in place of the lock, for the same reason.) No command can
/// panic between two changes, so the state behind a poisoned lock is consistent.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args: Vec<String> = env::args().skip(1).collect();
    let port = args.pop().unwrap_or("5000".into()).parse();
    let port: u16 = port.map_err(|_| "after -- goes nothing, PORT, or HOST PORT")?;
    let host = args.pop().unwrap_or("127.0.0.1".into());

    let state = Arc::new(Mutex::new(State::default()));
    let server = net::create_server(move |socket| {
        socket.set_no_delay(true); // each write is a whole batch of replies
        let (mut requests, shared) = (request::frames(), state.clone());
        socket.on(event::Data, move |socket, data| {
            serve::answer(requests.feed(data), &shared, socket)
        });
        let shared = state.clone();
        socket.on(event::Close, move |socket, _| lock(&shared).subscribers.remove_client(socket));
        socket.on(event::Error, |_, _| {}); // a client may disappear at any time
    });
    let listening = server.listen((&host, port), |server| {
        let port = server.address().and_then(|at| at.port()).unwrap_or_default();
        println!("listening: port {port}. Try  redis-cli -p {port} PING");
    });
    let other = port.wrapping_add(1);
    listening.map_err(|e| format!("{e}. Try  cargo run --example 19_resp -- {other}"))?;
    Ok(server.run()?)
}

//! From the requests of one client to its replies.

use net::EventSocket;
use net_notes as net;
use std::io::{Result, Write};
use std::sync::Mutex;
use std::time::Duration;

use super::{State, commands, lock, reply, request, subscribers};

/// When the replies have so many bytes they are sent, and the lock is released, before the next request is looked at: ten
/// bytes of GET may ask for megabytes.
const BATCH: usize = 64 << 10;
/// How long a client may take to read why it is disconnected.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Answers the requests that have arrived: all replies in one write, if they are short.
pub fn answer(
    requests: &mut impl Iterator<Item = Result<Vec<u8>>>,
    state: &Mutex<State>,
    mut client: &EventSocket,
) {
    let mut more = true;
    while more {
        let mut out = Vec::new();
        let mut state = lock(state);
        let result = batch(requests, &mut state, client, &mut out);
        if let Err(error) = &result {
            reply::error(&mut out, &format!("ERR Protocol error: {error}"));
        }
        if state.subscribers.contains(client) {
            // Under the lock: then no message comes in front of the reply to its SUBSCRIBE, or into the middle of a reply.
            subscribers::push(client, &out);
        } else {
            drop(state);
            // This waits until there is room: a client that does not read its replies is not read, either.
            if client.write_all(&out).is_err() {
                return client.destroy();
            }
        }
        more = result.unwrap_or_else(|_| {
            // It is unknown where the next request begins. Closing at once could reset the connection, and so destroy the
            // reply: what the client still sends is read, and dropped.
            client.close_within(LAST_WORDS);
            false
        });
    }
}

/// Runs requests until there are enough replies, and returns whether there may be more requests.
fn batch(
    requests: &mut impl Iterator<Item = Result<Vec<u8>>>,
    state: &mut State,
    client: &EventSocket,
    out: &mut Vec<u8>,
) -> Result<bool> {
    state.keys.remove_expired();
    while out.len() < BATCH {
        let Some(request) = requests.next() else { return Ok(false) };
        commands::run(&request::words(&request?)?, state, client, out);
    }
    Ok(true)
}

//! Turns the requests of one client into its replies.

use net::EventSocket;
use net_notes as net;
use std::io::{Error, Result, Write};
use std::sync::Mutex;
use std::time::Duration;

use super::{State, commands, lock, reply, request, subscribers};

/// When the replies have this number of bytes they are sent, and the lock is released, before the
/// next request is executed: ten bytes of GET may request megabytes.
const BATCH_BYTES: usize = 64 << 10;
/// Room for a few dozen short replies.
const OUT_BYTES: usize = 1 << 10;
/// The time that a client has to read the reason of its disconnection.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Answers the requests that have arrived: all replies in one write, if they are short.
pub fn answer(
    requests: &mut impl Iterator<Item = Result<Vec<u8>>>,
    state: &Mutex<State>,
    mut client: &EventSocket,
) {
    // Everything that needs no lock is done before it is taken: if this thread is interrupted while
    // it holds the lock, all others wait.
    let arrived: Vec<Result<Vec<u8>>> = requests.collect();
    let parsed: Vec<Result<Vec<&[u8]>>> = arrived.iter().map(parse).collect();
    let mut parsed = parsed.into_iter().peekable();
    while parsed.peek().is_some() {
        let mut out = Vec::with_capacity(OUT_BYTES);
        let mut state = lock(state);
        let result = batch(&mut parsed, &mut state, client, &mut out);
        if let Err(error) = &result {
            reply::error(&mut out, &format!("ERR Protocol error: {error}"));
        }
        if state.subscribers.contains(client) {
            // Under the lock: then no message is sent before the reply to its SUBSCRIBE, or in the
            // middle of a reply.
            subscribers::push(client, &out);
        } else {
            drop(state);
            // This waits until there is room: a client that does not read its replies is not read,
            // either.
            if client.write_all(&out).is_err() {
                return client.destroy();
            }
        }
        if result.is_err() {
            // The beginning of the next request is unknown. Closing at once could reset the
            // connection, and so destroy the reply: what the client still sends is read, and
            // dropped.
            return client.close_within(LAST_WORDS);
        }
    }
}

fn parse(request: &Result<Vec<u8>>) -> Result<Vec<&[u8]>> {
    match request {
        Ok(request) => request::words(request),
        Err(error) => Err(Error::other(error.to_string())),
    }
}

/// Runs requests until there are enough replies.
fn batch<'r>(
    requests: &mut impl Iterator<Item = Result<Vec<&'r [u8]>>>,
    state: &mut State,
    client: &EventSocket,
    out: &mut Vec<u8>,
) -> Result<()> {
    state.keys.remove_expired();
    while out.len() < BATCH_BYTES {
        let Some(words) = requests.next() else { break };
        commands::run(&words?, state, client, out);
    }
    Ok(())
}

//! A request to one copy, and its answer, which is passed to the client while it arrives.

use net::http::Response;
use net::{ConnectOptions, EventSocket, event};
use net_notes as net;
use std::io::{self, ErrorKind, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::heads;
use super::reply::Reply;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// The time that a copy may be silent: before its answer, and in the middle of it.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);
/// The interval at which the connection to the client is checked.
const CLIENT_CHECK: Duration = Duration::from_millis(200);

/// The outcome of an exchange, as far as another copy is concerned.
pub enum Outcome {
    /// It was answered, at least in part, or the client has left.
    Over,
    /// The connection failed: so the copy has received nothing of this request.
    NotSent(io::Error),
    /// The request was sent, at least in part. The client has received nothing.
    NoAnswer(io::Error),
}

/// The progress of an exchange.
#[derive(Clone, Copy)]
enum Stage {
    Connecting,
    Sent,
    /// The client has received a part.
    Begun,
    Over,
}

/// Shared by the listeners, and read at the end.
struct Progress(Mutex<Stage>);

impl Progress {
    fn set(&self, stage: Stage) {
        *lock(&self.0) = stage;
    }
}

/// Blocks until the exchange is over.
pub fn exchange(port: u16, request: &[u8], to_head: bool, client: &Arc<Response>) -> Outcome {
    let to = ConnectOptions::from(("127.0.0.1", port));
    let copy = EventSocket::new(to.connect_timeout(CONNECT_TIMEOUT).no_delay(true));
    let progress = Arc::new(Progress(Mutex::new(Stage::Connecting)));

    copy.write(request); // sent once the connection is established
    let at = progress.clone();
    copy.on(event::Connect, move |_, ()| at.set(Stage::Sent));
    copy.set_timeout(Some(ANSWER_TIMEOUT));
    copy.on(event::Timeout, |copy, ()| copy.destroy_with(ErrorKind::TimedOut.into()));

    // If the client has left, nothing remains to be done.
    let (at, to) = (progress.clone(), client.clone());
    copy.every(CLIENT_CHECK, move |copy| {
        if to.is_closed() {
            at.set(Stage::Over);
            copy.destroy();
        }
    });

    let reply = Arc::new(Mutex::new(Reply::new(to_head)));
    let (at, to, arriving) = (progress.clone(), client.clone(), reply.clone());
    copy.on(event::Data, move |copy, piece| {
        let (mut reply, mut body) = (lock(&arriving), Vec::new());
        let is_whole = match reply.feed(piece, &mut body) {
            Ok(is_whole) => is_whole,
            Err(error) => return copy.destroy_with(error),
        };
        if let Some((status, head)) = reply.head.take() {
            heads::answer(status, &head, &to);
            at.set(Stage::Begun);
        } else if body.is_empty() && !is_whole {
            return;
        }
        // This waits for a client that reads slowly, and meanwhile nothing is read from the copy:
        // at most these few KiB of an answer are in memory, however long it is.
        let mut passed_on = (&*to).write_all(&body);
        if is_whole {
            to.end();
        } else if passed_on.is_ok() {
            passed_on = (&*to).flush();
        }
        copy.set_timeout(Some(ANSWER_TIMEOUT)); // the copy has not caused the wait
        if is_whole || passed_on.is_err() {
            at.set(Stage::Over);
            copy.destroy();
        }
    });
    let (at, to) = (progress.clone(), client.clone());
    copy.on(event::End, move |_, ()| {
        if lock(&reply).is_whole_at_the_end() {
            to.end();
            at.set(Stage::Over);
        }
    });

    let gone = || io::Error::new(ErrorKind::UnexpectedEof, "the connection ended");
    let why = copy.run().err().unwrap_or_else(gone);
    let stage = *lock(&progress.0);
    match stage {
        Stage::Connecting => Outcome::NotSent(why),
        Stage::Sent => Outcome::NoAnswer(why),
        Stage::Begun => {
            client.destroy(); // an orderly end would make the part look like a whole answer
            Outcome::Over
        }
        Stage::Over => Outcome::Over,
    }
}

/// A listener that panics has destroyed its socket: its state no longer matters.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

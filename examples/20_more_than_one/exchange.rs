//! A request to one copy, and its answer to the client while it arrives.

use net::http::Response;
use net::{ConnectOptions, EventSocket, event};
use net_notes as net;
use std::io::{self, ErrorKind, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::heads;
use super::reply::Reply;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a copy may be silent: before its answer, and in the middle of it.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);
/// How often it is asked whether the client is still there.
const CLIENT_CHECK: Duration = Duration::from_millis(200);

/// What has become of it, as far as another copy is concerned.
pub enum Outcome {
    /// It was answered, at least in part, or the client has left.
    Over,
    /// It was never connected: so the copy knows nothing of this request.
    NotSent(io::Error),
    /// The request was sent, or some of it. The client has received nothing.
    NoAnswer(io::Error),
}

/// How far it has come.
#[derive(Clone, Copy)]
enum Stage {
    Connecting,
    Sent,
    /// The client has received a part.
    Begun,
    Over,
}

/// Shared by the listeners, and looked at in the end.
struct Progress(Mutex<Stage>);

impl Progress {
    fn set(&self, stage: Stage) {
        *lock(&self.0) = stage;
    }
}

/// Blocks until it is over.
pub fn exchange(port: u16, request: &[u8], to_head: bool, client: &Arc<Response>) -> Outcome {
    let to = ConnectOptions::from(("127.0.0.1", port));
    let copy = EventSocket::new(to.connect_timeout(CONNECT_TIMEOUT).no_delay(true));
    let progress = Arc::new(Progress(Mutex::new(Stage::Connecting)));

    copy.write(request); // goes out when the connection is there
    let at = progress.clone();
    copy.on(event::Connect, move |_, ()| at.set(Stage::Sent));
    copy.set_timeout(Some(ANSWER_TIMEOUT));
    copy.on(event::Timeout, |copy, ()| copy.destroy_with(ErrorKind::TimedOut.into()));

    // For a client that has left there is nothing to be done any more.
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
        // This waits for a client that reads slowly, and meanwhile nothing is read from the copy: no more than these few
        // KiB of an answer are here, however long it is.
        let mut passed_on = (&*to).write_all(&body);
        if is_whole {
            to.end();
        } else if passed_on.is_ok() {
            passed_on = (&*to).flush();
        }
        copy.set_timeout(Some(ANSWER_TIMEOUT)); // the wait was not the copy's fault
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
            client.destroy(); // an orderly end would make a whole answer of the part
            Outcome::Over
        }
        Stage::Over => Outcome::Over,
    }
}

/// A listener that panics has destroyed its socket: what it has left here is of no importance any more.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

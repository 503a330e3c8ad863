//! The life of a connection: what happens on the turn of its socket.

use std::time::Duration;

use super::close::{self, Closed};
use super::failure::Failure;
use super::frame::Opcode;
use super::incoming::{Incoming, Said};
use super::options::Options;
use super::socket::{Message, WebSocket};
use super::state::Phase;
use crate::event;
use crate::socket::EventSocket;

impl WebSocket {
    /// Takes the socket over from `http`, on its turn, with what has arrived behind the head of the request.
    pub(super) fn start(
        socket: &EventSocket,
        options: Options,
        on_socket: impl FnOnce(&WebSocket),
        first: &[u8],
    ) {
        let this = WebSocket::new(socket, options);
        // Clients come and go as they like; `on_close` says it.
        socket.on(event::Error, |_, _| {});
        let (end, close, drain) = (this.clone(), this.clone(), this.clone());
        socket.on(event::End, move |_, ()| end.finish(None, Closed::abnormal()));
        socket.on(event::Close, move |_, _| close.finish(None, Closed::abnormal()));
        socket.on(event::Drain, move |_, ()| drain.answer_ping());
        if let Some(period) = options.heartbeat {
            this.beat(period);
        }
        on_socket(&this);
        let mut incoming = Incoming::new(&options);
        this.received(&mut incoming, first);
        socket.on(event::Data, move |_, data| this.received(&mut incoming, data));
    }

    fn received(&self, incoming: &mut Incoming, data: &[u8]) {
        incoming.feed(data);
        while self.lock().closed().is_none() {
            match incoming.next() {
                None => return,
                Some(Ok(said)) => self.handle(said),
                Some(Err(failure)) => self.fail(failure),
            }
        }
    }

    fn handle(&self, said: Said) {
        let is_open = self.lock().is_open();
        match said {
            Said::Text(text) if is_open => self.call_on_message(Message::Text(&text)),
            Said::Binary(data) if is_open => self.call_on_message(Message::Binary(&data)),
            Said::Pong(data) if is_open => self.call_on_pong(&data),
            Said::Text(_) | Said::Binary(_) | Said::Pong(_) => {}
            Said::Ping(data) => {
                self.lock().unanswered = Some(data);
                self.answer_ping();
            }
            Said::Close(closed) => self.finish(Some(closed.answer()), closed),
        }
    }

    /// Answers the last ping, unless the client has much to read already.
    fn answer_ping(&self) {
        let mut state = self.lock();
        if self.writable_need_drain() || state.closed().is_some() {
            return;
        }
        if let Some(data) = state.unanswered.take() {
            self.write(Opcode::Pong, &data);
        }
    }

    /// Ends a connection whose client has broken the protocol, after a closing frame that says so (RFC 6455 7.1.7).
    fn fail(&self, failure: Failure) {
        let goodbye = close::payload(failure.code, failure.why);
        self.finish(Some(goodbye), Closed::failed(failure));
    }

    /// Sends our closing frame, if that is still to be done, and ends our side. From then on no frame is read or sent. The
    /// connection is closed when the client has ended its side, or after the close timeout.
    fn finish(&self, goodbye: Option<Vec<u8>>, closed: Closed) {
        let mut state = self.lock();
        if state.closed().is_some() {
            return;
        }
        if let Some(payload) = goodbye.filter(|_| state.is_open()) {
            self.write(Opcode::Close, &payload);
        }
        state.phase = Phase::Closed(closed.clone());
        let callbacks = std::mem::take(&mut state.callbacks);
        drop(state);
        self.socket().close_within(self.close_timeout());
        callbacks.on_close.into_iter().for_each(|callback| callback(self, &closed));
    }

    /// The client has not answered our closing frame.
    pub(super) fn give_up(&self) {
        if self.lock().closed().is_none() {
            self.destroy();
        }
    }

    fn beat(&self, period: Duration) {
        let this = self.clone();
        let mut before = None;
        self.socket().every(period, move |socket| {
            let read = Some(socket.bytes_read());
            // While we read nothing, silence means nothing.
            if before == read && !socket.is_paused() {
                return socket.destroy();
            }
            before = read;
            this.ping([]);
        });
    }
}

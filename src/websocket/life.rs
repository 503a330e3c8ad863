//! The life of a connection: the work on the turn of its socket.

use std::time::Duration;

use super::close::{self, Closed};
use super::failure::ProtocolFailure;
use super::frame::Opcode;
use super::incoming::{MessageReader, Received};
use super::message::Message;
use super::options::Options;
use super::socket::WebSocket;
use super::state::WebSocketPhase;
use crate::event;
use crate::panics;
use crate::socket::EventSocket;

impl WebSocket {
    /// Takes the socket over from `http`, on its turn, with the bytes that arrived after the head
    /// of the request.
    pub(super) fn start(
        socket: &EventSocket,
        options: Options,
        on_socket: impl FnOnce(&WebSocket),
        first: &[u8],
    ) {
        let this = WebSocket::new(socket, options);
        // Errors of clients are not failures of the server; `on_close` reports the end.
        socket.on(event::Error, |_, _| {});
        let (end, close, drain) = (this.clone(), this.clone(), this.clone());
        socket.on(event::End, move |_, ()| end.finish(None, Closed::abnormal()));
        socket.on(event::Close, move |_, _| close.finish(None, Closed::abnormal()));
        socket.on(event::Drain, move |_, ()| drain.answer_ping());
        if let Some(period) = options.heartbeat {
            this.start_heartbeat(period);
        }
        on_socket(&this);
        let mut reader = MessageReader::new(&options);
        this.handle_data(&mut reader, first);
        socket.on(event::Data, move |_, data| this.handle_data(&mut reader, data));
    }

    fn handle_data(&self, reader: &mut MessageReader, data: &[u8]) {
        reader.feed(data);
        while self.lock().closed().is_none() {
            match reader.next() {
                None => return,
                Some(Ok(received)) => self.handle(received),
                Some(Err(failure)) => self.fail(failure),
            }
        }
    }

    fn handle(&self, received: Received) {
        let is_open = self.lock().is_open();
        match received {
            Received::Text(text) if is_open => self.call_on_message(Message::Text(&text)),
            Received::Binary(data) if is_open => self.call_on_message(Message::Binary(&data)),
            Received::Pong(data) if is_open => self.call_on_pong(&data),
            Received::Text(_) | Received::Binary(_) | Received::Pong(_) => {}
            Received::Ping(data) => {
                self.lock().unanswered_ping = Some(data);
                self.answer_ping();
            }
            Received::Close(closed) => self.finish(Some(closed.answer()), closed),
        }
    }

    /// Answers the last ping, unless the client already has many bytes to read.
    fn answer_ping(&self) {
        let mut state = self.lock();
        if self.writable_need_drain() || state.closed().is_some() {
            return;
        }
        if let Some(data) = state.unanswered_ping.take() {
            self.write(Opcode::Pong, &data);
        }
    }

    /// Ends a connection whose client has violated the protocol, after a closing frame with the
    /// reason (RFC 6455 7.1.7).
    fn fail(&self, failure: ProtocolFailure) {
        let close_payload = close::payload(failure.code, failure.why);
        self.finish(Some(close_payload), Closed::failed(failure));
    }

    /// Sends our closing frame, if it was not sent, and ends our side. After this no frame is read
    /// or sent. The connection is closed when the client has ended its side, or after the close
    /// timeout.
    fn finish(&self, close_payload: Option<Vec<u8>>, closed: Closed) {
        let mut state = self.lock();
        if state.closed().is_some() {
            return;
        }
        if let Some(payload) = close_payload.filter(|_| state.is_open()) {
            self.write(Opcode::Close, &payload);
        }
        state.phase = WebSocketPhase::Closed(closed.clone());
        let callbacks = std::mem::take(&mut state.callbacks);
        drop(state); // callbacks are called with no lock held
        self.socket().close_within(self.close_timeout());
        let on_close = callbacks.on_close.into_iter();
        panics::call_each(on_close.map(|callback| || callback(self, &closed)));
    }

    /// Destroys a connection whose client has not answered our closing frame.
    pub(super) fn destroy_if_unanswered(&self) {
        if self.lock().closed().is_none() {
            self.destroy();
        }
    }

    fn start_heartbeat(&self, period: Duration) {
        let this = self.clone();
        let mut before = None;
        self.socket().every(period, move |socket| {
            if !this.lock().is_open() {
                return; // the close timeout counts
            }
            let read = Some(socket.bytes_read());
            // While we read nothing, the silence may be ours.
            if before == read && !socket.is_paused() {
                return socket.destroy();
            }
            before = read;
            this.ping([]);
        });
    }
}

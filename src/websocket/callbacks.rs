//! Adding callbacks to a WebSocket, and calling them: with no lock held.

use super::close::Closed;
use super::message::Message;
use super::socket::WebSocket;
use super::state::Callbacks;

impl WebSocket {
    /// Calls `callback` for each complete message of the client. Callbacks are called in the order
    /// of registration. After [`close`](Self::close), and after the client's closing frame, there
    /// are no more messages. Browser: `socket.onmessage`.
    pub fn on_message(
        &self,
        callback: impl for<'a> FnMut(&WebSocket, Message<'a>) + Send + 'static,
    ) {
        let mut state = self.lock();
        match state.closed() {
            None => state.callbacks.on_message.push(Box::new(callback)),
            Some(_) => drop(state), // the lock first, and then the callback
        }
    }

    /// Calls `callback` for each answer to a [`ping`](Self::ping), with the bytes that were sent
    /// with it. A browser does not show pings and pongs to its pages.
    pub fn on_pong(&self, callback: impl FnMut(&WebSocket, &[u8]) + Send + 'static) {
        let mut state = self.lock();
        match state.closed() {
            None => state.callbacks.on_pong.push(Box::new(callback)),
            Some(_) => drop(state),
        }
    }

    /// Calls `callback` once, at the end: when the client has sent its closing frame, has violated
    /// the protocol, or is gone without a closing frame. If this has already happened, `callback`
    /// is called at once, on this thread. Browser: `socket.onclose`.
    pub fn on_close(&self, callback: impl FnOnce(&WebSocket, &Closed) + Send + 'static) {
        let mut state = self.lock();
        match state.closed() {
            None => state.callbacks.on_close.push(Box::new(callback)),
            Some(closed) => {
                drop(state); // the callback may call any method
                callback(self, &closed);
            }
        }
    }

    pub(super) fn call_on_message(&self, message: Message<'_>) {
        self.call_each(|callbacks| &mut callbacks.on_message, |callback| callback(self, message));
    }

    pub(super) fn call_on_pong(&self, data: &[u8]) {
        self.call_each(|callbacks| &mut callbacks.on_pong, |callback| callback(self, data));
    }

    /// Takes the callbacks of one kind out, calls them, and puts them back before those that were
    /// added in the meantime.
    fn call_each<C>(
        &self,
        list: fn(&mut Callbacks<WebSocket>) -> &mut Vec<C>,
        call: impl FnMut(&mut C),
    ) {
        // The lock is released during the calls: a callback may send, or add another one.
        let mut taken = std::mem::take(list(&mut self.lock().callbacks));
        taken.iter_mut().for_each(call);
        let mut state = self.lock();
        let added = list(&mut state.callbacks);
        taken.append(added);
        *added = taken;
    }
}

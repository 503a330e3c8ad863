//! A list of calls for each side: they run on different threads, and between threads no order is
//! promised.

use net::{EventSocket, event};
use net_notes as net;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub struct Calls(Mutex<Vec<&'static str>>);

pub static SERVER: Calls = Calls(Mutex::new(Vec::new()));
pub static CLIENT: Calls = Calls(Mutex::new(Vec::new()));

impl Calls {
    pub fn note(&self, call: &'static str) {
        self.list().push(call);
    }

    /// Returns all calls so far, with their numbers, and empties the list.
    pub fn take(&self) -> String {
        let calls = std::mem::take(&mut *self.list());
        (1..).zip(calls).map(|(number, call)| format!("  {number} {call}")).collect()
    }

    /// Records every callback of this socket.
    pub fn follow(&'static self, socket: &EventSocket) {
        socket.on(event::Connect, |_, ()| self.note("connect"));
        socket.on(event::Data, |_, _| self.note("data"));
        socket.on(event::Finish, |_, ()| self.note("finish"));
        socket.on(event::End, |_, ()| self.note("end"));
        socket.on(event::Close, |_, _| self.note("close"));
    }

    /// The list is complete after a panic, too: a call is in it, or not yet (lesson 11).
    fn list(&self) -> MutexGuard<'_, Vec<&'static str>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! The writes of a party, which are records.

use std::io::{self, Write};
use std::sync::{Arc, RwLockWriteGuard};

use super::{Gate, Party};
use crate::schedules::action::Action;
use crate::schedules::log::{Answer, Event};
use crate::schedules::net::{self, EventSocket, ReadyState};
use crate::schedules::records::{LONGEST_BLOCKING, record};

impl Party {
    /// Executes one of the actions that write, if a write is allowed now. Where all bytes must
    /// arrive, no direction is ended while a write has not returned.
    pub(super) fn write(self: &Arc<Self>, socket: &EventSocket, action: Action) {
        if let Action::EndWith(length) = action {
            let Some(mut gate) = self.gate_to_end(socket) else { return };
            if !gate.over && !gate.ended {
                gate.ended = true;
                let number = self.next_number();
                let end = || socket.end_with(record(number, length));
                self.recorder.call(action, number, end, |()| Answer::Nothing);
            }
            return;
        }
        let gate = self.gate.read().unwrap();
        if gate.over || (gate.ended && !self.rough) {
            return;
        }
        let _shared = (!self.rough).then_some(gate);
        let number = self.next_number();
        match action {
            Action::WriteThen(length) => {
                let done = self.callback(socket, number);
                let write = || socket.write_then(record(number, length), done);
                self.recorder.write(socket, action, number, write);
            }
            Action::Block(length) => self.block(socket, length),
            Action::Write(length) => {
                let write = || socket.write(record(number, length));
                self.recorder.write(socket, action, number, write);
            }
            _ => unreachable!("it does not write"),
        }
    }

    /// Returns the gate when no write is inside. Returns `None` while the socket connects: a
    /// blocking write of another thread then waits for the connection, and the connection for the
    /// listener that asks here. The action is left out.
    pub(super) fn gate_to_end(&self, socket: &EventSocket) -> Option<RwLockWriteGuard<'_, Gate>> {
        match socket.ready_state() {
            ReadyState::Opening => self.gate.try_write().ok(),
            _ => Some(self.gate.write().unwrap()),
        }
    }

    fn callback(
        self: &Arc<Self>,
        socket: &EventSocket,
        number: u32,
    ) -> impl FnOnce(io::Result<()>) + Send + use<> {
        let (party, socket) = (self.clone(), socket.clone());
        move |result| {
            let result = result.map_err(|error| net::code(&error).to_string());
            let _turn = party.recorder.enter(&socket, Event::Callback(number, result));
            party.step(&socket);
        }
    }

    /// Writes in records that one call takes completely, up to the first that fails.
    fn block(&self, socket: &EventSocket, length: usize) {
        let mut left = length;
        while left > 0 {
            let (piece, number) = (left.min(LONGEST_BLOCKING), self.next_number());
            let data = record(number, piece);
            let write = |mut socket: &mut &EventSocket| Write::write(&mut socket, &data);
            left = match self.recorder.block(socket, Action::Block(piece), number, write) {
                true => left - piece,
                false => 0,
            };
        }
    }
}

//! The calls of one socket, and its listeners, each with its entries in the log.

use std::io;
use std::sync::Arc;

use super::action::Action;
use super::log::{Answer, Event, Facts, Log, Properties, Role, What};
use super::net::{self, EventSocket, ListenerId, event};

#[derive(Clone)]
pub struct Recorder {
    pub log: Arc<Log>,
    pub role: Role,
}

/// Marks a listener as running until this is dropped, also by a panic.
pub struct Turn<'r>(&'r Recorder);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.add(What::Leave);
    }
}

impl Recorder {
    pub fn new(log: &Arc<Log>, role: Role, properties: Properties) -> Recorder {
        log.add(role, What::Properties(properties));
        Recorder { log: log.clone(), role }
    }

    pub fn add(&self, what: What) {
        self.log.add(self.role, what);
    }

    /// Records that a listener begins.
    pub fn enter(&self, socket: &EventSocket, event: Event) -> Turn<'_> {
        self.add(What::Enter(event, Facts::of(socket)));
        Turn(self)
    }

    pub fn call<T>(
        &self,
        action: Action,
        number: u32,
        call: impl FnOnce() -> T,
        answer: impl FnOnce(&T) -> Answer,
    ) -> T {
        self.add(What::Call(action, number));
        let result = call();
        self.add(What::Return(answer(&result)));
        result
    }

    /// Records a call that returns nothing, and concerns no record and no timer.
    pub fn act<T>(&self, action: Action, call: impl FnOnce() -> T) -> T {
        self.call(action, 0, call, |_| Answer::Nothing)
    }

    /// Records a call of `write`, or of a similar function.
    pub fn write(
        &self,
        socket: &EventSocket,
        action: Action,
        number: u32,
        call: impl FnOnce() -> bool,
    ) -> bool {
        let answer = |room: &bool| Answer::Room { room: *room, queued: socket.writable_length() };
        self.call(action, number, call, answer)
    }

    /// Records a call of `io::Write`. Returns `false` if it has failed.
    pub fn block(
        &self,
        socket: &EventSocket,
        action: Action,
        number: u32,
        call: impl FnOnce(&mut &EventSocket) -> io::Result<usize>,
    ) -> bool {
        let answer = |result: &Result<usize, String>| Answer::Took {
            result: result.clone(),
            queued: socket.writable_length(),
        };
        let call = || call(&mut &*socket).map_err(|error| net::code(&error).to_string());
        self.call(action, number, call, answer).is_ok()
    }

    pub fn ask(&self, socket: &EventSocket) {
        self.call(Action::Ask, 0, || Facts::of(socket), |facts| Answer::Facts(*facts));
    }

    /// Adds listeners for all events but Data, which call `then`.
    pub fn listen(
        &self,
        socket: &EventSocket,
        has_error_listener: bool,
        then: impl Fn(&EventSocket, &Event) + Clone + Send + 'static,
    ) {
        let recorder = self.clone();
        let emitted = move |socket: &EventSocket, event: Event| {
            let _turn = recorder.enter(socket, event.clone());
            then(socket, &event);
        };
        macro_rules! listen {
            ($($event:ident)*) => {$({
                let emitted = emitted.clone();
                socket.on(event::$event, move |socket, ()| emitted(socket, Event::$event));
            })*};
        }
        listen!(Connect Ready Drain Finish Timeout End);
        if has_error_listener {
            let emitted = emitted.clone();
            socket.on(event::Error, move |socket, error| {
                emitted(socket, Event::Error(net::code(error).to_string()));
            });
        }
        socket.on(event::Close, move |socket, had_error| emitted(socket, Event::Close(had_error)));
    }

    /// Adds a listener for Data.
    pub fn listen_to_data(
        &self,
        socket: &EventSocket,
        mut then: impl FnMut(&EventSocket, &[u8]) + Send + 'static,
    ) -> ListenerId {
        let recorder = self.clone();
        let listener = move |socket: &EventSocket, data: &[u8]| {
            let _turn = recorder.enter(socket, Event::Data(data.len()));
            then(socket, data);
        };
        self.act(Action::AddListener, || socket.on(event::Data, listener))
    }
}

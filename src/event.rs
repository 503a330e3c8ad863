//! The events, one unit struct each. An event is the first argument of `on` and `once`.
//!
//! | of a socket | carries | | of a server | carries |
//! |---|---|---|---|---|
//! | [`Lookup`] | `&`[`Resolved`] | | [`Listening`] | `()` |
//! | [`Connect`] | `()` | | [`Connection`] | `&`[`EventSocket`](crate::EventSocket) |
//! | [`Ready`] | `()` | | [`Drop`] | `&`[`Dropped`] |
//! | [`Data`] | `&[u8]` | | [`Error`] | `&io::Error` |
//! | [`Text`] | `&str` | | [`Close`] | `()` |
//! | [`Drain`], [`Finish`], [`Timeout`], [`End`] | `()` | | | |
//! | [`Error`] | `&io::Error` | | | |
//! | [`Close`] | `bool`: whether there was an error | | | |
//!
//! ```
//! use net_notes::{EventSocket, event};
//!
//! let socket = EventSocket::new(5000);
//! // In Node: socket.on('data', function (data) { … })
//! socket.on(event::Data, |_socket, data| println!("{} bytes", data.len()));
//! socket.on(event::Close, |_socket, had_error| println!("closed, error: {had_error}"));
//! ```
//!
//! A misspelt event is a compile error; in Node nothing happens:
//!
//! ```compile_fail
//! # use net_notes::{EventSocket, event};
//! EventSocket::new(5000).on(event::Dada, |_, data| ());
//! ```
//!
//! Write `event::Data`, never `use net_notes::event::*`: the glob would make [`Drop`] shadow the
//! trait `Drop`, and [`Error`] shadow any other error type.

pub use crate::server::event::{Connection, Drop, Dropped, Listening, ServerEvent};
pub use crate::socket::event::{
    Close, Connect, Data, Drain, End, Error, Finish, Lookup, Ready, Resolved, SocketEvent, Text,
    Timeout,
};

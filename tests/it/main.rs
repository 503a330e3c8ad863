//! All tests except those of the lessons, which are separate files beside this folder. One program,
//! so that it is linked only once: `cargo test --test it`, or a part of it:
//! `cargo test --test it promises::`.
#![warn(clippy::disallowed_methods)] // .clippy.toml says which

#[path = "../common/mod.rs"]
mod common;

mod answers;
mod api;
mod backpressure;
mod bench;
mod check;
mod coach;
mod diagnostics;
mod end_of_life;
mod faults;
mod framing;
mod http;
mod judges;
mod lessons;
mod load;
mod machines;
mod manners;
mod markdown;
mod message;
mod never_ran;
mod ownership;
mod pictures;
mod promises;
mod schedules;
mod site;
mod soak;
mod sts;
mod tidy;
mod timing;
mod traces;
mod websocket;
mod week;
mod wire_live;
#[cfg(unix)] // its sessions are typed into a Unix shell
mod workbench;

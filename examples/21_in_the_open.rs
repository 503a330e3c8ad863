//! A diary behind a password: who can reach it, who can read it, and who can exhaust it.
//!
//! ```sh
//! cargo run --example 21_in_the_open                         # at 127.0.0.1, port 5000; -- 5001: another port
//! cargo run --example 21_in_the_open -- 0.0.0.0 5000         # open to your network
//! cargo run --example 21_in_the_open -- 127.0.0.1 5000 NAME  # it is also called NAME
//! cargo run --example 21_in_the_open -- reach                # which address leads to which server
//! cargo run --example 21_in_the_open -- exhaust              # five clients, with limits and without
//! ```
//! Ctrl-C ends it. It received two requests, the second of which named another host:
//! ```text
//! the diary is at 127.0.0.1:5000
//! POST to 127.0.0.1:5000: 200
//! POST to evil.example:5000: 421
//! ```
use net::http::{self, Request};
use net_notes as net;
use std::{env, error::Error, sync::OnceLock};

#[path = "21_in_the_open/exhaust.rs"]
mod exhaust;
#[path = "21_in_the_open/reach.rs"]
mod reach;

/// The names of this server, with its port.
static NAMES: OnceLock<Vec<String>> = OnceLock::new();

fn main() -> Result<(), Box<dyn Error>> {
    let mut args: Vec<String> = env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("reach") => return reach::print(),
        Some("exhaust") => return exhaust::print(),
        _ => {}
    }
    let host = if args.len() < 2 { "127.0.0.1".into() } else { args.remove(0) };
    let port = if args.is_empty() { Ok(5000) } else { args.remove(0).parse::<u16>() };
    let port =
        port.map_err(|_| "after -- goes nothing, PORT, HOST PORT NAME…, reach, or exhaust")?;

    let server = http::create_server(|request, response| {
        let (status, text) = answer(&request);
        let name = request.header("Host").unwrap_or_default().escape_debug(); // for a terminal
        println!("{} to {name}: {status}", request.method());
        response.status(status).header("Connection", "close").end_with(text);
    });
    let listening = server.listen((&host, port), move |server| {
        let at = server.address().expect("it listens");
        let own = ["127.0.0.1", "[::1]", "localhost"];
        let own = own.map(|host| format!("{host}:{}", at.port().unwrap_or_default()));
        let _ = NAMES.set(own.into_iter().chain(args).collect());
        println!("the diary is at {at}");
    });
    listening.map_err(|error| format!("{error}. Take another port: `-- 5001`"))?;
    Ok(server.run()?)
}

fn answer(request: &Request) -> (u16, &'static str) {
    let is_own = |name| NAMES.get().is_some_and(|names| names.iter().any(|own| own == name));
    match (request.header("Host").is_some_and(is_own), &*request.text()) {
        (false, _) => (421, "That is not my name.\n"),
        (true, "password=tea-4-two") => (200, "Dear diary, it rains, and nobody knows.\n"),
        (true, _) => (403, "What is the password?\n"),
    }
}

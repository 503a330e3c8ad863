//! HTTP by hand: the request is a text that we write, and the answer a text that we take apart.
//!
//! ```sh
//! cargo run --example 09_http_by_hand                           # asks its own server: no network
//! cargo run --example 09_http_by_hand -- www.baidu.com 80 /tea  # asks a real one for /tea
//! ```
//! With its own server it prints:
//! ```text
//! request line  GET / HTTP/1.1
//! header        Host: 127.0.0.1:5000
//! blank line
//! status line   HTTP/1.1 200 OK
//! header        Date: Thu, 23 Oct 2025 08:00:00 GMT
//! header        Content-Type: text/plain; charset=utf-8
//! header        Content-Length: 27
//! header        Connection: keep-alive
//! header        Keep-Alive: timeout=10
//! blank line
//! body          27 of 27 bytes
//! You asked for /. 你好！
//! ```
use net::{ConnectOptions, event, http};
use net_notes as net;
use std::sync::{Arc, Mutex};
use std::{io::Error, time::Duration};

#[path = "09_http_by_hand/answer.rs"]
mod answer;
#[path = "09_http_by_hand/request.rs"]
mod request;

fn main() {
    let (host, port, path) = request::wanted(own_server).unwrap_or_else(|why| fail(why));
    let request = request::text(&host, port, &path);
    answer::show("request line", request.lines());

    let to = ConnectOptions::from((&host, port)).timeout(Duration::from_secs(3));
    let client = net::connect(to, |client| _ = client.write(request));
    let answer = Arc::new(Mutex::new(answer::Answer::default()));
    let so_far = answer.clone();
    client.on(event::Data, move |client, piece| match so_far.lock().unwrap().take(piece) {
        Ok(true) => client.destroy(), // complete: we need not wait for the server's end
        Ok(false) => {}
        Err(error) => client.destroy_with(error),
    });
    client.on(event::Timeout, |client, ()| client.destroy_with(Error::other("3 s of silence")));
    let ended = client.run();
    let shown = answer.lock().unwrap().show();
    ended.and(shown).unwrap_or_else(|error| fail(&format!("{host} port {port}: {error}")));
}

fn own_server() -> u16 {
    let server = http::create_server(|request, response| {
        response.header("Content-Type", "text/plain; charset=utf-8");
        response.end_with(format!("You asked for {}. 你好！\n", request.path()));
    });
    server.listen(("127.0.0.1", 0), |_| {}).expect("some port is free");
    drop(server.spawn()); // it runs until the program ends
    server.address().and_then(|at| at.port()).expect("it listens")
}

fn fail(message: &str) -> ! {
    eprintln!("{message}");
    std::process::exit(1)
}

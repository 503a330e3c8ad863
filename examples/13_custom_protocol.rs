//! STS, the protocol of the notes: a word book that speaks it, and two that misunderstand each other.
//! `cargo run --example 13_custom_protocol` prints this. Each side alone: add
//! `-- server 5000`, and in another terminal `-- client 127.0.0.1 5000 hello`.
//! ```text
//! "hello" → 200 OK, 6 bytes: 你好
//! "再见" → 200 OK, 7 bytes: goodbye
//! "tea" → 404 No, 11 bytes: not in here
//! HTTP asks STS → the answer is not HTTP/1
//! STS asks HTTP → the start line is not one of STS/1.1
//! ```
use net::{Endpoint, Server, http, sts};
use net_notes as net;
use std::io::{Error, Result};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |port: &str| port.parse().map_err(|_| Error::other("a port is 0 to 65535"));
    let done = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => both(),
        ["server", port] => number(port).and_then(serve),
        ["client", host, port, word] => number(port).and_then(|port| ask((host, port), word)),
        _ => Err(Error::other("after -- goes nothing, server PORT, or client HOST PORT WORD")),
    };
    done.unwrap_or_else(|error| {
        eprintln!("{error}");
        std::process::exit(1)
    })
}

/// Its handler receives only complete STS requests. All others were answered before.
fn word_book() -> Server {
    sts::create_server(|request, response| match &*request.text() {
        "hello" => response.end_with("你好"),
        "再见" => response.end_with("goodbye"),
        _ => response.status(404).end_with("not in here"),
    })
}

fn serve(port: u16) -> Result<()> {
    let server = word_book();
    let hint = |error| Error::other(format!("{error}. Try  -- server {}", port.wrapping_add(1)));
    let hello = |server: &Server| println!("a word book at {}", server.address().unwrap());
    server.listen(port, hello).map_err(hint)?;
    server.run()
}

fn ask(at: impl Into<Endpoint>, word: &str) -> Result<()> {
    let reply = sts::request(at.into(), word)?;
    print!("{word:?} → {} {}, ", reply.status(), reply.reason());
    println!("{} bytes: {}", reply.body().len(), reply.text());
    Ok(())
}

fn both() -> Result<()> {
    let (book, web) = (word_book(), http::create_server(|_, response| response.end()));
    for server in [&book, &web] {
        server.listen(("127.0.0.1", 0), |_| {})?;
        drop(server.spawn()); // it runs until the program ends
    }
    let (book, web) = (book.address().unwrap(), web.address().unwrap());
    ["hello", "再见", "tea"].iter().try_for_each(|word| ask(book.clone(), word))?;
    println!("HTTP asks STS → {}", http::get(&format!("http://{book}/")).unwrap_err());
    println!("STS asks HTTP → {}", sts::request(web, "hello").unwrap_err());
    Ok(())
}

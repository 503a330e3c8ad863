//! A live page: news by Server-Sent Events, and a counter that all visitors share, by WebSocket.
//! ```sh
//! cargo run --example 18_live_page                  # open http://127.0.0.1:10086/ in two windows
//! cargo run --example 18_live_page -- frames        # a WebSocket, byte by byte
//! cargo run --example 18_live_page -- 10087         # another port; 0 takes any free one
//! ```
//! A visitor who clicks twice, and leaves:
//! ```text
//! listening: port 10086. Open http://127.0.0.1:10086/
//! news 1: somebody came, 1 here
//! counter: 1
//! counter: 2
//! counter: closed, 1001
//! news 2: somebody left, 0 here
//! ```
use net::{Server, http};
use net_notes as net;
use std::{env, error::Error};

#[path = "18_live_page/counter.rs"]
mod counter;
#[path = "18_live_page/frames.rs"]
mod frames;
#[path = "18_live_page/news.rs"]
mod news;

fn main() -> Result<(), Box<dyn Error>> {
    let port = match env::args().nth(1).as_deref().unwrap_or("10086") {
        "frames" => {
            let server = server(|_| {});
            server.listen(0, |_| {})?;
            drop(server.spawn());
            return frames::show(&server);
        }
        port => port.parse().map_err(|_| "after -- goes nothing, frames, or a port")?,
    };
    let server = server(|what| println!("{what}"));
    let listening = server.listen(("127.0.0.1", port), |server| {
        let at = server.address().expect("it listens");
        println!("listening: port {}. Open http://{at}/", at.port().unwrap_or_default());
    });
    listening.map_err(|error| format!("{error}. Take another port: `-- 10087`"))?;
    Ok(server.run()?)
}

fn server(log: fn(&str)) -> Server {
    let news = news::News::new(log);
    let counter = counter::Counter::new(&news, log);
    http::create_server(move |request, response| match request.path() {
        "/" => {
            response.header("Content-Type", "text/html; charset=utf-8");
            response.end_with(include_str!("18_live_page/page.html"));
        }
        "/news" => news.subscribe(&request, response),
        "/counter" if is_from_our_page(&request) => counter.join(&request, response),
        "/counter" => response.status(403).end_with("This counter is for its own page.\n"),
        _ => response.status(404).end_with("There is nothing here.\n"),
    })
}

/// A page of any site can make your browser connect to this server. The browser names the site.
fn is_from_our_page(request: &http::Request) -> bool {
    let Some(origin) = request.header("origin") else { return true }; // not a browser
    origin.split_once("://").map(|(_, host)| host) == request.header("host")
}

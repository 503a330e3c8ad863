//! HTTP answers by hand, with no more than `net`: for curl, for a browser.
//!
//! ```sh
//! cargo run --example 12_http_response               # open http://127.0.0.1:10086/ in a browser
//! cargo run --example 12_http_response -- table      # the answer right and wrong: what clients say to it
//! cargo run --example 12_http_response -- diagram    # one visit, drawn; --svg FILE: as a picture
//! cargo run --example 12_http_response -- 10087      # another port; 0 takes any free one
//! ```
//! When it is asked for `/` and for `/lf`, it has printed:
//! ```text
//! listening: port 10086. Open http://127.0.0.1:10086/
//! GET / HTTP/1.1
//! GET /lf HTTP/1.1
//! ```
use net::{ReadyState, Server, event};
use net_notes as net;
use std::{error::Error, time::Duration};

#[path = "12_http_response/answers.rs"]
mod answers;
mod svg;
#[path = "12_http_response/table.rs"]
mod table;
#[path = "12_http_response/visit.rs"]
mod visit;

fn main() -> Result<(), Box<dyn Error>> {
    let port = match svg::arguments()?.first().map(String::as_str) {
        Some("table") => return table::print(),
        Some("diagram") => return visit::draw(),
        Some(port) => port.parse().map_err(|_| "after -- goes table, diagram, or a port")?,
        None if svg::file()?.is_some() => return visit::draw(),
        None => 10086,
    };
    let server = server(|request| println!("{request}"));
    let listening = server.listen(("127.0.0.1", port), |server| {
        let at = server.address().expect("it listens");
        println!("listening: port {}. Open http://{at}/", at.port().unwrap_or_default());
    });
    listening.map_err(|error| format!("{error}. Take another port: `-- 10087`"))?;
    Ok(server.run()?)
}

/// Tells `asked` the first line of each request, and answers.
fn server(asked: fn(&str)) -> Server {
    net::create_server(move |socket| {
        let mut request = String::new();
        socket.on(event::Text, move |socket, text| {
            request.push_str(text);
            // Not before all of the head is there: to close on unread bytes would reset the client (lesson 10).
            let Some((head, _)) = request.split_once("\r\n\r\n") else { return };
            // Not after our end, either: one answer for each connection.
            if socket.ready_state() == ReadyState::Open {
                let line = head.lines().next().unwrap_or_default();
                asked(line);
                answers::give(line, socket);
            }
            request.clear();
        });
        // For whoever says nothing more, and after the answers that have no end.
        socket.set_timeout(Some(Duration::from_secs(2)));
        socket.on(event::Timeout, |socket, ()| socket.destroy());
        socket.on(event::Error, |_, _| {}); // a client that has had enough may reset us
    })
}

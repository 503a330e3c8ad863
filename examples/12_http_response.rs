//! HTTP answers by hand, with no more than `net`: for curl, for a browser.
//! ```sh
//! cargo run --example 12_http_response               # open http://127.0.0.1:10086/ in a browser
//! cargo run --example 12_http_response -- table      # the answer right and wrong: what clients say to it
//! cargo run --example 12_http_response -- diagram    # one visit, drawn; --svg FILE: as a picture
//! cargo run --example 12_http_response -- 10087      # another port; 0 takes any free one
//! ```
//! After requests for `/` and for `/lf`, it has printed:
//! ```text
//! listening: port 10086. Open http://127.0.0.1:10086/
//! GET / HTTP/1.1
//! GET /lf HTTP/1.1
//! ```
use net::{ReadyState, Server, event, framing::Lines};
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
    let server = server(|request| println!("{}", request.escape_debug())); // for a terminal
    let listening = server.listen(("127.0.0.1", port), |server| {
        let at = server.address().expect("it listens");
        println!("listening: port {}. Open http://{at}/", at.port().unwrap_or_default());
    });
    listening.map_err(|error| format!("{error}. Take another port: `-- 10087`"))?;
    Ok(server.run()?)
}

/// Passes the first line of each request to `asked`, and answers.
fn server(asked: fn(&str)) -> Server {
    net::create_server(move |socket| {
        let (mut lines, mut first) = (Lines::new(8 * 1024), None);
        socket.on(event::Data, move |socket, data| {
            for line in lines.feed(data) {
                let Ok(line) = line else { return socket.end() }; // more than 8 KiB
                if !line.is_empty() {
                    first.get_or_insert(String::from_utf8_lossy(&line).into_owned());
                } else if socket.ready_state() == ReadyState::Open {
                    // The whole head is read (lesson 10), and this is our only answer.
                    let line = first.take().unwrap_or_default();
                    asked(&line);
                    answers::give(&line, socket);
                }
            }
        });
        // For clients that send nothing more, and after the answers that have no end.
        socket.set_timeout(Some(Duration::from_secs(2)));
        socket.on(event::Timeout, |socket, ()| socket.destroy());
        socket.on(event::Error, |_, _| {}); // a client with enough data may reset us
    })
}

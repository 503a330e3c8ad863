//! The same handler under the wrapper and under `http::create_server`, and the results of clients
//! with each.

use crate::wrapper;
use net::{Server, http};
use net_notes as net;
use std::error::Error;
use std::io::{Read, Result, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

const VISITS: usize = 100;

/// Measures one property of the server at this address.
type Look = fn(&Server, &str) -> Result<usize>;

pub fn print() -> std::result::Result<(), Box<dyn Error>> {
    let wrapped = wrapper::create_server(|(), response| {
        response.write("Hello, ");
        response.write("world");
        response.end();
    });
    let real = http::create_server(|_request, response| {
        response.write("Hello, ");
        response.write("world");
        response.end();
    });
    for server in [&wrapped, &real] {
        server.listen(("127.0.0.1", 0), |_| {})?;
        drop(server.spawn());
    }
    let looks: [(&str, Look); 6] = [
        ("bytes of body, where 12 were written", |_, at| {
            Ok(http::get(&format!("http://{at}/"))?.body().len())
        }),
        ("heads in the answer to one request", |_, at| {
            Ok(heads(&talk(at, "GET / HTTP/1.1\r\nHost: me\r\n\r\n")?))
        }),
        ("answers to two requests on one connection", |_, at| {
            let request = "GET / HTTP/1.1\r\nHost: me\r\n\r\n";
            Ok(talk(at, &request.repeat(2))?.matches("Hello, ").count())
        }),
        ("the status for a request that is none", |_, at| {
            let answer = talk(at, "hello\r\n\r\n")?;
            Ok(answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default())
        }),
        ("heads for a client that has asked nothing", |server, at| {
            let before = server.connections();
            let answer = talk(at, "")?;
            left_behind(server, before); // not left behind: its end arrives first, and is read
            Ok(heads(&answer))
        }),
        ("connections that 100 visits leave behind", |server, at| {
            let before = server.connections();
            for _ in 0..VISITS {
                talk(at, "GET / HTTP/1.1\r\nHost: me\r\n\r\n")?;
            }
            Ok(left_behind(server, before))
        }),
    ];
    println!("{:<43} the wrapper  http::create_server", "");
    for (name, look) in looks {
        let [wrapped, real] = [&wrapped, &real]
            .map(|server| look(server, &server.address().expect("it listens").to_string()));
        println!("{name:<43} {:>11} {:>20}", wrapped?, real?);
    }
    Ok(())
}

/// Returns how many connections there are more than `before`. The last ones have a second to close.
fn left_behind(server: &Server, before: usize) -> usize {
    let deadline = Instant::now() + Duration::from_secs(1);
    while server.connections() > before && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    server.connections().saturating_sub(before)
}

/// Sends, ends, and reads to the server's end.
fn talk(at: &str, request: &str) -> Result<String> {
    let mut stream = TcpStream::connect(at)?;
    stream.write_all(request.as_bytes())?;
    stream.shutdown(Shutdown::Write)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn heads(answer: &str) -> usize {
    answer.matches("HTTP/1.1 ").count()
}

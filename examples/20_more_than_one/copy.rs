//! One copy of the server of lesson 14, with a few more pages: they show which copy answers, and
//! what has arrived here.

use net::http::{self, Request, Response};
use net_notes as net;
use std::error::Error;
use std::fs::File;
use std::io::{self, Write};
use std::thread;
use std::time::Duration;

#[path = "../14_mini_http/page.rs"]
mod page;

/// The time that `/slow` takes.
const SLOW: Duration = Duration::from_secs(2);

/// Runs a copy. With a ledger, every request is recorded there before it is answered; without one,
/// it is printed.
pub fn run(port: u16, ledger: Option<&str>) -> Result<(), Box<dyn Error>> {
    let file = ledger.map(|path| File::options().append(true).open(path)).transpose()?;
    if ledger.is_some() {
        // The process that has started this one has ended.
        thread::spawn(|| {
            io::copy(&mut io::stdin(), &mut io::sink()).map(|_| std::process::exit(0))
        });
    }
    let server = http::create_server(move |request, response| {
        if request.path() != "/health" {
            match &file {
                Some(file) => note(file, &request),
                None => println!("{} {}", request.method(), request.target()),
            }
        }
        answer(&request, &response, port);
    });
    let listening = server.listen(("127.0.0.1", port), |server| {
        println!("listening: port {}", server.address().and_then(|at| at.port()).unwrap_or(0));
    });
    listening.map_err(|e| format!("{e}. Take another port: `-- copy {}`", port.wrapping_add(1)))?;
    Ok(server.run()?)
}

fn answer(request: &Request, response: &Response, port: u16) {
    let html = |page: &str| {
        response.header("Content-Type", "text/html; charset=utf-8").end_with(page);
    };
    match (request.method(), request.path()) {
        ("GET" | "HEAD", "/") => html(page::FORM),
        ("POST", "/") => html(&page::answer(request.body())),
        (_, "/health") => response.end_with("well\n"),
        (_, "/who") => response.end_with(format!("copy {port}\n")),
        (_, "/slow") => {
            thread::sleep(SLOW);
            response.end_with(format!("done by copy {port}\n"));
        }
        (_, "/head") => {
            let mut head = format!("{} {}\n", request.method(), request.target());
            for (name, value) in request.headers() {
                head += &format!("{name}: {value}\n");
            }
            response.end_with(head);
        }
        _ => response.status(404).end_with("nothing here\n"),
    }
}

/// Appends to the file in one write: lines of other copies cannot mix with it, and it is complete
/// even if this process is killed right after.
fn note(mut file: &File, request: &Request) {
    let id = request.header("X-Request-Id").unwrap_or("?");
    if let Err(error) = file.write_all(format!("{} {id}\n", request.method()).as_bytes()) {
        eprintln!("the ledger: {error}");
    }
}

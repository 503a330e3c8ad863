//! A small web server: a page with a form, and an answer to what was sent with it.
//!
//! ```sh
//! cargo run --example 14_mini_http                  # open http://127.0.0.1:10086/ in a browser
//! cargo run --example 14_mini_http -- wrapper       # first: `http` in its smallest form, and what it lacks
//! cargo run --example 14_mini_http -- 10087         # another port; 0 takes any free one
//! cargo run --example 14_mini_http -- 0.0.0.0 10086 # open to your network: try it with a phone
//! ```
//! Ctrl-C ends it. A visit, and a form that was sent:
//! ```text
//! listening: port 10086. Open http://127.0.0.1:10086/
//! 127.0.0.1:53100  GET /
//! 127.0.0.1:53100  POST /
//! ```
use net::http::{self, Request, Response};
use net_notes as net;
use std::{env, error::Error};

#[path = "14_mini_http/compare.rs"]
mod compare;
#[path = "14_mini_http/page.rs"]
mod page;
#[path = "14_mini_http/wrapper.rs"]
mod wrapper;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args: Vec<String> = env::args().skip(1).collect();
    if args == ["wrapper"] {
        return compare::print();
    }
    let port = args.pop().unwrap_or("10086".into()).parse();
    let port: u16 = port.map_err(|_| "after -- goes nothing, wrapper, PORT, or HOST PORT")?;
    let host = args.pop().unwrap_or("127.0.0.1".into());

    let server = http::create_server(handle);
    let listening = server.listen((&host, port), |server| {
        let at = server.address().expect("it listens");
        println!("listening: port {}. Open http://{at}/", at.port().unwrap_or_default());
    });
    let other = port.wrapping_add(1);
    listening.map_err(|e| format!("{e}. Try  cargo run --example 14_mini_http -- {other}"))?;
    Ok(server.run()?)
}

/// Called for each request, when its body has arrived.
fn handle(request: Request, response: Response) {
    let who = request.remote_addr().map(|address| address.to_string()).unwrap_or_default();
    println!("{who}  {} {}", request.method(), request.target());
    let html = |page: &str| {
        response.header("Content-Type", "text/html; charset=utf-8");
        response.end_with(page);
    };
    let refuse = |status, why| {
        response.status(status).header("Content-Type", "text/plain").end_with(why);
    };
    match (request.method(), request.path()) {
        ("GET" | "HEAD", "/") => html(page::FORM),
        ("POST", "/") => html(&page::answer(request.body())),
        (_, "/") => {
            response.header("Allow", "GET, HEAD, POST");
            refuse(405, "This page knows GET, HEAD and POST.\n");
        }
        _ => refuse(404, "There is only one page here: /\n"), // browsers ask for /favicon.ico, too
    }
}

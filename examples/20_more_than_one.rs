//! A reverse proxy that shares requests among copies of a server, and skips those that are gone.
//! ```sh
//! cargo run --example 20_more_than_one                  # port 5000, in front of 5001, 5002 and 5003
//! cargo run --example 20_more_than_one -- 5000 5001     # the same at other ports: its own, and those of the copies
//! cargo run --example 20_more_than_one -- copy 5001     # one copy: the server of lesson 14
//! cargo run --example 20_more_than_one -- storm 5001    # three copies, ports 5001 to 5003, killed one after the other
//! ```
//! Ctrl-C ends it. Here the third copy is not running:
//! ```text
//! copy 5001: alive
//! copy 5002: alive
//! copy 5003: gone
//! listening: port 5000
//! ```
use net::http;
use net_notes as net;
use std::{env, error::Error, sync::Arc};

#[path = "20_more_than_one/backends.rs"]
mod backends;
#[path = "20_more_than_one/chunks.rs"]
mod chunks;
#[path = "20_more_than_one/copy.rs"]
mod copy;
#[path = "20_more_than_one/exchange.rs"]
mod exchange;
#[path = "20_more_than_one/forward.rs"]
mod forward;
#[path = "20_more_than_one/heads.rs"]
mod heads;
#[path = "20_more_than_one/reply.rs"]
mod reply;
#[path = "20_more_than_one/storm.rs"]
mod storm;

const USAGE: &str = "after -- goes nothing, PORT, PORT COPY…, copy PORT, or storm PORT";

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words[..] {
        ["copy", port] => return copy::run(port.parse().map_err(|_| USAGE)?, None),
        ["copy", port, ledger] => return copy::run(port.parse()?, Some(ledger)), // started by storm
        ["storm", port] => return storm::run(port.parse().map_err(|_| USAGE)?),
        _ => {}
    }
    let ports = words.iter().map(|word| word.parse()).collect::<Result<Vec<u16>, _>>();
    let mut ports = ports.map_err(|_| USAGE)?;
    let port = if ports.is_empty() { 5000 } else { ports.remove(0) };
    if ports.is_empty() {
        ports.extend((1..=3).map(|n| port.wrapping_add(n)));
    }
    let backends = Arc::new(backends::Backends::new(&ports));
    let server = http::create_server({
        let backends = backends.clone();
        move |request, response| forward::forward(&request, Arc::new(response), &backends)
    });
    let listening = server.listen(("127.0.0.1", port), move |server| {
        let port = server.address().and_then(|at| at.port()).unwrap_or_default();
        println!("listening: port {port}");
        backends.keep_checking();
    });
    listening.map_err(|e| format!("{e}. Take another port: `-- 6000 5001 5002 5003`"))?;
    Ok(server.run()?)
}

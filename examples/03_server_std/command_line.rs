//! The arguments of the program, and its message when it cannot listen.

use std::io::Error;

pub fn cannot_listen(host: &str, port: u16, error: Error) -> ! {
    let other = port.wrapping_add(1);
    fail(format!(
        "cannot listen on {host} port {port}: {error}\n\
         Who holds the port? Perhaps this example in another terminal; on macOS, AirPlay holds 5000.\n\
         Take another port:  cargo run --example 03_server_std -- {host} {other}"
    ))
}

/// Returns the address from the arguments after `--`: nothing, `PORT`, or `HOST PORT`.
pub fn address() -> (String, u16) {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match (args.last().map_or(Ok(5000), |port| port.parse()), args.len()) {
        (Ok(port), 0 | 1) => ("127.0.0.1".into(), port),
        (Ok(port), 2) => (args[0].clone(), port),
        _ => fail("after -- goes nothing, PORT, or HOST PORT (a port is 0 to 65535)".into()),
    }
}

fn fail(message: String) -> ! {
    eprintln!("{message}");
    std::process::exit(1)
}

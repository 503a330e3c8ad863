//! Silence: clients that send nothing, a thousand clients that reconnect at the same moment, and a
//! host to subscribe to.
//! ```sh
//! cargo run --example 17_silence            # three clients meet three servers: three seconds
//! cargo run --example 17_silence -- herd    # a thousand clients have lost their server: eleven seconds
//! cargo run --example 17_silence -- host    # the host of the exercise, port 5000. Another port: -- host 5001
//! ```
//! On Linux and macOS it prints:
//! ```text
//! a client that            thinks for 2 s       is killed            is stopped
//! no limit                 answers, 2.0 s       gone, 0.0 s          nothing in 3 s
//! an idle time of 1 s      cut off, 1.0 s       gone, 0.0 s          cut off, 1.0 s
//! a heartbeat each 250 ms  answers, 2.0 s       gone, 0.0 s          cut off, 0.5 s
//! ```
use std::{env, error::Error};

#[path = "17_silence/herd.rs"]
mod herd;
#[path = "17_silence/host.rs"]
mod host;
#[path = "17_silence/lab.rs"]
mod lab;
#[path = "17_silence/pauses.rs"]
mod pauses;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    let usage = "after -- goes nothing, herd, host, or host PORT";
    match &args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Ok(lab::print()?),
        ["herd"] => herd::print(),
        ["host"] => host::run(host::PORT),
        ["host", port] => host::run(port.parse().map_err(|_| usage)?),
        // This program starts itself like this, so that clients have their own processes.
        ["client", port, beats] => Ok(lab::client(port.parse()?, beats.parse()?)?),
        ["herd", port, start, is_random] => {
            Ok(herd::clients(port.parse()?, start.parse()?, is_random.parse()?)?)
        }
        _ => Err(usage.into()),
    }
}

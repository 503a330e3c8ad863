//! The data-loss laboratory: a side closes too early. What arrives, and is an error reported?
//! ```sh
//! cargo run --example 10_data_loss                      # all four experiments, 100 visits for each line
//! cargo run --example 10_data_loss -- 3                 # only the third one
//! cargo run --example 10_data_loss -- --svg reset.svg   # instead: a picture of a reset and of a cure
//! ```
//! On Linux it prints this, in a few seconds. In the last column, only 1.000 is always the same.
//! ```text
//! 1  An answer of 1 MB. At each piece the client calls          whole  errors  received
//!    destroy()                                                      0       0     0.002
//!    end()                                                        100       0     1.000
//!    destroy(), but only when all of the length is there          100       0     1.000
//! 2  An answer of 10 MB. The server calls                       whole  errors  received
//!    write(answer), destroy()                                       0       0     0.418
//!    write_then(answer, destroy())                                100       0     1.000
//!    write(answer), end()                                         100       0     1.000
//! 3  A request of 100 bytes, an answer of 200 kB. The server    whole  errors  received
//!    answers, closes                                                0     100     0.640
//!    reads the request, answers, closes                           100       0     1.000
//!    answers, ends, reads to the client's end, closes             100       0     1.000
//! 4  The server reads a buffer of 1 KiB, answers "ok", closes   whole  errors  received
//!    a request of 10 bytes                                        100       0     1.000
//!    a request of 1023 bytes                                      100       0     1.000
//!    a request of 1024 bytes                                      100       0     1.000
//!    a request of 1025 bytes                                      100     100     1.000
//!    a request of 2048 bytes                                      100     100     1.000
//!    a request of 16384 bytes                                     100     100     1.000
//!    a request of 10000000 bytes                                    0     100     0.000
//! ```
use std::{error::Error, io};

#[path = "10_data_loss/client.rs"]
mod client;
#[path = "10_data_loss/lab.rs"]
mod lab;
#[path = "10_data_loss/picture.rs"]
mod picture;
#[path = "10_data_loss/server.rs"]
mod server;
mod svg;
#[path = "10_data_loss/unread.rs"]
mod unread;

fn main() -> Result<(), Box<dyn Error>> {
    let experiments = [
        ("1", client::leaves_early as fn() -> io::Result<()>),
        ("2", server::leaves_early),
        ("3", unread::answers_first),
        ("4", unread::reads_one_buffer),
    ];
    if svg::file()?.is_some() {
        return picture::draw();
    }
    let wanted = svg::arguments()?;
    if wanted.iter().any(|number| experiments.iter().all(|(known, _)| known != number)) {
        eprintln!("after -- goes nothing, or the numbers of experiments: 1 2 3 4");
        std::process::exit(1);
    }
    for (number, experiment) in experiments {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == number) {
            experiment()?;
        }
    }
    Ok(())
}

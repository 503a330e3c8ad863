//! One file, many slow readers, four ways to send it: how much memory does each way need?
//! And what do small writes cost?
//! ```sh
//! cargo run --example 16_too_fast                        # 200 MiB to 50 readers, four times: less than a minute
//! cargo run --example 16_too_fast -- 16 10               # 16 MiB to 10 readers: some seconds
//! cargo run --release --example 16_too_fast -- small     # instead: a table of small writes
//! ```
//! The second one prints (memory and time differ from run to run):
//! ```text
//! 16 MiB to 10 slow readers                 memory   got all of it   time
//! write all of it at once                115.9 MiB      10 of 10      0.9s
//! stop at false, continue at Drain         6.0 MiB      10 of 10      0.8s
//! pipe it from another server              6.7 MiB      10 of 10      0.8s
//! io::copy, which waits                    4.2 MiB      10 of 10      0.7s
//! ```
use std::{env, error::Error, io};

#[path = "16_too_fast/process.rs"]
mod child;
#[path = "16_too_fast/compare.rs"]
mod compare;
#[path = "16_too_fast/readers.rs"]
mod readers;
#[path = "16_too_fast/small.rs"]
mod small;
#[path = "16_too_fast/ways.rs"]
mod ways;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    let usage = "after -- goes nothing, small, or MIB and READERS, as in -- 16 10";
    let number = |text: &str| text.parse().ok().filter(|number| *number > 0).ok_or(usage);
    match &args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => compare::print(200, 50),
        ["small"] => Ok(small::print()?),
        [mib, readers] => compare::print(number(mib)? as u64, number(readers)?),
        // This program starts itself like this, so that each way has a process.
        ["serve", way, file, origin] => {
            let source = ways::Source { file: file.to_string(), origin: origin.parse()? };
            let port = ways::serve(ways::WAYS[way.parse::<usize>()?].1, source)?;
            println!("{port}");
            io::copy(&mut io::stdin(), &mut io::sink())?; // until the first process ends
            Ok(())
        }
        _ => Err(usage.into()),
    }
}

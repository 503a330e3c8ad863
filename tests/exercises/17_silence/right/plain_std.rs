//! Plain std: a read with a time limit, and a loop around it.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::{Duration, SystemTime};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let at = (args[0].as_str(), args[1].parse::<u16>().unwrap());
    let (mut last, mut pause) = (0, 100);
    loop {
        let mut heard = false;
        match visit(at, &mut last, &mut heard) {
            Ok(true) => return,
            Ok(false) => eprintln!("the host is gone"),
            Err(error) => eprintln!("{error}"),
        }
        if heard {
            pause = 100;
        }
        // Nanoseconds are as good as dice, where several programs do not start at the same one.
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let mixed =
            (now.subsec_nanos() ^ std::process::id().rotate_left(13)).wrapping_mul(2654435761);
        let ms = pause / 2 + u64::from(mixed >> 8) % (pause / 2);
        sleep(Duration::from_millis(ms + 1));
        pause = (pause * 2).min(800);
    }
}

/// `true`: the subscription is over.
fn visit(at: (&str, u16), last: &mut u64, heard: &mut bool) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(at)?;
    stream.write_all(format!("AFTER {last}\n").as_bytes())?;
    stream.set_read_timeout(Some(Duration::from_millis(1000)))?;
    let (mut held, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        let size = match stream.read(&mut chunk) {
            Ok(0) => return Ok(false),
            Ok(size) => size,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        held.extend_from_slice(&chunk[..size]);
        while let Some(end) = held.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = held.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line[..end]).into_owned();
            if line == "END" {
                return Ok(true);
            }
            let Some((first, rest)) = line.split_once(' ') else { continue };
            if first == "BEAT" {
                *heard = true;
                let ms = rest.parse().unwrap_or(500);
                stream.set_read_timeout(Some(Duration::from_millis(2 * ms)))?;
            } else if let Ok(number) = first.parse::<u64>() {
                if number > *last + 1 {
                    return Ok(false);
                }
                if number == *last + 1 {
                    println!("{line}");
                    *last = number;
                }
            }
        }
    }
}

//! A thousand clients have lost their server at the same moment, and all of them try again: when?
//! The server is back after a second, and needs a millisecond for each client.

use super::pauses::Pauses;
use std::error::Error;
use std::io::{self, BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, SystemTime};

/// Not every system lets one process have a thousand sockets.
const PROCESSES: usize = 5;
const CLIENTS: usize = 200;
const DOWN: Duration = Duration::from_secs(1);
const WORK: Duration = Duration::from_millis(1);
/// A connection that is not established in this time counts as refused.
const PATIENCE: Duration = Duration::from_millis(250);

/// The milliseconds that a row of the picture represents, and the attempts that a mark represents.
const ROW_MS: usize = 200;
const MARK: usize = 40;

/// The number of attempts in each row, and when the last client was served.
struct Herd {
    attempts: Vec<usize>,
    over: Duration,
}

pub fn print() -> Result<(), Box<dyn Error>> {
    println!("attempts    pauses of 0.1, 0.2, 0.4, 0.8 s          pauses of random length");
    let [without, with] = [herd(false)?, herd(true)?];
    for row in 0..without.attempts.len().max(with.attempts.len()) {
        let [left, right] = [&without, &with].map(|herd| herd.attempts.get(row).unwrap_or(&0));
        if left + right > 0 {
            let bar = |count: usize| "█".repeat(count.div_ceil(MARK));
            let time = (row * ROW_MS) as f64 / 1000.0;
            let line =
                format!("{time:>4.1} s {left:>5} {:<28} {right:>5} {}", bar(*left), bar(*right));
            println!("{}", line.trim_end());
        }
    }
    let [left, right] = [without, with].map(|herd| format!("all served after {:.1?}", herd.over));
    println!("       {left:<34} {right}");
    Ok(())
}

fn herd(is_random: bool) -> Result<Herd, Box<dyn Error>> {
    // Below the range from which systems choose ports for clients: otherwise a client could connect
    // to itself.
    let mut ports = (20_000..30_000).filter(|&port| TcpListener::bind(local(port)).is_ok());
    let at = local(ports.next().ok_or("no port is free")?);
    let start = SystemTime::now() + Duration::from_millis(500);
    let clients: Vec<Child> = (0..PROCESSES)
        .map(|_| start_clients(at.port(), start, is_random))
        .collect::<Result<_, _>>()?;
    thread::sleep(start.duration_since(SystemTime::now())? + DOWN);
    let listener = TcpListener::bind(at)?;
    thread::spawn(move || listener.incoming().for_each(|_client| thread::sleep(WORK)));
    let mut attempts = Vec::new();
    for mut process in clients {
        let lines = process.stdout.take().map(BufReader::new).ok_or("it has no output")?.lines();
        for time in lines {
            let row = time?.parse::<usize>()? / ROW_MS;
            attempts.resize(attempts.len().max(row + 1), 0);
            attempts[row] += 1;
        }
        process.wait()?;
    }
    Ok(Herd { attempts, over: start.elapsed()? })
}

fn local(port: u16) -> SocketAddr {
    ([127, 0, 0, 1], port).into()
}

fn start_clients(port: u16, start: SystemTime, is_random: bool) -> Result<Child, Box<dyn Error>> {
    let start = start.duration_since(SystemTime::UNIX_EPOCH)?.as_millis().to_string();
    let (port, is_random) = (port.to_string(), is_random.to_string());
    let mut command = Command::new(std::env::current_exe()?);
    Ok(command.args(["herd", &port, &start, &is_random]).stdout(Stdio::piped()).spawn()?)
}

/// The other processes: clients that begin at `start`, a time in milliseconds. Prints at the end
/// when each has tried.
pub fn clients(port: u16, start: u64, is_random: bool) -> io::Result<()> {
    let start = SystemTime::UNIX_EPOCH + Duration::from_millis(start);
    let client = || {
        let (mut pauses, mut attempts) = (Pauses::new(is_random), Vec::new());
        thread::sleep(start.duration_since(SystemTime::now()).unwrap_or_default());
        loop {
            thread::sleep(pauses.next());
            attempts.push(start.elapsed().unwrap_or_default().as_millis());
            let served = TcpStream::connect_timeout(&local(port), PATIENCE)
                .and_then(|mut stream| io::copy(&mut stream, &mut io::sink()));
            if served.is_ok() {
                return attempts;
            }
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(client)).collect();
        for thread in threads {
            thread.join().unwrap().iter().for_each(|time| println!("{time}"));
        }
    });
    Ok(())
}

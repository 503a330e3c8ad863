//! Small writes in three ways: unchanged, with `set_nodelay(true)`, and through a `BufWriter`. How
//! many system calls does each need, and how long does it take?

use std::cell::Cell;
use std::io::{BufWriter, Read, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

const STREAM: usize = 100_000;
const MESSAGE: usize = 1000;
const MESSAGES: usize = 9;
/// The number of measurements, of which the fastest counts: other programs disturb the others.
const ROUNDS: usize = 3;

#[derive(Clone, Copy)]
enum Way {
    Plain,
    NoDelay,
    Buffered,
}

/// The number of system calls, and the time.
type Cost = (usize, Duration);

pub fn print() -> Result<()> {
    table("100 kB, one way", &[1, 10, 100, 1000, 10_000], fastest_stream)?;
    table("1 kB, and its answer", &[1, 10, 100, 1000], dialogue)
}

fn table(title: &str, sizes: &[usize], measure: fn(usize, Way) -> Result<Cost>) -> Result<()> {
    println!("{title:<20}       as they are      set_nodelay(true)            BufWriter");
    println!(
        "in writes of   {:>21}{:>21}{:>21}",
        "calls         ms", "calls         ms", "calls         ms"
    );
    for &size in sizes {
        print!("{size:>10} B   ");
        for way in [Way::Plain, Way::NoDelay, Way::Buffered] {
            let (calls, time) = measure(size, way)?;
            print!("{calls:>10} {:>10.3}", time.as_secs_f64() * 1000.0);
        }
        println!();
    }
    Ok(())
}

fn fastest_stream(size: usize, way: Way) -> Result<Cost> {
    let rounds = (0..ROUNDS).map(|_| stream(size, way));
    let costs = rounds.collect::<Result<Vec<Cost>>>()?;
    Ok(costs.into_iter().min().unwrap())
}

/// Sends the bytes in writes of `size` to a peer that reads as fast as it can.
fn stream(size: usize, way: Way) -> Result<Cost> {
    let (client, mut server) = pair(way)?;
    let reading = thread::spawn(move || {
        let (mut buffer, mut received) = (vec![0; 64 << 10], 0);
        while let Ok(size @ 1..) = server.read(&mut buffer) {
            received += size;
        }
        received
    });
    let (calls, began) = (Cell::new(0), Instant::now());
    write(&client, STREAM, size, way, &calls)?;
    drop(client);
    assert_eq!(reading.join().unwrap(), STREAM);
    Ok((calls.get(), began.elapsed()))
}

/// Sends messages in writes of `size` to a peer that answers each with one byte. Returns the calls
/// of one message, and the median of the times.
fn dialogue(size: usize, way: Way) -> Result<Cost> {
    let (mut client, mut server) = pair(way)?;
    let answering = thread::spawn(move || {
        let mut message = [0; MESSAGE];
        while server.read_exact(&mut message).is_ok() {
            server.write_all(b"!").unwrap();
        }
    });
    let (calls, mut times) = (Cell::new(0), Vec::new());
    for _ in 0..MESSAGES {
        let began = Instant::now();
        write(&client, MESSAGE, size, way, &calls)?;
        client.read_exact(&mut [0])?;
        times.push(began.elapsed());
    }
    drop(client);
    answering.join().unwrap();
    times.sort();
    Ok((calls.get() / MESSAGES, times[MESSAGES / 2]))
}

fn pair(way: Way) -> Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let client = TcpStream::connect(listener.local_addr()?)?;
    client.set_nodelay(matches!(way, Way::NoDelay))?;
    Ok((client, listener.accept()?.0))
}

/// Writes `length` bytes, `size` at a time.
fn write(to: &TcpStream, length: usize, size: usize, way: Way, calls: &Cell<usize>) -> Result<()> {
    fn pieces(mut to: impl Write, count: usize, piece: &[u8]) -> Result<()> {
        (0..count).try_for_each(|_| to.write_all(piece))?;
        to.flush()
    }
    let (count, piece) = (length / size, vec![b'x'; size]);
    let to = Counted { to, calls };
    match way {
        Way::Buffered => pieces(BufWriter::new(to), count, &piece),
        Way::Plain | Way::NoDelay => pieces(to, count, &piece),
    }
}

/// Counts the writes, each of which is a system call.
struct Counted<'a> {
    to: &'a TcpStream,
    calls: &'a Cell<usize>,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.calls.set(self.calls.get() + 1);
        self.to.write(bytes)
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

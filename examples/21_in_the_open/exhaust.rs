//! Clients that try to occupy a server, each against a server without limits and one with them.

use net::http::{self, Options};
use net_notes as net;
use std::error::Error;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// The time for which a client is watched, and for which the server with limits waits for input.
const WATCHED: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(1);
const LARGE: usize = 16 << 20;
const CROWD: usize = 50;

type Client = fn(SocketAddr) -> io::Result<String>;

const CLIENTS: [(&str, Client); 5] = [
    ("50 clients that say nothing", say_nothing),
    ("8 MiB of a head, and no end of it", head_without_end),
    ("a body of a million million bytes", huge_body),
    ("a byte every 50 ms", drip),
    ("asks for 16 MiB, and does not read", never_read),
];

pub fn print() -> Result<(), Box<dyn Error>> {
    println!("{:36}{:26}with limits", "", "without limits");
    let running = CLIENTS.map(|(name, client)| {
        (name, [false, true].map(|limits| thread::spawn(move || meet(client, limits))))
    });
    for (name, servers) in running {
        let [without, with] = servers.map(|server| server.join().expect("no panic"));
        println!("{name:36}{:26}{}", without?, with?);
    }
    Ok(())
}

/// Starts a server for this client alone, and returns the result.
fn meet(client: Client, limits: bool) -> io::Result<String> {
    let options = match limits {
        true => Options::default().request_timeout(PATIENCE).idle_timeout(PATIENCE),
        false => Options::default()
            .head_limit(usize::MAX)
            .body_limit(usize::MAX)
            .request_timeout(Duration::ZERO)
            .idle_timeout(Duration::ZERO),
    };
    let server =
        http::create_server_with(options, |_, response| response.end_with(vec![b'x'; LARGE]));
    server.set_max_connections(limits.then_some(20));
    server.listen(("127.0.0.1", 0), |_| {})?;
    let port = server.address().and_then(|at| at.port()).unwrap_or_default();
    let running = server.spawn();
    let seen = client(SocketAddr::from(([127, 0, 0, 1], port)));
    server.close()?;
    server.close_all_connections();
    running.join().expect("no panic")?;
    seen
}

fn say_nothing(at: SocketAddr) -> io::Result<String> {
    let crowd: Vec<_> = (0..CROWD).map(|_| TcpStream::connect(at)).collect::<io::Result<_>>()?;
    thread::sleep(WATCHED);
    let mut left = 0;
    for mut client in &crowd {
        client.set_nonblocking(true)?;
        let read = client.read(&mut [0]);
        left += usize::from(read.is_err_and(|error| error.kind() == ErrorKind::WouldBlock));
    }
    Ok(format!("{left} are left"))
}

fn head_without_end(at: SocketAddr) -> io::Result<String> {
    let mut client = TcpStream::connect(at)?;
    client.set_write_timeout(Some(WATCHED))?;
    client.write_all(b"GET / HTTP/1.1\r\nX: ")?;
    for _ in 0..128 {
        if client.write_all(&[b'x'; 64 << 10]).is_err() {
            break; // it no longer reads
        }
    }
    answer(&client, WATCHED)
}

fn huge_body(at: SocketAddr) -> io::Result<String> {
    let mut client = TcpStream::connect(at)?;
    client.write_all(b"POST / HTTP/1.1\r\nHost: me\r\nContent-Length: 1000000000000\r\n\r\n")?;
    answer(&client, WATCHED)
}

fn drip(at: SocketAddr) -> io::Result<String> {
    let mut client = TcpStream::connect(at)?;
    client.write_all(b"GET / HTTP/1.1\r\nX: ")?;
    let begin = Instant::now();
    let mut seen = String::new();
    while begin.elapsed() < WATCHED && !seen.starts_with("HTTP") {
        let _ = client.write_all(b"x");
        seen = answer(&client, Duration::from_millis(50))?;
    }
    Ok(seen)
}

fn never_read(at: SocketAddr) -> io::Result<String> {
    let mut client = TcpStream::connect(at)?;
    client.write_all(b"GET / HTTP/1.1\r\nHost: me\r\nConnection: close\r\n\r\n")?;
    thread::sleep(WATCHED);
    let mut all = Vec::new();
    let _ = client.read_to_end(&mut all); // a reset shows as missing bytes
    Ok(if all.len() > LARGE { "all of it is kept" } else { "is cut off" }.to_string())
}

/// Returns the first line of the answer, or the reason why there is none.
fn answer(mut client: &TcpStream, within: Duration) -> io::Result<String> {
    client.set_read_timeout(Some(within))?;
    let mut buffer = [0; 100];
    Ok(match client.read(&mut buffer) {
        Ok(0) => "hung up".to_string(),
        Ok(size) => {
            let text = String::from_utf8_lossy(&buffer[..size]);
            text.lines().next().unwrap_or_default().to_string()
        }
        Err(_) => "no answer".to_string(),
    })
}

//! Three clients that send nothing for a while, and three servers that must tell them apart.

use net::{EventSocket, event, framing::Lines};
use net_notes as net;
use std::io;
use std::process::{Child, Command};
use std::sync::{Mutex, mpsc::channel};
use std::thread;
use std::time::{Duration, Instant};

const CLIENTS: [&str; 3] = ["thinks for 2 s", "is killed", "is stopped"];
const THINKS: Duration = Duration::from_secs(2);
const BEAT: Duration = Duration::from_millis(250);
const WATCH: Duration = Duration::from_secs(3);

/// A name, the silence after which the server disconnects a client, and whether the client sends
/// heartbeats.
type Rule = (&'static str, Option<Duration>, bool);
const RULES: [Rule; 3] = [
    ("no limit", None, false),
    ("an idle time of 1 s", Some(Duration::from_secs(1)), false),
    ("a heartbeat each 250 ms", Some(BEAT.saturating_mul(2)), true),
];

pub fn print() -> io::Result<()> {
    println!("a client that            {:<20} {:<20} {}", CLIENTS[0], CLIENTS[1], CLIENTS[2]);
    thread::scope(|scope| {
        // All nine at once.
        let visits =
            RULES.map(|rule| CLIENTS.map(|client| scope.spawn(move || visit(rule, client))));
        for ((name, ..), row) in RULES.into_iter().zip(visits) {
            let cells = row.map(|visit| visit.join().unwrap());
            let [thinks, killed, stopped] = cells;
            println!("{name:<24} {:<20} {:<20} {}", thinks?, killed?, stopped?);
        }
        Ok(())
    })
}

/// Returns what the server notices of its client, and after how long.
fn visit((_, limit, beats): Rule, client: &'static str) -> io::Result<String> {
    let (notices, noticed) = channel();
    let notices = Mutex::new(notices);
    let server = net::create_server(move |socket| {
        let notices = notices.lock().unwrap().clone();
        let said = notices.clone();
        let mut lines = Lines::new(100);
        socket.on(event::Data, move |_, data| {
            for line in lines.feed(data).flatten().filter(|line| line != b"beat") {
                let _ = said.send(String::from_utf8_lossy(&line).into_owned());
            }
        });
        socket.set_timeout(limit);
        let cuts = notices.clone();
        socket.on(event::Timeout, move |socket, ()| {
            let _ = cuts.send("cut off".into());
            socket.destroy();
        });
        socket.on(event::Error, |_, _| {}); // Close follows
        socket.on(event::Close, move |_, _| _ = notices.send("gone".into()));
    });
    server.listen(("127.0.0.1", 0), |_| {})?;
    let at = server.address().expect("it listens");
    drop(server.spawn());
    let mut program = Command::new(std::env::current_exe()?);
    let mut process = program
        .args(["client", &at.port().unwrap_or(0).to_string(), &beats.to_string()])
        .spawn()?;
    let hello = noticed.recv_timeout(WATCH);
    let began = Instant::now();
    match client {
        "is killed" => process.kill()?,
        "is stopped" => stop(&process)?,
        _ => {}
    }
    let seen = hello.and_then(|_| noticed.recv_timeout(WATCH));
    let time = began.elapsed();
    let _ = process.kill();
    process.wait()?;
    Ok(match seen {
        Ok(what) => format!("{what}, {:.1} s", time.as_secs_f64()),
        Err(_) => format!("nothing in {} s", WATCH.as_secs()),
    })
}

/// Stops the process: it and its sockets stay, but it no longer runs. Ctrl-Z in a terminal does
/// almost the same.
fn stop(process: &Child) -> io::Result<()> {
    Command::new("kill").args(["-STOP", &process.id().to_string()]).status().map(drop)
}

/// Runs the other process: a client that sends a greeting, thinks, and sends its answer.
pub fn client(port: u16, beats: bool) -> io::Result<()> {
    let client = net::connect(port, |client| _ = client.write("hello\n"));
    let alive = client.every(BEAT, move |client| {
        if beats {
            client.write("beat\n");
        }
    });
    client.after(THINKS, move |client| {
        client.cancel(alive); // otherwise it would write after the end
        client.end_with("answers\n");
    });
    client.on(event::Error, |_: &EventSocket, _| {}); // the server may disconnect us
    client.run()
}

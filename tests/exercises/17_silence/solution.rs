//! Exercise 17, solved: each attempt is a new socket, and what has been seen outlives them all.
//!
//! 练习 17 的解答：每次重连都用新的套接字；收到过什么，记在它们之外。

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use net::{EventSocket, event, framing::Lines};
use net_notes as net;

/// The time from one heartbeat to the next, until the host has sent another one.
/// 两次心跳相隔多久；主机说过 `BEAT` 以后，听主机的。
const BEAT: Duration = Duration::from_millis(500);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_millis(800);

#[derive(Default)]
struct Subscription {
    /// The number of the last event that was printed.
    /// 打印过的最后一个事件的编号。
    last: u64,
    /// Whether the host has sent a heartbeat on this connection.
    /// 这条连接上，主机有没有发过心跳。
    is_alive: bool,
    is_over: bool,
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [host, port] = &args[..] else { return eprintln!("give me a host and a port") };
    let port: u16 = port.parse().expect("a port is a number, 0 to 65535");

    let subscription = Arc::new(Mutex::new(Subscription::default()));
    let mut pause = FIRST_PAUSE;
    loop {
        listen_to((host, port), &subscription);
        let mut now = subscription.lock().unwrap();
        if now.is_over {
            return;
        }
        // A host that only accepts and then closes is not back.
        // 主机接受了连接又马上关掉，不能算回来了。
        if std::mem::take(&mut now.is_alive) {
            pause = FIRST_PAUSE;
        }
        drop(now);
        thread::sleep(pause.mul_f64(0.5 + random() / 2.0));
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// One connection, until it ends for whatever reason.
/// 一条连接，直到它结束，不管因为什么。
fn listen_to(host: (&String, u16), subscription: &Arc<Mutex<Subscription>>) {
    let subscription = subscription.clone();
    let last = subscription.lock().unwrap().last;
    let socket = net::connect(host, move |socket| _ = socket.write(format!("AFTER {last}\n")));
    // The time counts from the last byte in either direction.
    // 时间从最后一个字节算起，两个方向都算。
    socket.set_timeout(Some(2 * BEAT));
    socket.on(event::Timeout, |socket, ()| socket.destroy());
    // No line of this protocol is longer.
    // 这个协议里没有更长的行。
    let mut lines = Lines::new(10_000);
    socket.on(event::Data, move |socket, data| {
        for line in lines.feed(data) {
            let Ok(line) = line else { return socket.destroy() };
            let line = String::from_utf8_lossy(&line);
            hear(&line, socket, &mut subscription.lock().unwrap());
            // The rest of what this connection has brought does not count.
            // 这条连接带来的其余东西都不算数。
            if socket.is_destroyed() {
                return;
            }
        }
    });
    if let Err(error) = socket.run() {
        eprintln!("the connection is lost: {error}");
    }
}

fn hear(line: &str, socket: &EventSocket, subscription: &mut Subscription) {
    let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
    match (first, first.parse::<u64>(), rest.parse()) {
        ("BEAT", _, Ok(time)) => {
            subscription.is_alive = true;
            socket.set_timeout(Some(2 * Duration::from_millis(time)));
        }
        ("END", ..) => {
            subscription.is_over = true;
            socket.destroy();
        }
        (_, Ok(number), _) if number == subscription.last + 1 => {
            println!("{line}");
            subscription.last = number;
        }
        // An event is missing: ask again.
        // 中间缺了事件：重新去要。
        (_, Ok(number), _) if number > subscription.last => socket.destroy(),
        // It was printed already.
        // 已经打印过了。
        _ => {}
    }
}

/// A random number between 0 and 1. std has none to offer, but each of its hash maps starts from
/// one.
/// 0 到 1 之间的随机数。std 不提供随机数，不过它的每个哈希表都从一个随机数开始。
fn random() -> f64 {
    RandomState::new().hash_one(0) as f64 / u64::MAX as f64
}

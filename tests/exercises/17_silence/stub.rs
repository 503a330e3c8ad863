//! Exercise 17: a client that keeps a subscription alive. The task is under “Exercise” in
//! lessons/17_silence.md.
//!
//! Start a host, `cargo run --example 17_silence -- host`, and in a second terminal the client,
//! `cargo run -- run 17 127.0.0.1 5000`. What you type into the host, the client prints: it works.
//! Now press Ctrl-Z in the host's terminal: the client does not notice (`fg` continues the host).
//! Then end the host with Ctrl-C: the client ends, too. Both must change: `cargo run -- check 17`.
//!
//! 练习 17：断了也能接着收的订阅客户端。题目见 lessons/zh/17_silence.md 的“练习”一节。
//!
//! 先启动主机：`cargo run --example 17_silence -- host`；
//! 在第二个终端里启动客户端：`cargo run -- run 17 127.0.0.1 5000`。
//! 往主机里输入什么，客户端就打印什么：能用。现在在主机的终端里按 Ctrl-Z：
//! 客户端毫无察觉（用 `fg` 让主机继续）。再按 Ctrl-C 结束主机：客户端也跟着结束了。
//! 这两样都要改：`cargo run -- check 17`。

use std::time::Duration;

use net::{event, framing::Lines};
use net_notes as net;

/// The time from one heartbeat to the next, until the host has sent another one.
/// 两次心跳相隔多久；主机说过 `BEAT` 以后，听主机的。
const BEAT: Duration = Duration::from_millis(500);

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [host, port] = &args[..] else { return eprintln!("give me a host and a port") };
    let port: u16 = port.parse().expect("a port is a number, 0 to 65535");

    // TODO 1: whatever ends this connection, try again, after a pause of up to 100 ms at first. This
    // limit doubles each time, and the length is random. A socket runs only once, so each attempt
    // needs a new one.
    // TODO 1：不管连接是怎么没的，都停一停再来：第一次最多停 100 毫秒，
    // 以后这个上限每次加倍，而且长短要随机。一个套接字只能 run 一次，所以每次都要新建。

    // TODO 2: the number is that of the last event that was printed. Do not print an event again;
    // and if an event is missing, close the connection and ask again.
    // TODO 2：这个编号应该是打印过的最后一个事件的编号。打印过的不再打印；
    // 中间缺了一个，就关闭连接，重新去要。
    let socket = net::connect((host, port), |socket| _ = socket.write("AFTER 0\n"));

    // TODO 3: a host that has sent nothing for two heartbeats is gone. `BEAT 250` means that a
    // heartbeat is 250 ms.
    // TODO 3：两次心跳的时间里什么都没发来，主机就是没了。`BEAT 250` 是说一次心跳为 250 毫秒。
    let _ = BEAT;

    let mut lines = Lines::new(10_000);
    socket.on(event::Data, move |socket, data| {
        for line in lines.feed(data).flatten() {
            let line = String::from_utf8_lossy(&line);
            if line == "END" {
                socket.end();
            } else if !line.starts_with("BEAT ") {
                println!("{line}");
            }
        }
    });
    if let Err(error) = socket.run() {
        eprintln!("the connection is lost: {error}");
    }
}

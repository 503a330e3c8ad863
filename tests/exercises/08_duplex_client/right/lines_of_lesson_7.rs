//! Exercise 08, solved: one thread reads what is typed, the other one counts, and neither waits for
//! the other.
//!
//! 练习 08 的解答：一个线程读输入，另一个数汉字，谁也不等谁。

use std::sync::atomic::{AtomicUsize, Ordering};

use net::event;
use net_notes as net;

/// Gathers bytes, and gives out whole lines.
#[derive(Default)]
struct Lines(Vec<u8>);

impl Lines {
    fn push(&mut self, data: &[u8]) -> Vec<String> {
        self.0.extend_from_slice(data);
        let mut lines = Vec::new();
        while let Some(end) = self.0.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.0.drain(..=end).collect();
            lines.push(String::from_utf8_lossy(&line[..end]).into_owned());
        }
        lines
    }
}

/// The number of Chinese characters the server has sent so far.
/// 到目前为止，服务器发来了几个汉字。
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Whether this is one of the 20,992 characters that Unicode calls "CJK Unified Ideographs".
/// 是不是 Unicode 里“中日韩统一表意文字”这 20992 个字之一。
fn is_chinese(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (host, port) = match &args[..] {
        [host, ..] if host.contains("://") => fail("the host is a bare name, as in example.org"),
        [host, port] => (host, port),
        _ => fail("give me a host and a port; a port has no default"),
    };
    let port: u16 = port.parse().unwrap_or_else(|_| fail("a port is a number, 0 to 65535"));

    let socket = net::create_connection((host, port), |_| {});
    let lines = std::sync::Arc::new(std::sync::Mutex::new(Lines::default()));
    let rest = lines.clone();
    let count = |text: &str| {
        let more = text.chars().filter(|c| is_chinese(*c)).count();
        COUNT.fetch_add(more, Ordering::Relaxed) + more
    };
    socket.on(event::Data, move |_, data| {
        for line in lines.lock().unwrap().push(data) {
            println!("so far: {}", count(&line));
        }
    });
    socket.on(event::End, move |_, ()| {
        count(&String::from_utf8_lossy(&rest.lock().unwrap().0));
    });
    let typing = socket.clone();
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            typing.write(line + "\n");
        }
        // Ends our direction only: the server may continue.
        // 只关闭我们的写方向：服务器还可以接着发。
        typing.end();
    });
    if let Err(error) = socket.run() {
        fail(&error.to_string());
    }
    println!("in all: {}", COUNT.load(Ordering::Relaxed));
}

/// Prints the message on standard error, and exits with status 1.
/// 在标准错误上打印这句话，并以退出状态 1 结束。
fn fail(message: &str) -> ! {
    eprintln!("{message}");
    std::process::exit(1)
}

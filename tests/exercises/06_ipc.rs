//! Exercise 06: a word counter on a Unix socket. The task is under “Exercise” in lessons/06_ipc.md.
//!
//! Start it with `cargo run -- run 06`, and talk to it from a second terminal: `nc -U words.sock`.
//! Type a word. Now let other clients, and a second server, try it: `cargo run -- check 06`.
//!
//! 练习 06：一个用 Unix 套接字的单词计数器。题目见 lessons/zh/06_ipc.md 的“练习”一节。
//!
//! 用 `cargo run -- run 06` 启动它，在另一个终端里用 `nc -U words.sock` 和它说话。输入一个词。
//! 现在让别的客户端来试，再启动第二个服务器：`cargo run -- check 06`。

#[cfg(unix)]
fn main() -> std::io::Result<()> {
    use net::event;
    use net_notes as net;

    let path = std::env::args().nth(1).unwrap_or("words.sock".into());
    let path = std::path::Path::new(&path);
    let server = net::create_server(|socket| {
        let mut came = String::new();
        socket.on(event::Text, move |socket, text| {
            came.push_str(text);
            while let Some(end) = came.find('\n') {
                let line: String = came.drain(..=end).collect();
                let word = line.trim_end();
                // TODO 1: how many times has this word arrived so far, from all clients together?
                // TODO 1：到目前为止，这个词一共收到过几次？所有客户端合计。
                let count = 1;
                socket.write(format!("{word} {count}\n"));
            }
        });
    });
    // TODO 2: a killed server leaves its file behind. Remove that file, and nothing else: not the
    // file of a running server, and not a file that is not a socket.
    // TODO 2：服务器被杀，文件会留下。要删的只有这种文件：服务器还在运行的不能删，
    // 不是套接字的也不能删。
    server.listen(path, |_| {})?;
    println!("listening on {}", path.display());
    // TODO 3: close the server when Enter is pressed, or when the input ends.
    // TODO 3：按了回车，或者输入结束，就关闭服务器。
    server.run()
}

#[cfg(not(unix))]
fn main() {
    eprintln!("Rust's std has no Unix sockets on this system, so this exercise is left out");
    std::process::exit(1)
}

//! Exercise 06, solved: all clients share the counts, and a file is removed only if no server
//! answers there.
//!
//! 练习 06 的解答：所有客户端共用一份计数；确认文件背后没有服务器，才删掉它。

#[cfg(unix)]
fn main() -> std::io::Result<()> {
    use net::event;
    use net_notes as net;
    use std::collections::HashMap;
    use std::sync::{Arc, Mutex};

    let path = std::env::args().nth(1).unwrap_or("words.sock".into());
    let path = std::path::Path::new(&path);
    let counts: Arc<Mutex<HashMap<String, usize>>> = Arc::default();
    let server = net::create_server(move |socket| {
        // Clones the handle, not the counts.
        // 克隆的是句柄，不是计数。
        let counts = counts.clone();
        let mut came = String::new();
        socket.on(event::Text, move |socket, text| {
            came.push_str(text);
            while let Some(end) = came.find('\n') {
                let line: String = came.drain(..=end).collect();
                let word = line.trim_end();
                let mut counts = counts.lock().unwrap();
                let count = counts.entry(word.to_string()).or_default();
                *count += 1;
                socket.write(format!("{word} {count}\n"));
            }
        });
    });
    if left_over(path) {
        std::fs::remove_file(path)?;
    }
    server.listen(path, |_| {})?;
    println!("listening on {}", path.display());

    let running = server.spawn();
    // Returns when Enter is pressed, and also at the end of the input.
    // 按了回车就返回，输入结束也会返回。
    std::io::stdin().read_line(&mut String::new())?;
    // This also removes the file.
    // 文件也由它删除。
    server.close()?;
    running.join().unwrap()
}

/// Whether this is a socket that no server listens on.
/// 是不是套接字，而且背后没有服务器在监听。
#[cfg(unix)]
fn left_over(path: &std::path::Path) -> bool {
    use std::io::ErrorKind;
    use std::os::unix::{fs::FileTypeExt, net::UnixStream};

    let is_socket = path.symlink_metadata().is_ok_and(|file| file.file_type().is_socket());
    let refused = |error: std::io::Error| error.kind() == ErrorKind::ConnectionRefused;
    is_socket && UnixStream::connect(path).is_err_and(refused)
}

#[cfg(not(unix))]
fn main() {
    eprintln!("Rust's std has no Unix sockets on this system, so this exercise is left out");
    std::process::exit(1)
}

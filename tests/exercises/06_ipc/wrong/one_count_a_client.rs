//! Wrong: each client has counts of its own, as they are made in the function that runs for each.

#[cfg(unix)]
fn main() -> std::io::Result<()> {
    use net::event;
    use net_notes as net;
    use std::collections::HashMap;

    let path = std::env::args().nth(1).unwrap_or("words.sock".into());
    let path = std::path::Path::new(&path);
    let server = net::create_server(|socket| {
        let mut counts: HashMap<String, usize> = HashMap::new();
        let mut came = String::new();
        socket.on(event::Text, move |socket, text| {
            came.push_str(text);
            while let Some(end) = came.find('\n') {
                let line: String = came.drain(..=end).collect();
                let word = line.trim_end();
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
    std::io::stdin().read_line(&mut String::new())?; // Enter; at the end of the input it returns, too
    server.close()?; // and the file is gone
    running.join().unwrap()
}

/// Whether this is a socket, and nobody is behind it.
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

//! Wrong: it deletes whatever is at the path, as one so often reads, and never asks whose it is.

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
        let counts = counts.clone(); // the handle, not the counts
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
    let _ = std::fs::remove_file(path);
    server.listen(path, |_| {})?;
    println!("listening on {}", path.display());

    let running = server.spawn();
    std::io::stdin().read_line(&mut String::new())?; // Enter; at the end of the input it returns, too
    server.close()?; // and the file is gone
    running.join().unwrap()
}

#[cfg(not(unix))]
fn main() {
    eprintln!("Rust's std has no Unix sockets on this system, so this exercise is left out");
    std::process::exit(1)
}

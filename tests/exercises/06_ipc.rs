//! Exercise 06: a counter of words, at a Unix path. The task is at the end of lessons/06_ipc.md.
//!
//! Start it with `cargo run -- run 06`, and talk to it from a second terminal: `nc -U words.sock`. Type a word.
//! Now let other clients have a go, and a second server: `cargo run -- check 06`.

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
                // TODO 1: how many times has this word come by now, from whichever client?
                let count = 1;
                socket.write(format!("{word} {count}\n"));
            }
        });
    });
    // TODO 2: the file of a server that was killed is still there. Remove it, and nothing else: not the file of a server
    // that lives, and nothing that is no socket.
    server.listen(path, |_| {})?;
    println!("listening on {}", path.display());
    // TODO 3: Enter, or the end of the input, closes the server.
    server.run()
}

#[cfg(not(unix))]
fn main() {
    eprintln!("Rust's std has no Unix sockets on this system, so this exercise is left out");
    std::process::exit(1)
}

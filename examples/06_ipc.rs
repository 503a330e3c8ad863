//! Two processes on one machine meet at a file: a Unix socket, with no port and no network.
//! Two terminals: `cargo run --example 06_ipc -- server`, `cargo run --example 06_ipc -- client`.
//! A path after that is another place. After one client, before Enter, the server has printed:
//! ```text
//! server started: ipc.sock (Enter closes it)
//! server connected
//! hello from another process
//! ```
use net::{Endpoint, event};
use net_notes as net;
use std::io::{Error, Result, stdin};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let at = args.get(1).map_or("ipc.sock", String::as_str);
    #[cfg(unix)]
    let at = std::path::Path::new(at);
    #[cfg(not(unix))]
    let at = ("127.0.0.1", at.parse().unwrap_or(5000));
    #[cfg(not(unix))]
    println!("std has no Unix sockets on this system: this is TCP, port {}", at.1);
    let done = match args.first().map_or("", String::as_str) {
        "server" => serve(at.into()),
        "client" => visit(at.into()),
        _ => Err(Error::other("after -- goes server or client, and perhaps where they meet")),
    };
    let Err(error) = done else { return };
    eprintln!("{error}\nFirst one server, then clients. Another place:  -- server PLACE");
    std::process::exit(1)
}

fn serve(at: Endpoint) -> Result<()> {
    let server = net::create_server(|socket| {
        println!("server connected");
        socket.on(event::Text, |socket, text| {
            print!("{text}");
            socket.write("hello back\n");
        });
    });
    #[cfg(unix)]
    remove_if_left_over(&at); // by a server that was killed; anything but a socket stays
    server.listen(at.clone(), |_| {})?;
    println!("server started: {at} (Enter closes it)");
    let running = server.spawn();
    stdin().read_line(&mut String::new())?;
    server.close()?; // the file is gone with it
    running.join().expect("a server does not panic")
}

#[cfg(unix)]
fn remove_if_left_over(at: &Endpoint) {
    use std::os::unix::{fs::FileTypeExt, net::UnixStream};
    let Endpoint::Unix(path) = at else { return };
    let socket = path.symlink_metadata().is_ok_and(|file| file.file_type().is_socket());
    let dead = UnixStream::connect(path).is_err_and(|e| net::code(&e) == "ECONNREFUSED");
    if socket && dead && std::fs::remove_file(path).is_ok() {
        println!("{at} was left over: removed");
    }
}

fn visit(at: Endpoint) -> Result<()> {
    let client = net::connect(at, |client| client.end_with("hello from another process\n"));
    client.on(event::Text, |_, text| print!("{text}"));
    client.run()
}

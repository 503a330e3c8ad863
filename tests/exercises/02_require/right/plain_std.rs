use std::io::Write;
use std::net::TcpListener;

fn main() -> std::io::Result<()> {
    let port: u16 = std::env::args().nth(1).unwrap_or("5000".into()).parse().unwrap();
    let server = TcpListener::bind(("127.0.0.1", port))?;
    println!("listening on port {}", server.local_addr()?.port());
    for stream in server.incoming() {
        match stream {
            Ok(mut stream) => {
                if let Err(error) = writeln!(stream, "one line for you") {
                    eprintln!("{error}");
                }
            }
            Err(error) => eprintln!("{error}"),
        }
    }
    Ok(())
}

use std::io::Read;
use std::net::TcpListener;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).unwrap_or("5000".to_string());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    println!("listening on port {}", listener.local_addr()?.port());
    for client in listener.incoming() {
        let mut bytes = Vec::new();
        client?.read_to_end(&mut bytes)?;
        let numbers: String = bytes.iter().map(|byte| format!(" {byte}")).collect();
        println!("{} bytes:{numbers}", bytes.len());
    }
    Ok(())
}

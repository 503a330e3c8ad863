use std::io::Read;
use std::net::TcpListener;
use std::thread;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).unwrap_or("5000".to_string());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    println!("listening on port {}", listener.local_addr()?.port());
    for client in listener.incoming() {
        let mut client = client?;
        thread::spawn(move || {
            let mut bytes = Vec::new();
            client.read_to_end(&mut bytes).unwrap();
            let numbers: Vec<_> = bytes.iter().map(|byte| byte.to_string()).collect();
            println!("{} bytes: {}", bytes.len(), numbers.join(" "));
        });
    }
    Ok(())
}

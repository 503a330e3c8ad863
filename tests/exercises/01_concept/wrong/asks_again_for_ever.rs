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
            let (mut bytes, mut reported) = (Vec::new(), false);
            let mut buffer = [0; 1024];
            while let Ok(size) = client.read(&mut buffer) {
                bytes.extend_from_slice(&buffer[..size]);
                if size == 0 && !reported {
                    reported = true;
                    let numbers: String = bytes.iter().map(|byte| format!(" {byte}")).collect();
                    println!("{} bytes:{numbers}", bytes.len());
                }
            }
        });
    }
    Ok(())
}

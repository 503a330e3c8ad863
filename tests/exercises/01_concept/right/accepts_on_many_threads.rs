use std::io::Read;
use std::net::TcpListener;
use std::sync::Arc;
fn main() {
    let port = std::env::args().nth(1).unwrap();
    let listener = Arc::new(TcpListener::bind(format!("127.0.0.1:{port}")).unwrap());
    println!("Listening on Port {}", listener.local_addr().unwrap().port());
    std::thread::scope(|s| {
        for _ in 0..40 {
            s.spawn(|| {
                loop {
                    let Ok((mut stream, _)) = listener.accept() else { continue };
                    let mut line = String::new();
                    let mut count = 0;
                    let mut buf = [0; 512];
                    while let Ok(n @ 1..) = stream.read(&mut buf) {
                        count += n;
                        for b in &buf[..n] {
                            line.push(' ');
                            line.push_str(&b.to_string());
                        }
                    }
                    println!("{count} bytes:{line}");
                }
            });
        }
    });
}

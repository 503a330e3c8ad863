use std::io::{Read, Write};
use std::net::TcpListener;
fn main() {
    let port = std::env::args().nth(1).unwrap();
    let listener = TcpListener::bind("127.0.0.1:".to_string() + &port).unwrap();
    println!("listening on port {}", listener.local_addr().unwrap().port());
    while let Ok((mut c, _)) = listener.accept() {
        std::thread::spawn(move || -> std::io::Result<()> {
            c.write_all(b"Name?\n")?;
            let mut buf = vec![0; 16384];
            let mut n = 0;
            loop {
                let m = c.read(&mut buf[n..])?;
                if m == 0 {
                    return Ok(());
                }
                n += m;
                while let Some(end) = buf[..n].iter().position(|b| *b == b'\n') {
                    let name = String::from_utf8_lossy(&buf[..end]).into_owned();
                    write!(c, "Welcome, {}!\n", name.trim())?;
                    buf.copy_within(end + 1..n, 0);
                    n -= end + 1;
                }
            }
        });
    }
}

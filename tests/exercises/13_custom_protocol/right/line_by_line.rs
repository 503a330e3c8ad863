use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
fn no(code: &str, why: &str) -> Vec<u8> {
    format!("STS/1.1 {code} {why}\r\nContent-Length: {}\r\n\r\n{why}", why.len()).into_bytes()
}
fn answer(r: &mut impl BufRead) -> std::io::Result<Option<Vec<u8>>> {
    let mut first = vec![];
    r.read_until(b'\n', &mut first)?;
    if !first.ends_with(b"\n") {
        return Ok(None);
    }
    if first != b"STS/1.1 SAY\r\n" {
        return Ok(Some(no("400", "this is STS")));
    }
    let mut length = None;
    loop {
        let mut line = vec![];
        r.read_until(b'\n', &mut line)?;
        if !line.ends_with(b"\n") {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&line).into_owned();
        let line = line.trim_end_matches("\r\n");
        if line.is_empty() {
            break;
        }
        if let Some((n, v)) = line.split_once(':') {
            if n.eq_ignore_ascii_case("content-length") {
                length = Some(v.trim().to_string())
            }
        }
    }
    let Some(l) = length else { return Ok(Some(no("400", "no length"))) };
    if l.is_empty() || !l.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(Some(no("400", "bad length")));
    }
    let n = match l.parse::<u32>() {
        Ok(n) if n <= 1048576 => n,
        _ => return Ok(Some(no("413", "too large"))),
    };
    let mut body = vec![0; n as usize];
    r.read_exact(&mut body)?;
    Ok(Some([format!("STS/1.1 200 OK\r\nContent-Length: {n}\r\n\r\n").as_bytes(), &body].concat()))
}
fn serve(s: TcpStream) -> std::io::Result<()> {
    let mut r = BufReader::new(&s);
    if let Some(a) = answer(&mut r)? {
        (&s).write_all(&a)?;
    }
    s.shutdown(Shutdown::Write)?;
    std::io::copy(&mut r, &mut std::io::sink())?;
    Ok(())
}
fn main() {
    let l = TcpListener::bind(format!("127.0.0.1:{}", std::env::args().nth(1).unwrap())).unwrap();
    println!("port {}", l.local_addr().unwrap().port());
    for s in l.incoming().flatten() {
        std::thread::spawn(|| serve(s));
    }
}

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

fn main() {
    let port: u16 = std::env::args().nth(1).map_or(5000, |port| port.parse().unwrap());
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    println!("listening on port {}", listener.local_addr().unwrap().port());
    while let Ok((stream, _)) = listener.accept() {
        thread::spawn(move || serve(stream));
    }
}

fn serve(mut stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    for number in 1.. {
        let mut line = Vec::new();
        (&mut reader).take(1001).read_until(b'\n', &mut line)?;
        if line.len() == 1001 && line.ends_with(b"\r") {
            (&mut reader).take(1).read_until(b'\n', &mut line)?;
        }
        if line.is_empty() {
            break;
        }
        let ended = line.ends_with(b"\n");
        let text = line.strip_suffix(b"\r\n").or(line.strip_suffix(b"\n")).unwrap_or(&line);
        if text.len() <= 1000 {
            stream.write_all(&[format!("{number} [").as_bytes(), text, b"]\n"].concat())?;
            continue;
        }
        writeln!(stream, "{number} too long")?;
        if !ended {
            skip(&mut reader)?;
        }
    }
    Ok(())
}

fn skip(reader: &mut impl BufRead) -> std::io::Result<()> {
    loop {
        let buffer = reader.fill_buf()?;
        let end = buffer.iter().position(|&byte| byte == b'\n');
        let size = end.map_or(buffer.len(), |at| at + 1);
        reader.consume(size);
        if end.is_some() || size == 0 {
            return Ok(());
        }
    }
}

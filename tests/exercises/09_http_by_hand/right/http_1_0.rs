use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (host, port) = (args.next().ok_or("HOST?")?, args.next().ok_or("PORT?")?);
    let path = args.next().unwrap_or("/".into());
    let mut stream = TcpStream::connect((&*host, port.parse()?))?;
    write!(stream, "GET {path} HTTP/1.0\r\n\r\n")?;
    stream.shutdown(Shutdown::Write)?; // there will be no other question
    let mut reader = BufReader::new(stream);
    let mut lengths = Vec::new();
    loop {
        let mut line = Vec::new();
        reader.read_until(b'\n', &mut line)?;
        let line = String::from_utf8(line)?;
        let Some(line) = line.strip_suffix("\r\n") else { return Err("half a head".into()) };
        if line.is_empty() {
            break;
        }
        let Some((name, value)) = line.split_once(':') else { continue };
        match name.to_ascii_lowercase().as_str() {
            "transfer-encoding" => return Err("I do not know how to read this".into()),
            "content-length" => lengths.push(value.trim_matches([' ', '\t']).to_string()),
            _ => {}
        }
    }
    lengths.dedup();
    let [length] = &lengths[..] else { return Err(format!("lengths: {lengths:?}").into()) };
    if !length.bytes().all(|b| b.is_ascii_digit()) {
        return Err("no number".into());
    }
    let mut body = Vec::new();
    let length: u64 = length.parse()?;
    if reader.take(length).read_to_end(&mut body)? as u64 != length {
        return Err("cut short".into());
    }
    std::io::stdout().write_all(&body)?;
    Ok(())
}

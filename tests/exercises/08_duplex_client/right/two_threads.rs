use std::io::{BufRead, BufReader, Write, stdin};
use std::net::{Shutdown, TcpStream};
use std::process::exit;
use std::thread;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if args.len() != 3 || args[1].contains('/') {
        eprintln!("usage: {} HOST PORT", args[0]);
        exit(1);
    }
    if let Err(error) = talk(&format!("{}:{}", args[1], args[2])) {
        eprintln!("出错了：{error}");
        exit(1);
    }
}

fn talk(address: &str) -> std::io::Result<()> {
    let stream = TcpStream::connect(address)?;
    let mut writer = stream.try_clone()?;
    thread::spawn(move || -> std::io::Result<()> {
        let mut input = stdin().lock();
        let mut line = Vec::new();
        while input.read_until(b'\n', &mut line)? > 0 {
            writer.write_all(&line)?;
            line.clear();
        }
        writer.shutdown(Shutdown::Write)
    });
    let mut reader = BufReader::new(stream);
    let (mut line, mut count) = (Vec::new(), 0);
    while reader.read_until(b'\n', &mut line)? > 0 {
        let text = String::from_utf8_lossy(&line);
        count += text.chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)).count();
        if text.ends_with('\n') {
            println!("so far: {count}");
        }
        line.clear();
    }
    println!("in all: {count}");
    Ok(())
}

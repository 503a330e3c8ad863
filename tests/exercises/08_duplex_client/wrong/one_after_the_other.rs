use std::io::{ErrorKind, Read, Write, stdin};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{process, thread};

fn fail(message: &str) -> ! {
    eprintln!("{message}");
    process::exit(1)
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [host, port] = &args[..] else { fail("a host and a port") };
    let stream = TcpStream::connect(format!("{host}:{port}"));
    let stream = stream.unwrap_or_else(|error| fail(&error.to_string()));
    stream.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
    let stream = Arc::new(Mutex::new(stream));
    let writer = stream.clone();
    thread::spawn(move || {
        for line in stdin().lines().map_while(Result::ok) {
            let _ = writer.lock().unwrap().write_all((line + "\n").as_bytes());
        }
        let _ = writer.lock().unwrap().shutdown(Shutdown::Write);
    });
    let (mut held, mut count) = (Vec::new(), 0);
    let mut buffer = vec![0; 65536];
    loop {
        let read = stream.lock().unwrap().read(&mut buffer);
        thread::sleep(Duration::from_micros(100));
        match read {
            Ok(0) => break,
            Ok(size) => held.extend_from_slice(&buffer[..size]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => fail(&error.to_string()),
        }
        while let Some(end) = held.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = held.drain(..=end).collect();
            count += chinese(&line);
            println!("so far: {count}");
        }
    }
    println!("in all: {}", count + chinese(&held));
}

fn chinese(bytes: &[u8]) -> usize {
    String::from_utf8_lossy(bytes).chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)).count()
}

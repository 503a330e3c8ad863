use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::mpsc::{Sender, channel};
type Ask = (String, Sender<usize>);
fn serve(c: UnixStream, asks: Sender<Ask>) -> std::io::Result<()> {
    let mut reader = BufReader::new(&c);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        if !line.ends_with(b"\n") {
            break;
        }
        let word = String::from_utf8_lossy(&line).trim_end().to_string();
        let (tell, told) = channel();
        asks.send((word.clone(), tell)).unwrap();
        let n = told.recv().unwrap();
        (&c).write_all(format!("{word} {n}\n").as_bytes())?;
        line.clear();
    }
    Ok(())
}
fn main() {
    let path = std::env::args().nth(1).unwrap();
    let listener = UnixListener::bind(&path)
        .or_else(|e| {
            let socket = std::fs::metadata(&path)?.file_type().is_socket();
            if !socket || UnixStream::connect(&path).is_ok() {
                return Err(e);
            }
            std::fs::remove_file(&path)?;
            UnixListener::bind(&path)
        })
        .unwrap_or_else(|e| {
            eprintln!("{path}: {e}");
            std::process::exit(2)
        });
    println!("listening at {path}");
    let (asks, asked) = channel::<Ask>();
    std::thread::spawn(move || {
        let mut m = HashMap::new();
        for (w, tell) in asked {
            let n = m.entry(w).or_insert(0);
            *n += 1;
            let _ = tell.send(*n);
        }
    });
    std::thread::spawn(move || {
        for c in listener.incoming() {
            let (c, asks) = (c.unwrap(), asks.clone());
            std::thread::spawn(move || serve(c, asks));
        }
    });
    for line in std::io::stdin().lines() {
        if line.is_ok() {
            break;
        }
    }
    std::fs::remove_file(&path).unwrap();
}

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::{Arc, Mutex};

type Counts = Arc<Mutex<HashMap<String, u32>>>;

fn main() -> std::io::Result<()> {
    let path = std::env::args().nth(1).unwrap();
    let is_socket = std::fs::metadata(&path).is_ok_and(|it| it.file_type().is_socket());
    if is_socket && UnixStream::connect(&path).is_err() {
        std::fs::remove_file(&path)?;
    }
    let listener = UnixListener::bind(&path)?;
    println!("listening at {path}");
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_line(&mut String::new());
        let _ = std::fs::remove_file(path);
        std::process::exit(0);
    });
    let counts = Counts::default();
    for client in listener.incoming() {
        let (client, counts) = (client?, counts.clone());
        std::thread::spawn(move || serve(client, counts));
    }
    Ok(())
}

fn serve(mut client: UnixStream, counts: Counts) -> std::io::Result<()> {
    for line in BufReader::new(client.try_clone()?).lines() {
        let line = line?;
        let count = {
            let mut counts = counts.lock().unwrap();
            let count = counts.entry(line.clone()).or_insert(0);
            *count += 1;
            *count
        };
        writeln!(client, "{line} {count}")?;
    }
    Ok(())
}

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::Mutex;

static COUNTS: Mutex<BTreeMap<Vec<u8>, usize>> = Mutex::new(BTreeMap::new());

fn main() {
    let path = PathBuf::from(std::env::args().nth(1).expect("a path"));
    if let Ok(file) = path.symlink_metadata() {
        if !file.file_type().is_socket() {
            panic!("{} is not mine", path.display());
        }
        match UnixStream::connect(&path) {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                std::fs::remove_file(&path).expect("it was there");
            }
            _ => panic!("somebody is at home"),
        }
    }
    let listener = UnixListener::bind(&path).expect("a free place");
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || serve(stream));
        }
    });
    println!("listening");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("a terminal");
    std::fs::remove_file(&path).expect("it is mine");
}

fn serve(mut stream: UnixStream) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).is_ok_and(|size| size > 0) {
        while line.ends_with(b"\n") || line.ends_with(b"\r") {
            line.pop();
        }
        let word = std::mem::take(&mut line);
        let count = {
            let mut counts = COUNTS.lock().unwrap();
            let count = counts.entry(word.clone()).or_insert(0);
            *count += 1;
            *count
        };
        let answer = [&word[..], format!(" {count}\n").as_bytes()].concat();
        if stream.write_all(&answer).is_err() {
            return;
        }
    }
}

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};

fn main() -> std::io::Result<()> {
    let path = std::env::args().nth(1).unwrap();
    if UnixStream::connect(&path).is_err_and(|e| e.kind() == std::io::ErrorKind::ConnectionRefused)
    {
        std::fs::remove_file(&path)?;
    }
    let listener = UnixListener::bind(&path)?;
    println!("listening at {path}");
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_line(&mut String::new());
        let _ = std::fs::remove_file(path);
        std::process::exit(0);
    });
    let mut counts: HashMap<String, u32> = HashMap::new();
    for client in listener.incoming() {
        let mut client = client?;
        for line in BufReader::new(client.try_clone()?).lines().map_while(Result::ok) {
            let count = counts.entry(line.clone()).or_insert(0);
            *count += 1;
            let _ = writeln!(client, "{line} {count}");
        }
    }
    Ok(())
}

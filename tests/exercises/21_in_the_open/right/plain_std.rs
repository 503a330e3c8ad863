use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

static CONNECTED: AtomicUsize = AtomicUsize::new(0);

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).unwrap_or("5000".to_string());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    let port = listener.local_addr()?.port();
    println!("listening on port {port}");
    let board: Arc<Mutex<Vec<String>>> = Arc::default();
    for client in listener.incoming() {
        let client = client?;
        if CONNECTED.fetch_add(1, SeqCst) >= 100 {
            CONNECTED.fetch_sub(1, SeqCst);
            continue;
        }
        let board = board.clone();
        thread::spawn(move || {
            let _ = serve(&client, port, &board);
            CONNECTED.fetch_sub(1, SeqCst);
        });
    }
    Ok(())
}

fn serve(mut client: &TcpStream, port: u16, board: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let deadline = Instant::now() + Duration::from_secs(3);
    client.set_write_timeout(Some(Duration::from_secs(1)))?;
    let mut all = Vec::new();
    let mut answered = false;
    let mut buffer = [0; 4096];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        client.set_read_timeout(Some(left))?;
        let size = match client.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(size) => size,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if answered {
            continue;
        }
        all.extend_from_slice(&buffer[..size]);
        let Some((status, page)) = look(&all, port, board) else { continue };
        let length = page.len();
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nContent-Type: text/html;charset=utf-8\r\n\r\n"
        );
        client.write_all((head + &page).as_bytes())?;
        client.shutdown(Shutdown::Write)?;
        answered = true;
    }
}

fn look(all: &[u8], port: u16, board: &Mutex<Vec<String>>) -> Option<(&'static str, String)> {
    let no = |status| Some((status, String::new()));
    let Some(end) = all.windows(4).position(|w| w == b"\r\n\r\n") else {
        return if all.len() > 9000 { no("431 No") } else { None };
    };
    if end > 9000 {
        return no("431 No");
    }
    let text = String::from_utf8_lossy(&all[..end]).to_lowercase();
    let (mut host, mut origin, mut length) = (None, None, 0);
    for line in text.split("\r\n") {
        match line.split_once(':') {
            Some(("host", value)) => host = Some(value.trim()),
            Some(("origin", value)) => origin = Some(value.trim().replace("http://", "")),
            Some(("content-length", value)) => length = value.trim().parse().unwrap_or(usize::MAX),
            _ => {}
        }
    }
    let mine = |name: &str| match name.rsplit_once(':') {
        Some((name, number)) => {
            ["127.0.0.1", "localhost"].contains(&name) && number == port.to_string()
        }
        None => false,
    };
    if !host.is_some_and(mine) {
        return no("404 Who");
    }
    if text.starts_with("post") {
        if origin.is_some_and(|origin| !mine(&origin)) {
            return no("403 From where");
        }
        if length > 16384 {
            return no("413 No");
        }
        let note = all[end + 4..].get(..length)?;
        let mut board = board.lock().unwrap();
        board.insert(0, String::from_utf8_lossy(note).to_string());
        board.truncate(20);
    }
    let mut page = String::from("<pre>");
    for note in board.lock().unwrap().iter() {
        for c in note.chars() {
            match c {
                '&' => page += "&amp;",
                '<' => page += "&lt;",
                '>' => page += "&gt;",
                '"' => page += "&quot;",
                '\'' => page += "&#39;",
                c => page.push(c),
            }
        }
        page.push('\n');
    }
    Some(("200 Fine", page))
}

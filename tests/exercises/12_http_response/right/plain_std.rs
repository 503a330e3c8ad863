use std::io::{Read, Write, copy, sink};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

fn page(request: &str) -> String {
    let path = request.split_whitespace().nth(1).unwrap_or("?");
    let lines = request.lines().take_while(|line| !line.is_empty()).count();
    format!("你好！你要的是 {path}，请求的头部有 {lines} 行。\n")
}

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).unwrap_or("10086".to_string());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    println!("listening on port {}", listener.local_addr()?.port());
    for client in listener.incoming() {
        let client = client?;
        thread::spawn(move || serve(client));
    }
    Ok(())
}

fn serve(mut client: TcpStream) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    let end = loop {
        let size = client.read(&mut buffer)?;
        if size == 0 {
            return Ok(());
        }
        request.extend_from_slice(&buffer[..size]);
        if let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
    };
    let page = page(&String::from_utf8_lossy(&request[..end]));
    let head = format!(
        "HTTP/1.1 200 OK\r\n\
         Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\
         Connection: Close\r\n\
         content-length: {}\r\n\
         content-type: text/plain;charset=\"UTF-8\"\r\n\r\n",
        page.len()
    );
    client.write_all((head + &page).as_bytes())?;
    client.shutdown(Shutdown::Write)?;
    copy(&mut client, &mut sink())?;
    Ok(())
}

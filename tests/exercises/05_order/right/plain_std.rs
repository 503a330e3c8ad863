use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

fn main() -> std::io::Result<()> {
    let client_first = std::env::args().nth(1).expect("server or client") == "client";
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("server: listening");
    let address = listener.local_addr()?;
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept()?;
        println!("server: connection");
        talk("server", stream, !client_first)
    });
    let mut stream = TcpStream::connect(address)?;
    println!("client: connect");
    stream.write_all(b"hello")?;
    if client_first {
        stream.shutdown(Shutdown::Write)?;
        println!("client: finish");
    }
    talk("client", stream, client_first)?;
    server.join().unwrap()
}

fn talk(side: &str, mut stream: TcpStream, first: bool) -> std::io::Result<()> {
    let mut finished = first && side == "client";
    let mut buffer = [0; 100];
    loop {
        let size = stream.read(&mut buffer)?;
        if size == 0 {
            break;
        }
        println!("{side}: data");
        if side == "server" {
            stream.write_all(b"Hello")?;
        }
        if first && !finished {
            stream.shutdown(Shutdown::Write)?;
            finished = true;
            println!("{side}: finish");
        }
    }
    println!("{side}: end");
    if !finished {
        stream.shutdown(Shutdown::Write)?;
        println!("{side}: finish");
    }
    drop(stream);
    println!("{side}: close");
    Ok(())
}

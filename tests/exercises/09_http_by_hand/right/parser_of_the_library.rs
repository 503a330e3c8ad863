use std::io::Write;
use std::sync::{Arc, Mutex};

use net::event;
use net::message::{Limits, Parsed, Parser};
use net_notes as net;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (host, port, path) = (&args[0], args[1].parse::<u16>().unwrap(), &args[2]);
    let client = net::connect((host, port), |_| {});
    client.write(format!("GET {path} HTTP/1.1\r\nhost: {host}:{port}\r\n\r\n"));
    let mut parser = Parser::new(Limits::default());
    let mut length = None;
    let done = Arc::new(Mutex::new(false));
    let is_done = done.clone();
    client.on(event::Data, move |client, piece| {
        parser.feed(piece);
        if length.is_none() {
            match parser.head() {
                Ok(Parsed::Partial) => return,
                Ok(Parsed::Complete(head)) => {
                    if head.header("transfer-encoding").is_some() {
                        fail("chunks");
                    }
                    match head.content_length() {
                        Ok(Some(bytes)) => length = Some(bytes),
                        Ok(None) => fail("no length"),
                        Err(error) => fail(&error.to_string()),
                    }
                }
                Err(error) => fail(&error.to_string()),
            }
        }
        match parser.body(length.unwrap()) {
            Ok(Parsed::Complete(body)) => {
                std::io::stdout().write_all(&body).unwrap();
                *done.lock().unwrap() = true;
                client.destroy();
            }
            Ok(Parsed::Partial) => {}
            Err(error) => fail(&error.to_string()),
        }
    });
    let ended = client.run();
    if let Err(error) = ended {
        fail(&error.to_string());
    }
    if !*is_done.lock().unwrap() {
        fail("cut short");
    }
}

fn fail(why: &str) -> ! {
    eprintln!("{why}");
    std::process::exit(1)
}

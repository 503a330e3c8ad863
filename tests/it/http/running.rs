//! An HTTP server on port 0 that runs, and clients that use nothing of this crate.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use net::http::{self, Options, Request, Response};
use net_notes as net;

use crate::common::{DEADLINE, within};

pub struct Running {
    pub server: net::Server,
    thread: Option<thread::JoinHandle<std::io::Result<()>>>,
    /// The number of calls of the handler.
    calls: Arc<AtomicUsize>,
}

impl Running {
    pub fn new(handler: impl Fn(Request, Response) + Send + Sync + 'static) -> Running {
        Running::with(Options::default(), handler)
    }

    pub fn with(
        options: Options,
        handler: impl Fn(Request, Response) + Send + Sync + 'static,
    ) -> Running {
        let calls = Arc::new(AtomicUsize::new(0));
        let count = calls.clone();
        let server = http::create_server_with(options, move |request, response| {
            count.fetch_add(1, Ordering::SeqCst);
            handler(request, response);
        });
        server.listen(("127.0.0.1", 0), |_| {}).expect("port 0 is free");
        let thread = Some(server.spawn());
        Running { server, thread, calls }
    }

    pub fn port(&self) -> u16 {
        self.server.address().and_then(|at| at.port()).expect("it listens")
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port())
    }

    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    pub fn client(&self) -> Client {
        let stream = TcpStream::connect(("127.0.0.1", self.port())).expect("connects");
        stream.set_read_timeout(Some(DEADLINE)).expect("not zero");
        stream.set_write_timeout(Some(DEADLINE)).expect("not zero");
        stream.set_nodelay(true).expect("a TCP socket");
        Client { stream: BufReader::new(stream) }
    }

    /// Ends the server. If this returns, every connection is closed, too.
    pub fn close(mut self) {
        self.server.close().expect("it listens");
        let thread = self.thread.take().expect("only here");
        within("the server's run() returns", move || thread.join().expect("no panic"))
            .expect("no error");
    }
}

pub struct Client {
    stream: BufReader<TcpStream>,
}

/// An answer, parsed by other code than the crate's own.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// In lower case, `name: value`.
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn has(&self, line: &str) -> bool {
        self.head.lines().any(|other| other == line)
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

impl Client {
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Client {
        self.stream.get_ref().write_all(bytes.as_ref()).expect("sends");
        self
    }

    pub fn end(&mut self) -> &mut Client {
        self.stream.get_ref().shutdown(Shutdown::Write).expect("connected");
        self
    }

    /// Sends pieces of `size` bytes, each in a separate system call, until all is sent or the
    /// server has closed.
    pub fn send_pieces(&mut self, bytes: &[u8], size: usize) -> &mut Client {
        for piece in bytes.chunks(size) {
            if self.stream.get_ref().write_all(piece).is_err() {
                break;
            }
        }
        self
    }

    pub fn stream(&self) -> &TcpStream {
        self.stream.get_ref()
    }

    /// Returns a line without its `\r\n`.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("a line in time");
        let line = line.strip_suffix("\r\n").unwrap_or_else(|| panic!("no CRLF after {line:?}"));
        line.to_string()
    }

    fn head(&mut self) -> Answer {
        let start = self.line();
        let status = start.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no status in {start:?}"));
        let mut head = String::new();
        loop {
            let line = self.line();
            if line.is_empty() {
                return Answer { status, head, body: Vec::new() };
            }
            let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("{line:?}"));
            head.push_str(&format!("{}: {value}\n", name.to_lowercase()));
        }
    }

    pub fn body(&mut self, size: usize) -> Vec<u8> {
        let mut body = vec![0; size];
        self.stream.read_exact(&mut body).expect("the whole body in time");
        body
    }

    /// Returns the answer to a request other than HEAD.
    pub fn answer(&mut self) -> Answer {
        let mut answer = self.head();
        if matches!(answer.status, 100..=199 | 204 | 304) {
            return answer;
        }
        if answer.has("transfer-encoding: chunked") {
            loop {
                let size = usize::from_str_radix(&self.line(), 16).expect("a size");
                let chunk = self.body(size);
                assert_eq!(self.line(), "");
                answer.body.extend(chunk);
                if size == 0 {
                    return answer;
                }
            }
        }
        match answer.value("content-length").map(|length| length.parse().expect("a number")) {
            Some(length) => answer.body = self.body(length),
            None => answer.body = self.rest(),
        }
        answer
    }

    pub fn answer_to_head(&mut self) -> Answer {
        self.head()
    }

    /// Returns everything up to the server's end.
    pub fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).expect("an end in time, and no reset");
        rest
    }

    /// Asserts that the server has ended the connection, and sent nothing more.
    pub fn at_end(&mut self) {
        assert_eq!(String::from_utf8_lossy(&self.rest()), "");
    }
}

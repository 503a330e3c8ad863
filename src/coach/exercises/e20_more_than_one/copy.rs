//! A copy behind the balancer under check: it serves, or fails in the way that the check says.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use net_notes::check::{Check, Verdict, random};

/// The interval at which a thread checks whether it must do something else.
const LOOK_EVERY: Duration = Duration::from_millis(2);

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Mode {
    Well,
    /// Serves, and answers the health check with 404.
    Sick,
    /// Is well, and closes when it has a request, as if it had been killed at that moment.
    Dies,
    /// Accepts, and answers nothing.
    Hangs,
    /// No program listens.
    Gone,
}

/// One request that has arrived, whole.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

/// It ends when this is dropped.
pub(super) struct Copy {
    pub(super) port: u16,
    /// In each of its answers.
    pub(super) word: String,
    shared: Arc<Shared>,
}

struct Shared {
    mode: Mutex<Mode>,
    is_listening: AtomicBool,
    /// All requests but those of the health check.
    seen: Mutex<Vec<Seen>>,
    /// The number of health checks that the other side gave up while it hung, and the longest of them, in milliseconds.
    given_up: AtomicUsize,
    longest: AtomicUsize,
    /// The number of requests that arrived while it hung, without the health check.
    strays: AtomicUsize,
    /// Requests for `/slow` are not answered before this is set.
    released: AtomicBool,
    is_over: AtomicBool,
}

impl Copy {
    pub(super) fn start(check: &Check) -> Verdict<Copy> {
        let port = check.free_port()?;
        let shared = Arc::new(Shared {
            mode: Mutex::new(Mode::Well),
            is_listening: AtomicBool::new(false),
            seen: Mutex::new(Vec::new()),
            given_up: AtomicUsize::new(0),
            longest: AtomicUsize::new(0),
            strays: AtomicUsize::new(0),
            released: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
        });
        let copy = Copy { port, word: random::word(), shared };
        let (shared, word) = (copy.shared.clone(), copy.word.clone());
        thread::spawn(move || shared.listen(port, &word));
        copy.set(Mode::Well);
        Ok(copy)
    }

    /// All of them at the same moment. When this returns, it is so: a connection is refused, or accepted.
    pub(super) fn set_all(copies: &[Copy], mode: Mode) {
        copies.iter().for_each(|copy| *lock(&copy.shared.mode) = mode);
        copies.iter().for_each(|copy| copy.wait_until_it_listens(mode != Mode::Gone));
    }

    pub(super) fn set(&self, mode: Mode) {
        Copy::set_all(std::slice::from_ref(self), mode);
    }

    fn wait_until_it_listens(&self, listens: bool) {
        wait_until(|| self.shared.is_listening.load(Ordering::SeqCst) == listens);
        // A child that another thread is just starting may hold the listener open for a moment.
        let to = (Ipv4Addr::LOCALHOST, self.port);
        wait_until(|| listens || TcpStream::connect(to).is_err());
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        lock(&self.shared.seen).clone()
    }

    pub(super) fn count(&self) -> usize {
        lock(&self.shared.seen).len()
    }

    pub(super) fn given_up(&self) -> usize {
        self.shared.given_up.load(Ordering::SeqCst)
    }

    /// The longest time for which a check of it was awaited.
    pub(super) fn awaited(&self) -> Duration {
        Duration::from_millis(self.shared.longest.load(Ordering::SeqCst) as u64)
    }

    pub(super) fn strays(&self) -> usize {
        self.shared.strays.load(Ordering::SeqCst)
    }

    /// Lets the requests for `/slow` be answered.
    pub(super) fn release(&self) {
        self.shared.released.store(true, Ordering::SeqCst);
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
    }
}

impl Shared {
    fn mode(&self) -> Mode {
        *lock(&self.mode)
    }

    /// Whether the connections of now are to end: it is over, or was killed.
    fn is_killed(&self) -> bool {
        self.is_over.load(Ordering::SeqCst) || self.mode() == Mode::Gone
    }

    fn listen(self: &Arc<Self>, port: u16, word: &str) {
        let mut listener = None;
        while !self.is_over.load(Ordering::SeqCst) {
            if self.mode() == Mode::Gone {
                listener = None;
            } else if listener.is_none() {
                listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok();
                listener.iter().for_each(|listener| _ = listener.set_nonblocking(true));
            }
            self.is_listening.store(listener.is_some(), Ordering::SeqCst);
            match listener.as_ref().map(TcpListener::accept) {
                Some(Ok((stream, _))) => {
                    let (shared, word) = (self.clone(), word.to_string());
                    thread::spawn(move || shared.serve(stream, &word));
                }
                _ => thread::sleep(LOOK_EVERY),
            }
        }
    }

    fn serve(&self, mut stream: TcpStream, word: &str) {
        // On some systems an accepted socket inherits this from the listener.
        if stream.set_nonblocking(false).is_err() {
            return;
        }
        let _ = stream.set_read_timeout(Some(LOOK_EVERY));
        let (mut bytes, began) = (Vec::new(), Instant::now());
        let seen = loop {
            let mode = self.mode();
            if mode != Mode::Hangs {
                if let Some(seen) = request(&bytes) {
                    break seen;
                }
            }
            let mut chunk = [0; 16 << 10];
            match stream.read(&mut chunk) {
                _ if self.is_killed() => return,
                Ok(size @ 1..) => {
                    if mode == Mode::Hangs && bytes.is_empty() && !is_check(&chunk[..size]) {
                        self.strays.fetch_add(1, Ordering::SeqCst);
                    }
                    bytes.extend_from_slice(&chunk[..size]);
                }
                Err(error) if is_timeout(error.kind()) => {}
                Ok(_) | Err(_) => {
                    if mode == Mode::Hangs && is_check(&bytes) {
                        self.longest
                            .fetch_max(began.elapsed().as_millis() as usize, Ordering::SeqCst);
                        self.given_up.fetch_add(1, Ordering::SeqCst);
                    }
                    return;
                }
            }
        };
        let status = match self.mode() {
            Mode::Sick if is_check(&bytes) => "404 Not Found",
            _ if is_check(&bytes) => "200 OK",
            _ => "201 Created",
        };
        let is_slow = seen.head.contains(" /slow ");
        if !is_check(&bytes) {
            lock(&self.seen).push(seen);
            if self.mode() == Mode::Dies {
                return;
            }
        }
        while is_slow && !self.released.load(Ordering::SeqCst) {
            if self.is_killed() {
                return;
            }
            thread::sleep(LOOK_EVERY);
        }
        let answer = format!(
            "HTTP/1.1 {status}\r\nX-Copy: {word}\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n",
            page_of(word).len()
        );
        let _ = stream.write_all(&[answer.as_bytes(), &page_of(word)].concat());
    }
}

/// The body of its answers: not all of it is text.
pub(super) fn page_of(word: &str) -> Vec<u8> {
    [word.as_bytes(), b"\n\xff\0"].concat()
}

/// Not for ever: what is wrong then shows in what is expected next.
fn wait_until(is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(5);
    while !is_so() && Instant::now() < deadline {
        thread::sleep(LOOK_EVERY);
    }
}

fn is_check(bytes: &[u8]) -> bool {
    bytes.starts_with(b"GET /health ")
}

fn is_timeout(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

/// The request, once it is whole.
fn request(bytes: &[u8]) -> Option<Seen> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        if name.eq_ignore_ascii_case("content-length") { value.trim().parse().ok() } else { None }
    });
    let body = bytes[end..].get(..length.unwrap_or(0))?.to_vec();
    Some(Seen { head, body })
}

/// A thread that panics holds none of these.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! Slow readers, a thread each: 64 KiB at a time, with a pause after each read.

use std::io::Read;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

const PAUSE: Duration = Duration::from_millis(2);

/// The number of readers that have ended, and of those among them that have the whole file.
#[derive(Default)]
pub struct Readers {
    ended: AtomicUsize,
    whole: AtomicUsize,
}

impl Readers {
    pub fn start(count: usize, port: u16, length: u64) -> Arc<Readers> {
        let readers = Arc::new(Readers::default());
        for _ in 0..count {
            let readers = readers.clone();
            thread::spawn(move || {
                if read_slowly(port).is_ok_and(|received| received == length) {
                    readers.whole.fetch_add(1, Ordering::Relaxed);
                }
                readers.ended.fetch_add(1, Ordering::Release);
            });
        }
        readers
    }

    pub fn ended(&self) -> usize {
        self.ended.load(Ordering::Acquire)
    }

    pub fn whole(&self) -> usize {
        self.whole.load(Ordering::Relaxed)
    }
}

fn read_slowly(port: u16) -> std::io::Result<u64> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    let (mut piece, mut received) = (vec![0; 64 << 10], 0);
    while let size @ 1.. = stream.read(&mut piece)? {
        received += size as u64;
        thread::sleep(PAUSE);
    }
    Ok(received)
}

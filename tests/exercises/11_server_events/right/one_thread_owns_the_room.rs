use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{Sender, channel};
enum What {
    Comes(TcpStream),
    Says(Vec<u8>),
    Goes,
}
struct Member {
    out: Sender<Arc<Vec<u8>>>,
    waits: Arc<AtomicUsize>,
    stream: TcpStream,
}
fn main() {
    let l = TcpListener::bind(format!("127.0.0.1:{}", std::env::args().nth(1).unwrap())).unwrap();
    println!("port {}", l.local_addr().unwrap().port());
    let (tx, rx) = channel::<(usize, What)>();
    std::thread::spawn(move || {
        let mut room: HashMap<usize, Member> = HashMap::new();
        for (n, what) in rx {
            let line = match what {
                What::Comes(s) => {
                    let (out, lines) = channel::<Arc<Vec<u8>>>();
                    let waits = Arc::new(AtomicUsize::new(0));
                    let (w, left) = (s.try_clone().unwrap(), waits.clone());
                    std::thread::spawn(move || {
                        for l in lines {
                            if (&w).write_all(&l).is_err() {
                                break;
                            }
                            left.fetch_sub(l.len(), SeqCst);
                        }
                    });
                    let m = Member { out, waits, stream: s };
                    let hi = Arc::new(format!("You are {n}.\n").into_bytes());
                    m.waits.fetch_add(hi.len(), SeqCst);
                    m.out.send(hi).unwrap();
                    room.insert(n, m);
                    format!("{n} has come.\n").into_bytes()
                }
                What::Says(l) => [format!("{n}: ").as_bytes(), &l, b"\n"].concat(),
                What::Goes => {
                    if let Some(m) = room.remove(&n) {
                        let _ = m.stream.shutdown(Shutdown::Both);
                    }
                    format!("{n} has left.\n").into_bytes()
                }
            };
            let line = Arc::new(line);
            for (_, m) in room.iter().filter(|(i, _)| **i != n) {
                if m.waits.fetch_add(line.len(), SeqCst) + line.len() > (9 << 20) {
                    let _ = m.stream.shutdown(Shutdown::Both);
                }
                let _ = m.out.send(line.clone());
            }
        }
    });
    for (n, s) in (1..).zip(l.incoming()) {
        let (s, tx) = (s.unwrap(), tx.clone());
        tx.send((n, What::Comes(s.try_clone().unwrap()))).unwrap();
        std::thread::spawn(move || {
            let mut r = BufReader::new(s);
            let mut l = vec![];
            while let Ok(1..) = r.read_until(b'\n', &mut l) {
                if l.pop() != Some(b'\n') {
                    break;
                }
                if l.last() == Some(&b'\r') {
                    l.pop();
                }
                tx.send((n, What::Says(std::mem::take(&mut l)))).unwrap();
            }
            tx.send((n, What::Goes)).unwrap();
        });
    }
}

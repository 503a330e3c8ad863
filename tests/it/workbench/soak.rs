//! Twenty tabs for a while, and for an hour if one likes: what they need of the workbench is given back.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::collecting::{connect, status};
use super::opened::Workbench;
use super::tab::Tab;
use crate::common::{Random, let_pass, skipped, until};
use crate::soak::{duration, one_at_a_time};

const TABS: usize = 20;
/// How many tabs are opened or closed for each block that is run, and each file that is saved.
const TURNS: usize = 60;
/// More events than the workbench's log keeps, each so long that it keeps about as many bytes as it may, too.
const FILLING: (usize, usize) = (11_000, 750);
/// The memory that may be added, in KiB: the whole log once more, and as much again. Its events are replaced by those of other
/// threads, which have heaps of their own, and the heap of the first ones is not given back at once.
const GROWTH_MAX: usize = 32 << 10;

const PAGE: &str = "22_soak";
const LESSON: &str = "\
```console terminal 1
$ seq 1 500; cat
```
```console terminal 2
$ printf 'a b c' | tr a b
b b c
```
```console terminal 1
typed
^D
```
";

/// One of the twenty. It reads what arrives only if it `reads`.
struct Open {
    stream: TcpStream,
    reads: bool,
}

impl Open {
    /// Begins to read events, as a page does, or as `curl` does.
    fn new(workbench: &Workbench, page: &str, from: u64, is_websocket: bool, reads: bool) -> Open {
        let own = format!("127.0.0.1:{}", workbench.port);
        let mut stream = TcpStream::connect(&own).expect("it is up");
        let upgrade = format!(
            "Origin: http://{own}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        );
        let head = format!(
            "GET /api/events?from={from}&page={page} HTTP/1.1\r\nHost: {own}\r\nCookie: {}\r\n{}\r\n",
            workbench.cookie,
            if is_websocket { &*upgrade } else { "" }
        );
        stream.write_all(head.as_bytes()).expect("it reads");
        stream.set_nonblocking(true).expect("a setting");
        Open { stream, reads }
    }

    /// Reads what is there.
    fn read(&mut self) {
        let mut piece = vec![0; 64 << 10];
        while self.reads {
            match self.stream.read(&mut piece) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => panic!("a tab that reads: {error}"),
            }
        }
    }
}

/// What the workbench holds: threads, descriptors, and programs that it has started.
fn held(process: u32) -> [usize; 3] {
    let threads = status(process, "Threads").expect("Linux");
    let descriptors = fs::read_dir(format!("/proc/{process}/fd")).expect("Linux").count();
    [threads, descriptors, children(process)]
}

/// How many processes have this parent, also those that have ended and were not waited for.
fn children(process: u32) -> usize {
    let all = fs::read_dir("/proc").expect("Linux").filter_map(Result::ok);
    let stats = all.filter_map(|entry| fs::read_to_string(entry.path().join("stat")).ok());
    // 42 (name) S 17 …: the number after the state is the parent's.
    let parent = |stat: &str| {
        let (_, after) = stat.rsplit_once(") ")?;
        after.split(' ').nth(1)?.parse::<u32>().ok()
    };
    stats.filter(|stat| parent(stat) == Some(process)).count()
}

/// The number of the newest event that this tab has seen.
fn newest(tab: &Tab) -> u64 {
    let number = |event: &String| event.rsplit_once("\"n\":")?.1.trim_end_matches('}').parse().ok();
    tab.seen.iter().rev().find_map(number).unwrap_or(1)
}

/// Forgets all events but the newest: an hour has many.
fn forget(tab: &mut Tab) {
    tab.seen.drain(..tab.seen.len() - 1);
}

/// Fills the log, so that it is as large before as after.
fn fill_log(tab: &mut Tab) {
    let hello = tab.wait(&["\"trace\":\""]);
    let (_, address) = hello.split_once("\"trace\":\"").expect("an address");
    let mut program = connect(address.split('"').next().expect("it ends"));
    program.write_all(b"net-trace 1\n").expect("it reads");
    let (events, length) = FILLING;
    let data = "78".repeat(length);
    for number in 1..=events {
        let line = format!("{number} 77.1 sent {length} {data}\n");
        program.write_all(line.as_bytes()).expect("it reads");
    }
    program.write_all(b"99999999 77.1 close\n").expect("it reads");
    tab.wait(&["99999999 77.1 close"]);
    drop(program);
    tab.wait(&["\"kind\":\"gone\""]);
}

/// Runs a block with a program in each of two terminals, one of which waits for input.
fn run(workbench: &Workbench, tab: &mut Tab, by_hand: bool) {
    let session = workbench.run(PAGE, 1);
    let own = format!("\"session\":{session}");
    tab.wait(&["\"kind\":\"exit\"", &own, "\"terminal\":\"2\"", "\"status\":\"0\""]);
    if by_hand {
        let typed = format!(r#"{{{own},"terminal":"1","text":"typed\n"}}"#);
        workbench.done("/api/input", &typed);
        workbench.done("/api/input", &format!(r#"{{{own},"terminal":"1","end":true}}"#));
    } else {
        workbench.done("/api/stop", &format!("{{{own}}}"));
    }
    tab.wait(&["\"kind\":\"over\"", &own]);
}

#[test]
#[ignore = "half a minute: see the head of tests/it/soak.rs"]
fn twenty_tabs_leave_the_workbench_as_it_was() {
    if !cfg!(target_os = "linux") {
        return skipped("the test reads Linux's /proc");
    }
    let duration = duration(Duration::from_secs(30));
    let _alone = one_at_a_time();
    let workbench = Workbench::open("soak");
    fs::write(workbench.home.path(&format!("lessons/{PAGE}.md")), LESSON).expect("a lesson");
    let exercise = workbench.home.path("tests/exercises/03_server.rs");
    let stub = fs::read_to_string(&exercise).expect("a stub");
    let process = workbench.program.id();
    let memory = || status(process, "VmRSS").expect("Linux");
    let mut before = held(process);
    until("the first request is over", || {
        let last = before;
        let_pass(Duration::from_millis(300));
        before = held(process);
        before == last
    });

    let mut random = Random(15);
    let mut open: Vec<Option<Open>> = (0..TABS).map(|_| None).collect();
    let (mut opened, mut rounds, mut early) = (0, 0, None);
    let mut lesson = workbench.tab(PAGE);
    fill_log(&mut lesson);
    forget(&mut lesson);
    let mut page = Tab::open(&workbench, "exercise_03", newest(&lesson));
    workbench.done("/api/watch", r#"{"exercise":"03"}"#);
    page.wait(&["\"kind\":\"verdict\""]);
    let began = Instant::now();
    while began.elapsed() < duration || rounds < 2 {
        for _ in 0..TURNS {
            let from = newest(&lesson);
            let tab = random.below(TABS);
            open[tab] = match open[tab].take() {
                None => {
                    opened += 1;
                    let reads = random.below(4) > 0;
                    let name = random.pick(&[PAGE, "exercise_03", "03_server", "wire", "path"]);
                    let from = if reads { from } else { 1 };
                    Some(Open::new(&workbench, name, from, random.below(2) == 0, reads))
                }
                // With data that is not read it is a reset.
                Some(mut tab) => {
                    tab.read();
                    None
                }
            };
            open.iter_mut().flatten().for_each(Open::read);
        }
        let path = random.pick(&["/zh/index.html", "/en/03_server.html", "/en/wire.html"]);
        assert_eq!(workbench.get(path).status(), 200);
        run(&workbench, &mut lesson, rounds % 2 == 0);
        let text = format!("{stub}// {} {rounds}\n", std::process::id());
        fs::write(&exercise, text).expect("it is the student's");
        page.wait(&["\"kind\":\"verdict\"", "\"rule\":\"half-a-line\""]);
        rounds += 1;
        forget(&mut lesson);
        forget(&mut page);
        let early = *early.get_or_insert_with(memory);
        println!(
            "{:>5.1} s  {opened} tabs  {rounds} rounds  {:?}  {early} KiB, now {}",
            began.elapsed().as_secs_f64(),
            held(process),
            memory()
        );
    }
    drop((open, lesson, page));
    let early = early.expect("a round");
    let mut after = held(process);
    until(&format!("threads, descriptors and programs are {before:?} again"), || {
        after = held(process);
        after.iter().zip(before).all(|(after, before)| *after <= before)
    });
    println!(
        "threads, descriptors, programs: {before:?} before, {after:?} after; {early} KiB, and {} KiB",
        memory()
    );
    assert!(memory() <= early + GROWTH_MAX, "{early} KiB, and in the end {}", memory());
}

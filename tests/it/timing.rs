//! Times: idle times and changes of the flow while a write is stuck, timers on a socket's turn, and
//! the single thread that keeps them all.

use crate::common;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use common::{AS_IT_IS, DEADLINE, alone, own_status, skipped, until, within};
use net::{EventSocket, Server, ServerOptions, event};
use net_notes as net;

/// Returns a connected socket that runs, and its peer.
fn connected() -> (EventSocket, TcpStream) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let socket = EventSocket::new(listener.local_addr().unwrap());
    drop(socket.spawn());
    let (peer, _) = listener.accept().unwrap();
    peer.set_read_timeout(Some(DEADLINE)).unwrap();
    until("connected", || socket.ready_state() == net::ReadyState::Open);
    (socket, peer)
}

/// Returns a socket whose helper is blocked in write(2), as the peer reads nothing.
fn stuck() -> (EventSocket, TcpStream) {
    let (socket, peer) = connected();
    socket.write(vec![0; 30 << 20]);
    let mut last = (0, Instant::now());
    until("the kernel takes no more", || {
        if socket.writable_length() != last.0 {
            last = (socket.writable_length(), Instant::now());
        }
        last.1.elapsed() > Duration::from_millis(80)
    });
    (socket, peer)
}

/// Returns the best of several tries: a busy machine makes single ones late, but a late design is
/// late always.
fn best(tries: usize, mut one: impl FnMut() -> Duration) -> Duration {
    (0..tries).map(|_| one()).min().unwrap_or_default()
}

const LATE: Duration = Duration::from_millis(20);

#[test]
fn a_timeout_is_on_time_while_a_write_is_stuck() {
    let (socket, _peer) = stuck();
    let (tell, told) = channel();
    socket.on(event::Timeout, move |_, ()| tell.send(Instant::now()).unwrap());
    let idle = Duration::from_millis(50);
    let late = best(5, || {
        let set = Instant::now();
        socket.set_timeout(Some(idle));
        let fired = told.recv_timeout(DEADLINE).expect("Timeout comes");
        let after = fired - set;
        assert!(after >= idle, "after {after:?}");
        after - idle
    });
    assert!(late <= LATE, "{late:?} late at best");

    // Set by a listener of another socket.
    let (other, mut other_peer) = connected();
    let target = socket.clone();
    other.on(event::Data, move |_, _| target.set_timeout(Some(Duration::from_millis(5))));
    other_peer.write_all(b"x").unwrap();
    told.recv_timeout(DEADLINE).expect("Timeout comes");
    other.destroy();
    socket.destroy();
}

#[test]
fn a_timeout_that_waits_for_its_turn_does_not_come_if_something_has_happened() {
    type Change = fn(&EventSocket);
    let idle = Duration::from_millis(100);
    // Each with the time after it that must pass before Timeout is emitted.
    let changes: [(Duration, Change); 4] = [
        (Duration::ZERO, |_| {}),
        (idle, |socket| _ = socket.write("x")),
        (DEADLINE, |socket| socket.set_timeout(None)),
        (DEADLINE, |socket| socket.set_timeout(Some(DEADLINE))),
    ];
    for (n, (time, change)) in changes.into_iter().enumerate() {
        let (socket, _peer) = connected();
        let (tell, told) = channel();
        socket.after(Duration::ZERO, move |socket| {
            socket.set_timeout(Some(idle));
            let began = Instant::now();
            while began.elapsed() < idle * 3 / 2 {} // the idle time is over, and Timeout waits
            let changed = Instant::now();
            change(socket);
            let timeout = tell.clone();
            socket.on(event::Timeout, move |_, ()| {
                let _ =
                    timeout.send(if changed.elapsed() < time { "too early" } else { "Timeout" });
            });
            socket.after(Duration::ZERO, move |_| _ = tell.send("the timer after it"));
        });
        let next = || told.recv_timeout(DEADLINE).expect("a timer comes");
        let first = next();
        assert_ne!(first, "too early", "change {n}");
        if n == 0 {
            assert_eq!((first, next()), ("Timeout", "the timer after it"));
        }
        socket.destroy();
    }
}

#[test]
fn resume_acts_at_once_while_a_write_is_stuck() {
    let (socket, mut peer) = stuck();
    let (tell, told) = channel();
    socket.on(event::Data, move |_, _| tell.send(Instant::now()).unwrap());
    let late = best(5, || {
        socket.pause();
        let before = socket.bytes_read();
        peer.write_all(b"x").unwrap();
        until("read ahead", || socket.bytes_read() > before);
        let resumed = Instant::now();
        socket.resume();
        told.recv_timeout(DEADLINE).expect("Data comes").saturating_duration_since(resumed)
    });
    assert!(late <= LATE, "{late:?} late at best");
    socket.destroy();
}

/// Returns the CPU time of this process, in ticks of 10 ms.
fn cpu_ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

#[test]
fn stuck_writers_use_no_cpu() {
    if !cfg!(target_os = "linux") {
        return skipped("the test reads Linux's /proc");
    }
    if cfg!(net_notes_polled) {
        return skipped("a polled socket looks now and then");
    }
    if !alone(module_path!(), "stuck_writers_use_no_cpu", AS_IT_IS) {
        return;
    }
    let stuck: Vec<_> = (0..20).map(|_| stuck()).collect();
    for (socket, _) in &stuck {
        socket.set_timeout(Some(Duration::from_secs(3600)));
    }
    let before = cpu_ticks();
    common::let_pass(Duration::from_secs(1));
    let used = cpu_ticks() - before;
    assert!(used <= 1, "{used} ticks of 10 ms in a second of waiting");
    stuck.iter().for_each(|(socket, _)| socket.destroy());
}

#[test]
fn timers_are_called_on_the_turn_in_order_and_until_cancelled() {
    let (socket, mut peer) = connected();
    let log = Arc::new(Mutex::new(Vec::new()));
    let busy = Arc::new(AtomicUsize::new(0));
    let note = |what: &'static str| {
        let (log, busy) = (log.clone(), busy.clone());
        move |_: &EventSocket| {
            assert_eq!(busy.fetch_add(1, Ordering::SeqCst), 0, "two at once");
            log.lock().unwrap().push(what);
            busy.fetch_sub(1, Ordering::SeqCst);
        }
    };
    let turn = busy.clone();
    socket.on(event::Data, move |_, _| {
        assert_eq!(turn.fetch_add(1, Ordering::SeqCst), 0, "two at once");
        turn.fetch_sub(1, Ordering::SeqCst);
    });
    let began = Instant::now();
    socket.after(Duration::from_millis(30), note("second"));
    socket.after(Duration::from_millis(10), note("first"));
    let never = socket.after(Duration::from_millis(20), note("cancelled"));
    assert!(socket.cancel(never) && !socket.cancel(never));
    let sending = thread::spawn(move || {
        for _ in 0..100 {
            peer.write_all(b"x").unwrap();
        }
        peer
    });
    until("both are called", || log.lock().unwrap().len() == 2);
    assert!(began.elapsed() >= Duration::from_millis(30));
    assert_eq!(*log.lock().unwrap(), ["first", "second"]);

    // Repeatedly; it cancels itself in its third call.
    let count = Arc::new(AtomicUsize::new(0));
    let id = Arc::new(Mutex::new(None));
    let (own, calls) = (id.clone(), count.clone());
    let began = Instant::now();
    let every = socket.every(Duration::from_millis(5), move |socket| {
        if calls.fetch_add(1, Ordering::SeqCst) == 2 {
            let id = own.lock().unwrap().take();
            assert!(id.is_some_and(|id| socket.cancel(id)));
        }
    });
    *id.lock().unwrap() = Some(every);
    until("called three times", || count.load(Ordering::SeqCst) == 3);
    assert!(began.elapsed() >= Duration::from_millis(15));
    let calls = count.clone();
    let (tell, told) = channel();
    socket.after(Duration::from_millis(30), move |_| tell.send(()).unwrap());
    told.recv_timeout(DEADLINE).unwrap();
    assert_eq!(calls.load(Ordering::SeqCst), 3, "not a fourth time");

    // Until Close: the values that a timer owns are dropped with the socket, and those of a timer
    // added later at once.
    let owned = Arc::new(());
    let kept = owned.clone();
    socket.every(Duration::from_millis(1), move |_| drop(kept.clone()));
    let _peer = sending.join().unwrap();
    socket.destroy();
    until("the timer is dropped", || Arc::strong_count(&owned) == 1);
    let kept = owned.clone();
    let late = socket.after(Duration::ZERO, move |_| drop(kept));
    assert_eq!(Arc::strong_count(&owned), 1);
    assert!(!socket.cancel(late));
}

#[test]
fn a_timer_is_not_called_before_run_and_a_panic_in_it_is_a_listeners() {
    let socket =
        EventSocket::new(TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap());
    let (tell, told) = channel();
    socket.after(Duration::ZERO, move |_| tell.send(thread::current().id()).unwrap());
    socket.after(Duration::MAX, |_| unreachable!("for longer than a clock can say"));
    let (mark, marked) = channel();
    let (clock, _peer) = connected();
    clock.after(Duration::from_millis(20), move |_| mark.send(()).unwrap());
    marked.recv_timeout(DEADLINE).unwrap();
    assert!(told.try_recv().is_err(), "run() was not called");
    let runner = thread::spawn(move || {
        let _ = socket.run();
        thread::current().id()
    });
    let called = told.recv_timeout(DEADLINE).unwrap();
    assert_eq!(called, within("run() returns", || runner.join().unwrap()));

    let log = Arc::new(Mutex::new(Vec::new()));
    let seen = log.clone();
    clock.on(event::Close, move |_, had_error| seen.lock().unwrap().push(had_error));
    clock.after(Duration::ZERO, |_| panic!("this panic is part of the test"));
    until("it destroys the socket", || *log.lock().unwrap() == [true]);
}

#[test]
fn a_slow_listener_skips_periods_and_makes_no_burst() {
    let (socket, _peer) = connected();
    let times = Arc::new(Mutex::new(Vec::new()));
    let seen = times.clone();
    socket.every(Duration::from_millis(10), move |_| {
        let first = seen.lock().unwrap().is_empty();
        let began = Instant::now();
        while first && began.elapsed() < Duration::from_millis(60) {}
        seen.lock().unwrap().push(Instant::now());
    });
    until("called some times", || times.lock().unwrap().len() >= 4);
    let times = times.lock().unwrap();
    let burst = times[1..].windows(3).any(|three| three[2] - three[0] < Duration::from_millis(5));
    assert!(!burst, "{times:?}");
    socket.destroy();
}

/// A heartbeat to many clients at the same instant.
#[test]
fn a_heartbeat_to_many_clients_costs_no_threads() {
    if !cfg!(target_os = "linux") {
        return skipped("the test reads Linux's /proc");
    }
    const CLIENTS: usize = 150;
    if !alone(module_path!(), "a_heartbeat_to_many_clients_costs_no_threads", AS_IT_IS) {
        return;
    }
    let server = Server::new(ServerOptions::default());
    server.on(event::Connection, |_, socket| {
        socket.resume();
        socket.every(Duration::from_millis(20), |socket| _ = socket.write("beat\n"));
    });
    server.listen(("127.0.0.1", 0), |_| {}).unwrap();
    let at = ("127.0.0.1", server.address().unwrap().port().unwrap());
    let running = server.spawn();
    let mut clients: Vec<_> = (0..CLIENTS).map(|_| TcpStream::connect(at).unwrap()).collect();
    until("all are served", || server.connections() == CLIENTS);
    let mut most = 0;
    for client in &mut clients {
        client.set_read_timeout(Some(DEADLINE)).unwrap();
        let mut beats = [0; 5 * 5];
        client.read_exact(&mut beats).unwrap();
        most = most.max(own_status("Threads"));
    }
    // The test's two, run(), the one that accepts, the one that keeps the time, one that calls; and
    // more because of the machine's load.
    assert!(most <= CLIENTS + 16, "{most} threads for {CLIENTS} connections");
    server.close().unwrap();
    server.close_all_connections();
    within("run() returns", || running.join().unwrap()).unwrap();
}

#[test]
fn a_timer_that_blocks_holds_up_no_other_socket() {
    let (release, wait) = channel::<()>();
    let wait = Arc::new(Mutex::new(wait));
    let blocked: Vec<_> = (0..8)
        .map(|_| {
            let (socket, peer) = connected();
            let wait = wait.clone();
            socket.after(Duration::from_millis(1), move |_| {
                let _ = wait.lock().unwrap().recv_timeout(DEADLINE);
            });
            (socket, peer)
        })
        .collect();
    let (socket, _peer) = connected();
    let late = best(5, || {
        let (tell, told) = channel();
        let set = Instant::now();
        socket.after(Duration::from_millis(5), move |_| tell.send(Instant::now()).unwrap());
        told.recv_timeout(DEADLINE).expect("it is called") - set - Duration::from_millis(5)
    });
    assert!(late <= LATE, "{late:?} late at best");
    drop(release);
    blocked.iter().for_each(|(socket, _)| socket.destroy());
    socket.destroy();
}

#[test]
fn the_threads_of_the_timers_go_when_there_is_nothing_to_time() {
    if !cfg!(target_os = "linux") {
        return skipped("the test reads Linux's /proc");
    }
    if !alone(
        module_path!(),
        "the_threads_of_the_timers_go_when_there_is_nothing_to_time",
        AS_IT_IS,
    ) {
        return;
    }
    let before = own_status("Threads");
    for with_timer in [true, false] {
        let (socket, _peer) = connected();
        let (tell, told) = channel();
        socket.set_timeout(Some(Duration::from_secs(3600)));
        if with_timer {
            socket.after(Duration::from_millis(1), move |_| tell.send(()).unwrap());
            told.recv_timeout(DEADLINE).unwrap();
        }
        assert!(own_status("Threads") > before);
        until("the one that keeps the time waits, maybe for an hour", others_wait);
        socket.destroy();
        until("all threads are gone", || own_status("Threads") <= before);
    }
}

/// Whether all threads of this process except the caller sleep: see proc(5), `/proc/pid/stat`.
fn others_wait() -> bool {
    let tasks = std::fs::read_dir("/proc/self/task").expect("Linux");
    let states =
        tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("stat")).ok());
    states.filter(|stat| !stat.contains(") S ")).count() == 1
}

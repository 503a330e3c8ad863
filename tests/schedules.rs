//! Random schedules: two peers do what a seed decides, in listeners and on foreign threads, over real sockets; and whatever
//! they do, what the crate promises of events, bytes, callbacks and threads has to hold.
//!
//! ```sh
//! cargo test --test schedules                          # some hundred seeds
//! cargo test --release --test schedules -- --ignored   # 10,000 of them
//! NET_NOTES_SEED=123 cargo test --test schedules       # one that has failed, again and again
//! ```
//!
//! A seed decides what is done and in which order on each thread. How the threads interleave is decided by the system: so
//! one seed is many schedules, and one that fails is run many times.

mod common;
#[path = "schedules/party.rs"]
mod party;
#[path = "schedules/plan.rs"]
mod plan;
#[path = "schedules/records.rs"]
mod records;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{env, thread};

use common::{DEADLINE, MANY_DESCRIPTORS, alone_for, own_descriptors, own_status, until};
use net::{ConnectOptions, Endpoint, EventSocket, Server, ServerOptions, event};
use net_notes as net;
use party::Party;
use plan::Plan;

/// Schedules that run at the same time: more than there are processors, so that threads get in each other's way.
const AT_ONCE: usize = 6;

#[test]
fn some_hundred_schedules() {
    if alone_for(Duration::from_secs(120), "some_hundred_schedules", MANY_DESCRIPTORS) {
        match env::var("NET_NOTES_SEED") {
            Ok(seed) => run_all(&[seed.parse().expect("a number"); 300]),
            Err(_) => run_all(&(0..300).collect::<Vec<_>>()),
        }
    }
}

#[test]
#[ignore = "a minute: cargo test --release --test schedules -- --ignored"]
fn ten_thousand_schedules() {
    if alone_for(Duration::from_secs(1800), "ten_thousand_schedules", MANY_DESCRIPTORS) {
        run_all(&(0..10_000).collect::<Vec<_>>());
    }
}

/// Runs all of them, up to the first that fails.
fn run_all(seeds: &[u64]) {
    let before = resources();
    let next = AtomicUsize::new(0);
    let clean = AtomicU64::new(0);
    let failure = Mutex::new(None);
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while failure.lock().unwrap().is_none() {
                    let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
                    match Schedule::new(*seed).run() {
                        Ok(was_clean) => drop(clean.fetch_add(was_clean.into(), Ordering::Relaxed)),
                        Err(why) => drop(failure.lock().unwrap().get_or_insert((*seed, why))),
                    }
                }
            });
        }
    });
    if let Some((seed, why)) = failure.into_inner().unwrap() {
        let again = format!("NET_NOTES_SEED={seed} cargo test --test schedules");
        panic!("seed {seed} has failed\n{why}\nTo run it again: {again}\n");
    }
    println!("{} schedules, {clean:?} of them with a clean end", seeds.len());
    let distinct = seeds.len() > 1 && seeds[0] != seeds[1];
    assert!(
        !distinct || clean.into_inner() as usize * 3 > seeds.len(),
        "most of them prove little"
    );
    until("threads and descriptors are back", || resources() <= before);
}

/// How many threads and descriptors this process has, where the system tells.
fn resources() -> [usize; 2] {
    if !cfg!(target_os = "linux") {
        return [0, 0];
    }
    [own_status("Threads"), own_descriptors()]
}

/// Waits as `until` does, but fails as a result, so that the log can be shown.
fn wait(what: &str, mut fact: impl FnMut() -> bool) -> Result<(), String> {
    let deadline = Instant::now() + DEADLINE;
    while !fact() {
        if Instant::now() > deadline {
            return Err(format!("{what}: not so after {DEADLINE:?}"));
        }
        thread::park_timeout(Duration::from_micros(100));
    }
    Ok(())
}

struct Schedule {
    plan: Plan,
    place: Endpoint,
    client: Arc<Party>,
    server: Arc<Party>,
    accepted: Arc<AtomicUsize>,
}

impl Schedule {
    fn new(seed: u64) -> Schedule {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let plan = Plan::of(seed);
        let began = Instant::now();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Schedule {
            place: if plan.unix { path(number) } else { (address(number), 0).into() },
            client: Party::new(0, &plan.client, plan.rough, began),
            server: Party::new(1, &plan.server, plan.rough, began),
            accepted: Arc::default(),
            plan,
        }
    }

    /// `Ok`: whether both sides came to a clean end.
    fn run(&self) -> Result<bool, String> {
        let clean = self.play().and_then(|()| self.judge());
        clean.map_err(|why| {
            let mut log = [self.client.tell(), self.server.tell()].concat();
            log.sort_by_key(|(at, _)| *at);
            let lines =
                log.iter().map(|(at, what)| format!("{:>9.3}  {what}\n", at.as_secs_f64() * 1e3));
            format!(
                "{why}\n{:#?}\n       ms  client{:34}server\n{}",
                self.plan,
                "",
                lines.collect::<String>()
            )
        })
    }

    fn play(&self) -> Result<(), String> {
        let options = ServerOptions::default()
            .allow_half_open(self.plan.server.half_open)
            .high_water_mark(self.plan.server.high_water_mark)
            .pause_on_connect(self.plan.server.paused);
        let server = Server::new(options);
        let (party, accepted) = (self.server.clone(), self.accepted.clone());
        server.on(event::Connection, move |_, socket| {
            accepted.fetch_add(1, Ordering::SeqCst);
            party.accepted(socket);
        });
        let closes = Arc::new(AtomicUsize::new(0));
        let count = closes.clone();
        server.on(event::Close, move |_, ()| {
            count.fetch_add(1, Ordering::SeqCst);
        });
        server.listen(self.place.clone(), |_| {}).map_err(|e| e.to_string())?;
        let at = server.address().ok_or("no address")?;
        let serving = server.spawn();

        let options = ConnectOptions::from(at)
            .allow_half_open(self.plan.client.half_open)
            .high_water_mark(self.plan.client.high_water_mark);
        let client = EventSocket::new(options);
        self.client.begin(&client);
        let running = client.spawn();
        drop(client); // whoever shall have a handle has one

        // The plan, to its end.
        let threads = self.client.threads();
        wait("the client's threads", || threads.iter().all(|thread| thread.is_finished()))?;
        wait("a connection", || self.accepted.load(Ordering::SeqCst) > 0 || running.is_finished())?;
        let threads = self.server.threads();
        wait("the server's threads", || threads.iter().all(|thread| thread.is_finished()))?;
        self.client.finish();
        self.server.finish();
        self.client.leave();
        self.server.leave();

        wait("the client's run() returns", || running.is_finished())?;
        self.client.judge_run(running.join());
        server.close().map_err(|e| e.to_string())?;
        wait("the server's run() returns", || serving.is_finished())?;
        serving.join().map_err(|_| "the server panicked")?.map_err(|e| e.to_string())?;
        let threads = self.server.threads();
        wait("the server's threads", || threads.iter().all(|thread| thread.is_finished()))?;
        // Write callbacks alone may follow Close.
        wait("all write callbacks", || !self.client.owes() && !self.server.owes())?;
        match (server.connections(), closes.load(Ordering::SeqCst)) {
            (0, 1) => Ok(()),
            other => Err(format!("the server has connections and closes: {other:?}")),
        }
    }

    fn judge(&self) -> Result<bool, String> {
        let accepted = self.accepted.load(Ordering::SeqCst) > 0;
        let clean = self.client.is_clean() && self.server.is_clean();
        let mut faults = self.client.judge(&self.server, clean);
        if accepted {
            faults.extend(self.server.judge(&self.client, clean));
        }
        if faults.is_empty() { Ok(clean) } else { Err(faults.join("\n")) }
    }
}

/// An address of its own for each schedule, where the system has more than one for itself: a client that is destroyed while
/// it connects may arrive late, and then not at the next schedule's server, on the same port.
fn address(number: usize) -> IpAddr {
    if cfg!(target_os = "linux") {
        let first = Ipv4Addr::new(127, 1, 0, 0).to_bits();
        Ipv4Addr::from_bits(first + number as u32).into()
    } else {
        Ipv4Addr::LOCALHOST.into()
    }
}

#[cfg(unix)]
fn path(number: usize) -> Endpoint {
    env::temp_dir().join(format!("net-notes-{}-{number}", std::process::id())).into()
}

#[cfg(not(unix))]
fn path(number: usize) -> Endpoint {
    (address(number), 0).into()
}

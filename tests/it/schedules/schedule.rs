//! One schedule: sets up its peers, lets them execute their parts, ends it, and has the log judged.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use super::history::History;
use super::log::{Log, Role, RunResult, What};
use super::net::{self, Address, ConnectOptions, Endpoint, EventSocket, ServerOptions};
use super::party::{Party, Planned};
use super::plan::{Part, Plan};
use super::relay::Relay;
use super::rules;
use super::server::RunningServer;
use crate::common::{DEADLINE, becomes_true};

/// Runs the schedule of a seed. `Ok`: whether every socket ended cleanly. `Err`: the failure, and
/// the log.
pub fn run(seed: u64) -> Result<bool, String> {
    let schedule = Schedule::new(Plan::of(seed));
    // A violated guarantee of the core is a panic, also in a thread of the test.
    let played = catch_unwind(AssertUnwindSafe(|| schedule.play()))
        .unwrap_or_else(|_| Err("it has panicked".to_string()));
    let log = schedule.log.entries();
    let judged = played.and_then(|()| {
        let parties = schedule.parties();
        let received: Vec<_> =
            parties.map(|party| (party.recorder.role, party.received())).collect();
        rules::judge(schedule.plan.rough, &History::new(&log), &received)
    });
    judged.map_err(|why| {
        let log: String = log.iter().map(|entry| format!("{entry}\n")).collect();
        format!("{why}\n{}\n{log}", schedule.plan)
    })
}

struct Schedule {
    plan: Plan,
    log: Arc<Log>,
    number: usize,
    client: Arc<Party>,
    server: Arc<Party>,
    sink: Option<Arc<Party>>,
}

impl Schedule {
    fn new(plan: Plan) -> Schedule {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let log = Arc::new(Log::new());
        let party = |role, part: &Part| Arc::new(Party::new(&log, role, part, plan.rough));
        let sink = plan.relay.as_ref().and_then(|relay| relay.sink.as_ref());
        Schedule {
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            client: party(Role::Client, &plan.client),
            server: party(Role::Server, &plan.server),
            sink: sink.map(|part| party(Role::Sink, part)),
            log,
            plan,
        }
    }

    fn parties(&self) -> impl Iterator<Item = &Arc<Party>> {
        [&self.client, &self.server].into_iter().chain(&self.sink)
    }

    fn play(&self) -> Result<(), String> {
        let server = self.serve(&self.server, &self.plan.server)?;
        let mut at = server.address()?;
        let (mut sink, mut relay) = (None, None);
        if let Some(plan) = &self.plan.relay {
            if let (Some(party), Some(part)) = (&self.sink, &plan.sink) {
                sink = Some(self.serve(party, part)?);
            }
            let to_sink = sink.as_ref().map(Serving::address).transpose()?;
            let parts = Arc::new(Relay::new(plan, &self.log, at, to_sink));
            let options = ServerOptions::default()
                .allow_half_open(true)
                .high_water_mark(plan.high_water_mark);
            let listener = parts.clone();
            let serving = self.start(options, move |socket| listener.accepted(socket))?;
            at = serving.address()?;
            relay = Some((parts, serving));
        }

        let options = ConnectOptions::from(at)
            .allow_half_open(self.plan.client.half_open)
            .high_water_mark(self.plan.client.high_water_mark);
        let client = EventSocket::new(options);
        self.client.begin(&client);
        let running = client.spawn();
        drop(client); // every party that needs a handle has one

        // The plan, to its end.
        let have_accepted =
            || [Some(&server), sink.as_ref()].into_iter().flatten().all(Serving::has_accepted);
        wait("the connections", || have_accepted() || running.is_finished())?;
        let threads_are_done = || self.parties().all(|party| party.threads_are_done());
        wait("the threads of the plan", threads_are_done)?;
        wait("the last writes", || self.parties().all(|party| party.finish()))?;
        wait("Drain and the timers", || self.parties().all(|party| party.is_settled()))?;
        self.parties().for_each(Party::leave);

        wait("the client's run() returns", || running.is_finished())?;
        self.ran(Role::Client, running);
        if let Some((relay, serving)) = relay {
            serving.close()?; // when it is closed, everything that the relay starts has started
            for (role, running) in relay.running() {
                wait("the relay's run() returns", || running.is_finished())?;
                self.ran(role, running);
            }
            wait("the relay's threads", || relay.threads_are_done())?;
        }
        server.close()?;
        sink.map_or(Ok(()), Serving::close)?;
        // An accepted side may have begun when the plan was over already, and write callbacks may
        // follow Close.
        wait("the threads of the plan", threads_are_done)?;
        wait("all write callbacks", || rules::callbacks::all_have_come(&self.log.entries()))
    }

    fn ran(&self, role: Role, running: JoinHandle<io::Result<()>>) {
        let result = match running.join() {
            Ok(Ok(())) => RunResult::Ok,
            Ok(Err(error)) => RunResult::Err(net::code(&error).to_string()),
            Err(panic) => RunResult::Panic { planned: panic.is::<Planned>() },
        };
        self.log.add(role, What::Ran(result));
    }

    /// Starts the server of an accepting party.
    fn serve(&self, party: &Arc<Party>, part: &Part) -> Result<Serving, String> {
        let options = ServerOptions::default()
            .allow_half_open(part.half_open)
            .high_water_mark(part.high_water_mark)
            .pause_on_connect(part.paused);
        let listener = party.clone();
        let serving = self.start(options, move |socket| listener.accepted(socket))?;
        let _ = party.server.set(Arc::downgrade(&serving.server)); // no client has connected yet
        Ok(serving)
    }

    fn start(
        &self,
        options: ServerOptions,
        on_connection: impl Fn(&EventSocket) + Send + Sync + 'static,
    ) -> Result<Serving, String> {
        let started = RunningServer::start(options, self.place(), on_connection);
        let (server, running) = started.map_err(|error| error.to_string())?;
        Ok(Serving { server, running })
    }

    /// Returns an address for a server. Each schedule has a different one, if the system has more
    /// than one loopback address: a client that is destroyed while it connects may arrive late, and
    /// then not at the next schedule's server, on the same port.
    fn place(&self) -> Endpoint {
        if self.plan.unix { path() } else { (address(self.number), 0).into() }
    }
}

fn address(number: usize) -> IpAddr {
    if cfg!(target_os = "linux") {
        let first = Ipv4Addr::new(127, 1, 0, 0).to_bits();
        Ipv4Addr::from_bits(first + number as u32).into()
    } else {
        Ipv4Addr::LOCALHOST.into()
    }
}

#[cfg(unix)]
fn path() -> Endpoint {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("net-notes-{}-{number}", std::process::id());
    std::env::temp_dir().join(name).into()
}

#[cfg(not(unix))]
fn path() -> Endpoint {
    unreachable!("no plan asks for it")
}

/// A server, and the thread that runs it.
struct Serving {
    server: Arc<RunningServer>,
    running: JoinHandle<()>,
}

impl Serving {
    fn address(&self) -> Result<Address, String> {
        self.server.address().ok_or_else(|| "no address".to_string())
    }

    fn has_accepted(&self) -> bool {
        self.server.has_accepted()
    }

    /// Checks whether it serves, closes it, waits until it is over, and judges it.
    fn close(self) -> Result<(), String> {
        if let Some(visitor) = self.server.visitor() {
            wait("a visitor's run() returns", || visitor.is_finished())?;
            let visited = visitor.join().map_err(|_| "a visitor has panicked")?;
            visited.map_err(|error| format!("a server that listens again: {error}"))?;
        }
        self.server.close().map_err(|error| error.to_string())?;
        wait("a server's run() returns", || self.running.is_finished())?;
        self.running.join().map_err(|_| "a server has panicked")?;
        self.server.judge()
    }
}

/// Waits as `until` does, but returns the failure, so that the log can be shown.
fn wait(what: &str, fact: impl FnMut() -> bool) -> Result<(), String> {
    match becomes_true(DEADLINE, fact) {
        true => Ok(()),
        false => Err(format!("{what}: not so after {DEADLINE:?}")),
    }
}

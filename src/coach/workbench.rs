//! The workbench: the course in the browser, served to this machine only. `cargo run -- open`.
//!
//! The [`gate`] decides which requests are answered, and [`routes`] answers them. All events of programs and of the wire
//! go into one [`log`], which all tabs read.

mod collector;
mod feed;
mod gate;
mod json;
mod key;
mod log;
mod options;
#[cfg(unix)]
mod output;
#[cfg(unix)]
mod page;
#[cfg(unix)]
mod ports;
#[cfg(unix)]
mod program;
mod reply;
mod routes;
#[cfg(unix)]
mod session;
#[cfg(unix)]
mod sessions;
#[cfg(not(unix))]
#[path = "workbench/no_sessions.rs"]
mod sessions;
#[cfg(unix)]
mod shell;
#[cfg(unix)]
mod shell_words;
mod tabs;
mod verdict;
mod watching;

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs};
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use net_notes::check::Lang;
use net_notes::{Server, http};

use self::collector::Collector;
use self::feed::Feed;
use self::gate::Gate;
use self::json::Object;
use self::key::Key;
use self::log::Log;
use self::options::Options;
use self::sessions::Sessions;
use self::tabs::Tabs;
use self::watching::Watching;
use super::context::Coach;
use super::home::Home;
use super::language;
use super::progress::Progress;

/// The port of the workbench if none is given: always the same, so that open tabs survive a restart.
const DEFAULT_PORT: u16 = 8638;
/// The interval of checks for sessions and programs that must end.
const SWEEP_EVERY: Duration = Duration::from_millis(250);
/// The number of connections at the same time: a browser has a few for each tab.
const CONNECTIONS_MAX: usize = 512;

/// The state that all requests share.
#[derive(Debug)]
struct Workbench {
    home: Home,
    gate: Gate,
    log: Arc<Log>,
    tabs: Arc<Tabs>,
    sessions: Arc<Sessions>,
    watching: Arc<Watching>,
    /// The value of `NET_TRACE` for a program that is started by hand.
    trace: String,
    /// What distinguishes this run of the workbench from others: the numbers of events and sessions begin anew.
    run: String,
    is_open_to_others: bool,
}

/// The page of the printed address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opened {
    Path,
    Wire,
}

impl Coach {
    /// Serves the workbench until the process is ended.
    pub(super) fn open(&self, opened: Opened, args: &[&str]) -> ExitCode {
        let Some(options) = Options::parse(args) else {
            return self.misunderstood("open [--port N] [--host NAME]");
        };
        match self.serve(opened, &options) {
            Ok(never) => match never {},
            Err(error) => self.not_opened(opened, &options, &error),
        }
    }

    fn serve(&self, opened: Opened, options: &Options) -> io::Result<std::convert::Infallible> {
        let key = Key::keep(&self.home.key())?;
        let (log, tabs) = (Arc::new(Log::default()), Arc::new(Tabs::default()));
        // The port first: if it is taken, nothing else was started.
        let port = options.port.unwrap_or(DEFAULT_PORT);
        let workbench = Arc::new(OnceLock::new());
        let first = server(&workbench);
        first.listen((IpAddr::from(Ipv4Addr::LOCALHOST), port), |_| {})?;
        let port = first.address().and_then(|address| address.port()).unwrap_or(port);
        let (servers, open_to) = more_servers(first, &workbench, port, options.host.as_deref());

        let own = Arc::new(|event| event);
        let next_port = port.checked_add(1).unwrap_or(0);
        let collector = Collector::start(next_port, &log, own.clone());
        let collector = collector.or_else(|_| Collector::start(0, &log, own))?;
        let url = self.url(opened, port, &key);
        let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let _ = workbench.set(Workbench {
            home: self.home.clone(),
            gate: Gate::new(key, port, options.host.as_deref()),
            sessions: Arc::new(Sessions::new(self.home.root(), &log)),
            watching: Watching::start(&self.home, &log, &tabs),
            trace: collector.address(),
            run: started.as_nanos().to_string(),
            is_open_to_others: !open_to.is_empty(),
            log,
            tabs,
        });
        let running: Vec<_> = servers.iter().map(Server::spawn).collect();
        self.say_where(opened, &url, &collector.address(), &open_to);
        loop {
            thread::sleep(SWEEP_EVERY);
            if let Some(workbench) = workbench.get() {
                workbench.sessions.sweep(&workbench.tabs);
            }
            if running.iter().any(thread::JoinHandle::is_finished) {
                return Err(ErrorKind::BrokenPipe.into());
            }
        }
    }

    fn url(&self, opened: Opened, port: u16, key: &Key) -> String {
        let path = match opened {
            // The one that is remembered, unless another was requested now.
            Opened::Path if self.voice.lang == language::language(&self.home) => String::new(),
            Opened::Path => format!("{}/index.html", language::name(self.voice.lang)),
            Opened::Wire => format!("{}/wire.html", language::name(self.voice.lang)),
        };
        format!("http://127.0.0.1:{port}/{path}?key={}", key.text())
    }

    fn say_where(&self, opened: Opened, url: &str, trace: &str, open_to: &[IpAddr]) {
        let voice = &self.voice;
        let (here, send) = match opened {
            Opened::Path => (voice.say("The workbench is at", "练习台的地址："), None),
            Opened::Wire => (
                voice.say("The wire is shown at", "网络上的往来显示在："),
                Some(format!("NET_TRACE={trace} cargo run --example 03_server")),
            ),
        };
        self.print_as_is(&format!("{here}\n\n  {url}\n"));
        if let Some(send) = send {
            let what = voice.say(
                "Start a program like this, and what crosses the wire appears there:",
                "这样启动程序，网络上的往来就会显示在那里：",
            );
            self.print_as_is(&format!("{what}\n\n  {send}\n"));
        }
        for address in open_to {
            self.print_as_is(&voice.say(
                format!("Other machines can reach it, too, at {address}: nothing is encrypted, and the key is all that keeps them out."),
                format!("别的机器也能通过 {address} 访问它：传输没有加密，只靠密钥挡住别人。"),
            ));
        }
        self.print_as_is(voice.say(
            "Whoever has this address can start the programs of the lessons. Ctrl-C ends it.",
            "有这个地址的人就能启动课程里的程序。按 Ctrl-C 结束。",
        ));
    }

    fn not_opened(&self, opened: Opened, options: &Options, error: &io::Error) -> ExitCode {
        let port = options.port.unwrap_or(DEFAULT_PORT);
        let command = match opened {
            Opened::Path => "open",
            Opened::Wire => "wire",
        };
        let why = self.reason(error);
        if error.kind() != ErrorKind::AddrInUse {
            return self.failed(&self.voice.say(
                format!("the workbench cannot be started: {why}"),
                format!("启动不了练习台：{why}"),
            ));
        }
        self.failed(&self.voice.say(
            format!("port {port} is taken, perhaps by a workbench that you have started before: then its tabs still work.\nTo take another port: cargo run -- {command} --port 0"),
            format!("端口 {port} 已经被占用，可能是之前启动的练习台还在：那样的话，它的页面还能用。\n换一个端口：cargo run -- {command} --port 0"),
        ))
    }
}

/// Creates a server that does not listen yet, for a workbench that does not exist yet.
fn server(workbench: &Arc<OnceLock<Workbench>>) -> Server {
    let options = http::Options::default().body_limit(json::READ_MAX);
    let workbench = workbench.clone();
    let server = http::create_server_with(options, move |request, response| {
        if let Some(workbench) = workbench.get() {
            workbench.handle(request, response);
        }
    });
    server.set_max_connections(Some(CONNECTIONS_MAX));
    server
}

/// Listens on the same port of the other loopback address, and of the allowed host name, if that is this machine.
/// Returns also the addresses at which other machines can reach it.
fn more_servers(
    first: Server,
    workbench: &Arc<OnceLock<Workbench>>,
    port: u16,
    host: Option<&str>,
) -> (Vec<Server>, Vec<IpAddr>) {
    let mut servers = vec![first];
    let mut open_to = Vec::new();
    // An IPv6 address has brackets in a URL only.
    let bare = host.map(|host| host.trim_matches(['[', ']']));
    let named = bare.and_then(|host| (host, port).to_socket_addrs().ok());
    let named = named.into_iter().flatten().map(|address| address.ip());
    for address in [IpAddr::from(Ipv6Addr::LOCALHOST)].into_iter().chain(named) {
        let server = server(workbench);
        // Not every machine has IPv6, and the name may belong to a machine that forwards requests.
        if server.listen((address, port), |_| {}).is_ok() {
            servers.push(server);
            open_to.extend(Some(address).filter(|address| !address.is_loopback()));
        }
    }
    (servers, open_to)
}

impl Workbench {
    /// Creates the feed of one tab, from this event on.
    /// The events from this number on, for a tab that has heard those before from this run of the workbench.
    fn feed(&self, from: u64, run: Option<&str>) -> Feed {
        let progress = watching::progress(&self.home).unwrap_or_else(|| Object::kind("progress"));
        let hello = progress.text("trace", &self.trace).text("run", &self.run);
        let is_of_another = from > 1 && run.is_some_and(|run| run != self.run);
        Feed::new(&self.log, from, is_of_another, hello.flag("isOpen", self.is_open_to_others))
    }

    fn set_language(&self, lang: Lang) -> io::Result<()> {
        Progress::update(&self.home, |progress| progress.set_lang(language::name(lang)))
    }
}

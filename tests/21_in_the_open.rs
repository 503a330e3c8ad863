//! Lesson 21: which clients can reach the diary, read it and exhaust it, with the tools that show
//! it.
#![warn(clippy::disallowed_methods)] // .clippy.toml says which

mod common;
#[cfg(unix)]
use common::browser;

use std::io::{Read, Write};
use std::net::{Ipv6Addr, TcpListener, TcpStream};

#[cfg(target_os = "linux")]
use common::permitted;
use common::{DEADLINE, Program, as_in_header, example, header_output, peer, skipped};
#[cfg(unix)]
use net_notes::check::{Check, Subject};

const NAME: &str = "21_in_the_open";
const ASKS: &str = "password=tea-4-two";
const TELLS: &str = "Dear diary, it rains, and nobody knows.\n";

/// Starts the diary at a free port of this address, with these additional names. Returns the port
/// too.
fn diary(host: &str, names: &[&str]) -> (Program, String) {
    let mut server = Program::start(example(NAME), &[&[host, "0"], names].concat());
    let line = server.line_with("the diary is at ");
    let (_, port) = line.trim_end().rsplit_once(':').expect("an address");
    (server, port.to_string())
}

/// Returns the answer to a `POST` of the password to 127.0.0.1, by a client that sends this `Host`.
fn post(port: &str, host: &str) -> String {
    let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).expect("it listens");
    stream.set_read_timeout(Some(DEADLINE)).expect("not zero");
    stream.write_all(request(host).as_bytes()).expect("connected");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer and the end");
    answer
}

fn request(host: &str) -> String {
    format!("POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: {}\r\n\r\n{ASKS}", ASKS.len())
}

/// Returns the output of a command that the lesson's page shows.
fn shown(command: &str) -> String {
    let page = common::root().join(format!("lessons/{NAME}.md"));
    let page = std::fs::read_to_string(page).expect("the page").replace("\r\n", "\n");
    let (_, rest) = page.split_once(&format!("$ {command}\n")).expect("it is shown");
    rest.split_once("```").expect("the block ends").0.to_string()
}

fn has_ipv6() -> bool {
    let has = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    if !has {
        skipped("this system has no ::1");
    }
    has
}

#[test]
fn it_prints_what_its_header_shows() {
    let (mut server, port) = diary("127.0.0.1", &[]);
    for (host, status) in [("127.0.0.1", "200"), ("evil.example", "421")] {
        let answer = post(&port, &format!("{host}:{port}"));
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        server.line_with(&format!("{host}:{port}: {status}"));
    }
    let (printed, errors) = server.kill();
    assert_eq!(errors, "");
    assert_eq!(as_in_header(&printed).replace(&port, "5000"), header_output(NAME));
}

#[test]
fn it_answers_to_its_names_and_to_no_other() {
    let (_server, port) = diary("127.0.0.1", &["board.example:80"]);
    let with_port = |name: &str| format!("{name}:{port}");
    for own in [with_port("localhost"), with_port("[::1]"), "board.example:80".into()] {
        assert!(post(&port, &own).ends_with(TELLS), "{own}");
    }
    for other in [
        "localhost".into(),
        with_port("board.example"),
        with_port("localhost.evil.example"),
        with_port("127.0.0.1.evil.example"),
    ] {
        assert!(post(&port, &other).starts_with("HTTP/1.1 421 "), "{other}");
    }
}

/// A browser resolves every name under `localhost` to this machine, and sends it in `Host`.
#[cfg(unix)]
#[test]
#[ignore = "starts a browser"]
fn a_browser_says_under_which_name_it_comes() {
    let Some(mut browser) = browser::Browser::start() else { return };
    let (_server, port) = diary("127.0.0.1", &[]);
    for (name, text) in [
        ("evil.localhost", "That is not my name."),
        ("localhost", "What is the password?"),
        ("127.0.0.1", "What is the password?"),
    ] {
        browser.open(&format!("http://{name}:{port}/")).expect("it answers");
        assert_eq!(browser.shown().trim(), text, "{name}");
    }
}

#[test]
fn curl_plays_the_name_server() {
    let Some(curl) = peer("curl") else { return };
    let (_server, port) = diary("127.0.0.1", &[]);
    let evil = format!("evil.example:{port}");
    let args = ["-s", "--resolve", &format!("{evil}:127.0.0.1"), &format!("http://{evil}/")];
    let (_, printed, _) = Program::start(curl, &args).wait();
    assert_eq!(printed, "That is not my name.\n");
}

#[test]
fn each_address_leads_where_the_page_says() {
    if !has_ipv6() {
        return;
    }
    let (status, printed, errors) = Program::start(example(NAME), &["reach"]).wait();
    assert_eq!((status.code(), errors.as_str()), (Some(0), ""));
    let mut page = shown(&format!("cargo run --example {NAME} -- reach"));
    if cfg!(windows) {
        // `::` accepts only IPv6 there, and the address in the network is an IPv4 one.
        let row = "::              yes         yes         yes\n";
        page = page.replace(row, "::              -           yes         -\n");
    }
    assert_eq!(printed.replace("\r\n", "\n"), page);
}

#[test]
#[ignore = "takes two seconds"]
fn limits_end_what_clients_begin() {
    let (status, printed, errors) = Program::start(example(NAME), &["exhaust"]).wait();
    assert_eq!((status.code(), errors.as_str()), (Some(0), ""));
    let page = shown(&format!("cargo run --example {NAME} -- exhaust"));
    assert_eq!(printed.replace("\r\n", "\n"), page);
}

#[test]
fn one_name_may_be_two_servers() {
    if !has_ipv6() {
        return;
    }
    let (mut four, port) = diary("127.0.0.1", &[]);
    let mut six = Program::start(example(NAME), &["::1", &port]);
    six.line_with(&format!("the diary is at [::1]:{port}"));
    if let Some(curl) = peer("curl") {
        for (family, server) in [("-4", &mut four), ("-6", &mut six)] {
            let url = format!("http://localhost:{port}/");
            let (_, printed, _) = Program::start(&curl, &["-s", family, &url]).wait();
            assert_eq!(printed, "What is the password?\n", "{family}");
            server.line_with(&format!("GET to localhost:{port}: 403"));
        }
    }
    if let Some(ss) = peer("ss") {
        let (_, printed, _) = Program::start(ss, &["-Hltn", &format!("sport = :{port}")]).wait();
        for at in [format!("127.0.0.1:{port} "), format!("[::1]:{port} ")] {
            assert_eq!(printed.matches(&at).count(), 1, "{printed}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn strace_shows_where_a_program_listens() {
    let Some(strace) = permitted("strace") else { return };
    let diary = example(NAME);
    let diary = diary.to_str().expect("text");
    for (host, shown) in [("127.0.0.1", "\"127.0.0.1\""), ("0.0.0.0", "\"0.0.0.0\"")] {
        let args = ["-f", "-e", "trace=network", diary, host, "0"];
        let mut traced = in_a_group(&strace, &args);
        traced.line_with("the diary is at ");
        let said = traced.error_with("listen(");
        let bind = said.lines().find(|line| line.contains("bind(")).expect("it binds");
        assert!(bind.contains(&format!("inet_addr({shown})")), "{said}");
        let (_, errors) = interrupted(traced);
        assert!(errors.contains("listen("), "{errors}");
    }
}

/// Starts a tool in a separate process group, as a shell does, so that Ctrl-C reaches it and the
/// processes it has started.
#[cfg(target_os = "linux")]
fn in_a_group(tool: &std::path::Path, args: &[&str]) -> Program {
    use std::os::unix::process::CommandExt;
    Program::spawn(common::command(tool).args(args).process_group(0))
}

/// Presses Ctrl-C, and returns everything that was printed.
#[cfg(target_os = "linux")]
fn interrupted(program: Program) -> (String, String) {
    let group = format!("-{}", program.id());
    let kill = common::command("kill").args(["-INT", "--", &group]).status();
    assert!(kill.expect("kill").success());
    let (_, out, err) = program.wait();
    (out, err)
}

/// The third argument of `recvfrom` is the size of the buffer: small, then the rest of a large one,
/// then a large one.
#[cfg(target_os = "linux")]
#[test]
fn a_connection_begins_with_a_small_buffer() {
    let Some(strace) = permitted("strace") else { return };
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port().to_string();
    let serving = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("the client");
        stream.write_all(&[b'x'; 100_000]).expect("connected");
        stream.shutdown(std::net::Shutdown::Write).expect("connected");
        let _ = stream.read_to_end(&mut Vec::new()); // until the client has ended
    });
    let client = example("04_client");
    let args = ["-f", "-e", "trace=recvfrom", client.to_str().expect("text"), &port];
    let (_, printed, trace) = Program::start(strace, &args).wait();
    serving.join().expect("the server's thread");
    assert_eq!(printed.matches('x').count(), 100_000);
    // recvfrom(3, "xx"..., 2048, 0, NULL, NULL) = 2048
    let asked: Vec<usize> = trace
        .lines()
        .filter(|line| line.contains("recvfrom("))
        .filter_map(|line| line.split(", ").nth(2)?.trim().parse().ok())
        .collect();
    assert!(asked.len() >= 3, "{trace}");
    assert_eq!((asked[0], asked[1]), (2048, 65_536 - 2048), "{trace}");
    assert!(asked[2..].contains(&65_536), "{trace}");
}

/// HAProxy with a certificate that is generated here, in front of the diary.
#[cfg(unix)]
struct Tls {
    folder: net_notes::check::Scratch,
    port: String,
    _diary: Program,
    _haproxy: Program,
}

#[cfg(unix)]
impl Tls {
    /// Starts it. Returns `None`, and prints a notice, if something is missing here.
    fn start() -> Option<Tls> {
        let (haproxy, openssl) = (peer("haproxy")?, peer("openssl")?);
        let check = Check::new(Subject::new(""));
        let folder = check.scratch().expect("a folder");
        let port = check.free_port().expect("a free port").to_string();
        let (diary, inner) = diary("127.0.0.1", &[&format!("localhost:{port}")]);

        let args = "req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=localhost \
                    -addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem";
        let mut request = common::command(openssl);
        request.args(args.split_whitespace()).current_dir(folder.path());
        let (status, _, errors) = Program::spawn(&mut request).wait();
        assert!(status.success(), "{errors}");
        let read = |file| std::fs::read_to_string(folder.path().join(file)).expect(file);
        let both = read("cert.pem") + &read("key.pem");
        std::fs::write(folder.path().join("both.pem"), both).expect("writable");
        // The page's own configuration, with other ports.
        let page = std::fs::read_to_string(common::root().join(format!("lessons/{NAME}.md")));
        let page = page.expect("the page");
        let (_, rest) = page.split_once("```haproxy\n").expect("a configuration");
        let (config, _) = rest.split_once("```").expect("its end");
        let config =
            config.replace(":5001", &format!(":{port}")).replace(":5000", &format!(":{inner}"));
        std::fs::write(folder.path().join("tls.cfg"), config).expect("writable");
        let mut server = common::command(haproxy);
        server.args(["-W", "-f", "tls.cfg"]).current_dir(folder.path());
        let haproxy = Program::spawn(&mut server);
        haproxy.error_with("Loading success");
        Some(Tls { folder, port, _diary: diary, _haproxy: haproxy })
    }

    fn path(&self, file: &str) -> String {
        self.folder.path().join(file).display().to_string()
    }
}

#[cfg(unix)]
#[test]
fn a_client_talks_to_the_certificate_that_it_means() {
    let Some(tls) = Tls::start() else { return };
    let url = format!("https://localhost:{}/", tls.port);
    if let Some(curl) = peer("curl") {
        let (status, printed, _) = Program::start(&curl, &["-s", "--data", ASKS, &url]).wait();
        assert_eq!((status.code(), printed.as_str()), (Some(60), ""));
        let args = ["-s", "--cacert", &tls.path("cert.pem"), "--data", ASKS, &url];
        let (status, printed, _) = Program::start(&curl, &args).wait();
        assert_eq!((status.code(), printed.as_str()), (Some(0), TELLS));
    }
    let at = format!("127.0.0.1:{}", tls.port);
    let args = ["s_client", "-quiet", "-verify_return_error", "-servername", "localhost"];
    for (trusted, ends) in [(Some(tls.path("cert.pem")), TELLS), (None, "")] {
        let file = trusted.iter().flat_map(|file| ["-CAfile", file]);
        let args: Vec<&str> = args.into_iter().chain(["-connect", &at]).chain(file).collect();
        let mut client = Program::start(peer("openssl").expect("it made the certificate"), &args);
        if trusted.is_some() {
            client.type_in(&request(&format!("localhost:{}", tls.port)));
        }
        let (_, printed, errors) = client.wait();
        assert!(printed.ends_with(ends) && printed.is_empty() == ends.is_empty(), "{errors}");
    }
}

/// The traffic on the loopback as text: everything without TLS, only the name with TLS.
#[cfg(target_os = "linux")]
#[test]
fn a_reader_reads_what_is_not_encrypted() {
    let Some(tcpdump) = permitted("tcpdump") else { return };
    let Some(curl) = peer("curl") else { return };
    let Some(tls) = Tls::start() else { return };
    let listens = |port: &str| {
        let filter = format!("tcp port {port}");
        let reader = in_a_group(&tcpdump, &["-i", "lo", "-n", "-l", "-A", &filter]);
        reader.error_with("listening on lo");
        reader
    };

    let (_server, port) = diary("127.0.0.1", &[]);
    let mut reader = listens(&port);
    assert!(post(&port, &format!("localhost:{port}")).ends_with(TELLS));
    reader.line_with(ASKS);
    reader.line_with(TELLS.trim());
    interrupted(reader);

    let mut reader = listens(&tls.port);
    let url = format!("https://localhost:{}/", tls.port);
    let args = ["-s", "--cacert", &tls.path("cert.pem"), "--data", ASKS, &url];
    let (_, printed, _) = Program::start(&curl, &args).wait();
    assert_eq!(printed, TELLS);
    // Plain text to the same port is refused after it was sent. It also marks the end of what was
    // sent before.
    let mut plain = TcpStream::connect(format!("127.0.0.1:{}", tls.port)).expect("it listens");
    plain.set_read_timeout(Some(DEADLINE)).expect("not zero");
    plain.write_all(b"all of it was before this").expect("connected");
    match plain.read(&mut [0]) {
        Ok(0) => {}
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset),
        Ok(_) => panic!("an answer in plain text"),
    }
    reader.line_with("all of it was before this");
    let (seen, _) = interrupted(reader);
    let (before, _) = seen.split_once("all of it was before this").expect("it was seen");
    assert!(before.contains("localhost"), "{before}"); // the name, in the first packet
    for secret in ["password", "Dear", "POST", "HTTP/1.1"] {
        assert!(!before.contains(secret), "{secret} in {before}");
    }
    assert!(before.len() > 1000, "{before}"); // more than the greeting was captured
}

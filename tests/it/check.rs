//! The building blocks of a check: the input that each expects, its message if that does not
//! arrive, and that no program outlives it.
#![cfg(unix)] // the programs under check are small shell scripts

use crate::common;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream, UdpSocket};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use common::{test_name, until, within};
use net_notes::check::{
    Check, Failure, Lang, Observed, Pause, Peer, Rule, Standing, Subject, Verdict, Waiting,
    byte_by_byte, cut,
};

const RULE: Rule = Rule { name: "rule", en: "Do it right.", zh: "做对。", see: "Exercise" };
/// Long enough for what does arrive, even beside two busy loops; and several tests wait for what
/// does not.
const SHORT: Duration = Duration::from_secs(1);

fn check() -> Check {
    Check::with_patience(Subject::new("sh"), SHORT)
}

/// Connects a peer of the check to a server that runs `serve`.
fn against(check: &Check, serve: impl FnOnce(TcpStream) + Send + 'static) -> Peer {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    thread::spawn(move || {
        let (socket, _) = listener.accept().expect("the peer connects");
        socket.set_read_timeout(Some(common::DEADLINE)).expect("open");
        serve(socket);
    });
    check.connect("peer", port).expect("it listens")
}

/// The line that is awaited.
fn next() -> Observed {
    Observed::text("the next line", "下一行")
}

fn failed<T: std::fmt::Debug>(verdict: Verdict<T>) -> Failure {
    verdict.expect_err("it is not as expected")
}

/// Returns the lines of a failure except the transcript, whose times differ.
fn said(failure: &Failure) -> String {
    let text = failure.to_string();
    let lines =
        text.lines().filter(|line| !(line.contains("what happened") || in_transcript(line)));
    lines.map(|line| line.to_string() + "\n").collect()
}

fn in_transcript(line: &str) -> bool {
    line.contains(" ms  ") || line.contains("before these")
}

fn alive(pid: &str) -> bool {
    let mut kill = common::command("sh");
    kill.args(["-c", &format!("kill -0 {pid}")]).stderr(Stdio::null());
    kill.status().expect("sh runs").success()
}

/// A check never panics: not for a time without end, nor for an empty mark.
#[test]
fn extreme_arguments_are_no_panic() {
    within("the peer ends", || {
        let check = Check::with_patience(Subject::new(""), Duration::MAX);
        let mut peer = against(&check, |mut socket| {
            socket.write_all(b"one\n").expect("the peer reads");
        });
        assert_eq!(peer.until(b"", next(), &RULE).expect("bytes have come"), b"");
        peer.expect_line("one", &RULE).expect("it comes");
        failed(peer.expect_silence(Duration::MAX, &RULE));
        failed(peer.until(b"", next(), &RULE));
    });
}

#[test]
fn what_comes_is_compared_byte_by_byte() {
    within("exactly", || {
        let check = check();
        let mut peer = against(&check, |mut socket| {
            socket.write_all(b"one\r\ntwo\r\n\r\nbody").expect("the peer reads");
        });
        peer.expect_exactly("one", &RULE).expect("it does come");
        assert_eq!(peer.line(next(), &RULE).expect("the rest of the line"), "");
        assert_eq!(peer.until(b"\r\n\r\n", next(), &RULE).expect("a head"), b"two\r\n\r\n");
        assert_eq!(peer.take(2, &RULE).expect("two bytes"), b"bo");
        assert_eq!(
            said(&failed(peer.expect_until_fin("by", &RULE))),
            "  rule      Do it right.\n  expected  \"by\", then the end (FIN)\n\
             \x20 actual    \"dy\", then the end (FIN)\n\
             \x20            ^ byte 1\n"
        );
    });
}

#[test]
fn too_little_is_told_from_nothing_and_from_a_reset() {
    within("short", || {
        let check = check();
        let mut peer = against(&check, |mut socket| {
            socket.write_all(b"hal").expect("the peer reads");
            let _ = socket.read(&mut [0]); // until the peer has closed
        });
        let failure = failed(peer.expect_exactly("half", &RULE));
        assert!(said(&failure).contains("actual    \"hal\", then nothing in 1s"), "{failure}");
        assert!(said(&failure).contains("^ byte 4"), "{failure}");
        drop(peer);

        let mut peer = against(&check, |socket| {
            let _ = socket.peek(&mut [0]); // unread bytes reset the connection
        });
        peer.send("ignored");
        peer.expect_reset(&RULE).expect("it was cut off");
        let failure = failed(peer.read_to_fin(&RULE));
        assert!(said(&failure).contains("expected  the end (FIN)\n  actual    a reset (RST)"));
    });
}

#[test]
fn an_end_is_a_fin_or_a_reset() {
    within("end", || {
        let check = check();
        against(&check, drop).expect_end(&RULE).expect("a FIN");
        let mut peer = against(&check, |mut socket| {
            socket.write_all(b"what comes before").expect("the peer reads");
            let _ = socket.peek(&mut [0]); // unread bytes reset the connection
        });
        peer.send("unread");
        peer.expect_end(&RULE).expect("a reset");
        let mut peer = against(&check, |mut socket| _ = socket.read(&mut [0]));
        let failure = failed(peer.expect_end(&RULE));
        assert!(
            said(&failure)
                .contains("expected  the program ends the connection\n  actual    nothing in 1s"),
            "{failure}"
        );
    });
}

#[test]
#[ignore = "is a flood for two seconds"]
fn endless_sending_fills_no_memory() {
    within("endless sending", || {
        let check = Check::with_patience(Subject::new("sh"), common::DEADLINE);
        let endless = |mut socket: TcpStream| {
            let block = vec![b'x'; 1 << 20];
            while socket.write_all(&block).is_ok() {}
        };
        for expect in [
            |peer: &mut Peer| peer.read_to_fin(&RULE).map(drop),
            |peer: &mut Peer| peer.until(b"\n", next(), &RULE).map(drop),
            |peer: &mut Peer| peer.take(usize::MAX, &RULE).map(drop),
        ] {
            let failure = failed(expect(&mut against(&check, endless)));
            assert!(said(&failure).contains(", then more than 64 MiB"), "{failure}");
        }
    });
}

#[test]
fn silence_is_expected_for_a_time() {
    within("silence", || {
        let check = check();
        let mut peer = against(&check, |mut socket| {
            let mut byte = [0];
            socket.read_exact(&mut byte).expect("the peer asks");
            socket.write_all(b"psst").expect("the peer reads");
            let _ = socket.read(&mut byte);
        });
        let began = Instant::now();
        peer.expect_silence(Duration::from_millis(60), &RULE).expect("nothing was asked");
        assert!(began.elapsed() >= Duration::from_millis(60));
        peer.send("?");
        let failure = failed(peer.expect_silence(common::DEADLINE, &RULE));
        assert!(said(&failure).contains("actual    \"psst\""), "{failure}");
        peer.half_close();
        let failure = failed(peer.expect_silence(common::DEADLINE, &RULE));
        assert!(said(&failure).contains("actual    the end (FIN)"), "{failure}");
    });
}

#[test]
fn pieces_arrive_one_by_one_and_whole() {
    assert_eq!(cut(b"abcdef", &[2, 3, 3, 9]), [&b"ab"[..], b"c", b"def"]);
    within("pieces", || {
        let check = check();
        let (tell, told) = std::sync::mpsc::channel();
        let mut peer = against(&check, move |mut socket| {
            let (mut all, mut chunk) = (Vec::new(), [0; 100]);
            let mut reads = 0;
            while let Ok(size @ 1..) = socket.read(&mut chunk) {
                all.extend_from_slice(&chunk[..size]);
                reads += 1;
            }
            tell.send((all, reads)).expect("the test waits");
        });
        peer.send_pieces(byte_by_byte("你好".as_bytes()));
        peer.half_close();
        let (all, reads) = told.recv().expect("the server reads");
        assert_eq!(all, "你好".as_bytes());
        assert!(reads > 1, "six pieces in one read");
    });
}

/// A sent message is listed before its effects, and a byte-by-byte exchange is one entry.
#[test]
fn the_transcript_goes_from_cause_to_effect() {
    within("transcript", || {
        let check = check();
        let mut peer = against(&check, |mut socket| {
            let mut word = [0; 5];
            socket.read_exact(&mut word).expect("the peer sends");
            socket.write_all(b"thanks").expect("the peer reads");
        });
        peer.send_pieces(byte_by_byte(b"hello"));
        let text = failed(peer.expect_exactly("welcome", &RULE)).to_string();
        let sent = text.find("→ \"hello\" 5 B, one by one").unwrap_or_else(|| panic!("{text}"));
        assert!(text.find("← \"thanks\" 6 B").is_some_and(|came| came > sent), "{text}");
    });
}

#[test]
fn a_peer_resets_stalls_and_floods() {
    within("hostile", || {
        let check = check();
        let (tell, told) = std::sync::mpsc::channel();
        let again = tell.clone();
        let peer = against(&check, move |mut socket| {
            socket.write_all(b"unread").expect("connected");
            tell.send(socket.read(&mut [0]).map_err(|error| error.kind())).expect("waits");
        });
        assert!(peer.reset(), "there was something to leave unread");
        let reset = std::io::ErrorKind::ConnectionReset;
        assert_eq!(told.recv().expect("the server reads"), Err(reset));

        let silent = against(&check, |mut socket| _ = socket.read(&mut [0]));
        assert!(!silent.reset(), "nothing came that could be left unread");

        let mut peer = against(&check, |socket| _ = socket.peek(&mut [0]));
        let taken = peer.flood(64 << 20);
        assert!(taken < 64 << 20, "all taken by a server that has gone");
        peer.expect_reset(&RULE).expect("the send has met it, and the next read does not show it");

        let peer = against(&check, move |mut socket| {
            let block = vec![0; 1 << 20];
            socket.set_write_timeout(Some(SHORT)).expect("open");
            let full =
                (0..64).find_map(|_| socket.write_all(&block).err()).map(|error| error.kind());
            again.send(Err(full.expect("nobody reads"))).expect("waits");
        });
        peer.stall();
        let full = told.recv().expect("the server writes");
        assert!(
            matches!(full, Err(std::io::ErrorKind::WouldBlock)),
            "open, and not read: {full:?}"
        );

        let (over, flood) = std::sync::mpsc::channel::<()>();
        let mut peer = against(&check, move |_open| _ = flood.recv());
        let taken = peer.flood(64 << 20);
        assert!((1..64 << 20).contains(&taken), "{taken} B taken by a server that does not read");
        peer.stall();
        drop(over);
    });
}

/// Also if the other check is in another process: so it is told by a socket, and not by a list.
#[test]
fn a_free_port_is_one_checks_alone_until_it_is_over() {
    let ours = check();
    let ports: Vec<u16> = (0..20).map(|_| ours.free_port().expect("a port")).collect();
    let is_claimed = |port: &u16| UdpSocket::bind(("127.0.0.1", *port)).is_err();
    assert!(ports.iter().all(is_claimed), "{ports:?}");
    // What another process has claimed is passed over.
    let next = ports[19] + 1..ports[19] + 40;
    let theirs = next.filter_map(|port| UdpSocket::bind(("127.0.0.1", port)).ok());
    let theirs: Vec<UdpSocket> = theirs.collect();
    let theirs_has = |port| theirs.iter().any(|claim| claim.local_addr().unwrap().port() == port);
    for _ in 0..40 {
        let port = ours.free_port().expect("a port");
        assert!(!theirs_has(port) && !ports.contains(&port), "{port}");
    }
    drop(ours);
    until("they are free again", || !ports.iter().any(is_claimed));
}

#[test]
fn many_at_once_tell_the_first_failure() {
    within("many", || {
        let check = check();
        let all = std::sync::Barrier::new(8);
        check
            .at_once(8, |_| {
                all.wait(); // returns only if they do run at the same time
                Ok(())
            })
            .expect("none fails");
        let host = check.listen().expect("a free port");
        let failure = failed(check.at_once(3, |n| match n {
            1 => host.accept("nobody", &RULE).map(drop),
            _ => Ok(()),
        }));
        assert!(
            said(&failure).contains("expected  the program connects to 127.0.0.1 port")
                && said(&failure).contains("actual    nothing in 1s"),
            "{failure}"
        );
    });
}

#[test]
fn a_host_waits_for_the_program() {
    within("host", || {
        let check = check();
        let host = check.listen().expect("a free port");
        let mut client = TcpStream::connect(("127.0.0.1", host.port())).expect("it listens");
        let mut peer = host.accept("client", &RULE).expect("it has connected");
        peer.send("hi");
        drop(peer);
        let mut all = String::new();
        client.read_to_string(&mut all).expect("text");
        assert_eq!(all, "hi");
        client.shutdown(Shutdown::Both).ok();
    });
}

#[test]
fn output_is_read_line_by_line_and_input_typed() {
    within("lines", || {
        let check = check();
        let script = r#"echo one; read x; printf 'got %s\r\n' "$x"; cat; printf last; exit 7"#;
        let program = check.start(["-c", script]).expect("sh runs");
        program.expect_line("", "one", &RULE).expect("the first line");
        let failure = failed(program.expect_line("", "too early", &RULE));
        assert!(said(&failure).contains("actual    nothing in 1s"), "{failure}");
        program.type_in("that\n");
        assert_eq!(program.line(&RULE).expect("an answer"), "got that");
        program.expect_running(&RULE).expect("cat waits for the end of the input");
        program.close_stdin();
        let ended = program.wait(&RULE).expect("it ends");
        assert_eq!(
            (ended.status, &*ended.stdout, &*ended.stderr),
            (Some(7), &b"one\ngot that\r\nlast"[..], "")
        );
        assert_eq!(program.line(&RULE).expect("without a line end"), "last");
        let failure = failed(program.line(&RULE));
        assert!(
            said(&failure).contains("actual    the program ends with exit status 7"),
            "{failure}"
        );
        failed(program.expect_running(&RULE));
    });
}

#[test]
fn output_is_bytes_and_the_exit_status_is_looked_at() {
    within("output", || {
        let check = check();
        let program = check.start(["-c", r"printf 'a\0\377\n'; exit 4"]).expect("sh runs");
        program.expect_output(b"a\0\xff\n", &RULE).expect("byte by byte");
        assert_eq!(program.expect_exit(4, &RULE).expect("it is 4").status, Some(4));
        let failure = failed(program.expect_output(b"a\0\xfe\n", &RULE));
        assert!(said(&failure).contains("actual    \"a\\0\\xff\\n\"\n"), "{failure}");
        assert!(said(&failure).contains("^ byte 3\n"), "{failure}");
        let failure = failed(program.expect_exit(0, &RULE));
        assert_eq!(
            said(&failure),
            "  rule      Do it right.\n  expected  the program ends with exit status 0\n\
             \x20 actual    the program ends with exit status 4\n"
        );
        let program = check.start(["-c", "read x"]).expect("sh runs");
        let failure = failed(program.expect_exit(0, &RULE));
        assert!(said(&failure).contains("actual    it still runs after 1s"), "{failure}");
    });
}

#[test]
fn a_program_that_ends_early_is_shown_with_its_errors() {
    within("early", || {
        let check = check();
        let program = check.start(["-c", "echo hello; echo oops >&2; exit 3"]).expect("sh runs");
        let failure = failed(program.port());
        assert_eq!(failure.rule().name, "stays-up");
        let text = failure.to_string();
        let end = "actual    \"hello\", then the program ends with exit status 3\n";
        assert!(text.contains(end), "{text}");
        assert!(text.contains("  stderr\n    oops\n"), "{text}");
        assert!(text.contains("program  prints \"hello\\n\"\n"), "{text}");
        let text = failure.show(Lang::Zh);
        assert!(text.contains("实际是    \"hello\"，然后程序结束，退出状态为 3\n"), "{text}");
    });
}

/// The program that broke the connection may have died of it: the failure reports that, too.
#[test]
fn a_program_that_dies_meanwhile_is_said_to_have() {
    within("meanwhile", || {
        let check = check();
        let _program = check.start(["-c", "echo 'died of it' >&2; kill -9 $$"]).expect("sh runs");
        let mut peer = against(&check, drop);
        let text = failed(peer.expect_exactly("x", &RULE)).to_string();
        assert!(text.contains("meanwhile the program is killed by a signal\n"), "{text}");
        assert!(text.contains("    died of it\n"), "{text}");
    });
}

#[test]
fn each_program_has_its_own_last_words() {
    within("two", || {
        let check = check();
        let one = check.start(["-c", "echo of one >&2; exit 3"]).expect("sh runs");
        let _two = check.start(["-c", "echo of two >&2; exit 4"]).expect("sh runs");
        let text = failed(one.expect_exit(0, &RULE)).to_string();
        assert!(text.contains("  stderr\n    of one\n"), "{text}");
    });
}

#[test]
fn a_program_that_hangs_is_a_result_and_dies_with_its_children() {
    within("hangs", || {
        let check = check();
        let program = check.start(["-c", "sleep 1000 & echo $!; wait"]).expect("sh runs");
        let child = program.line(&RULE).expect("the child's id");
        let failure = failed(program.wait(&RULE));
        assert!(said(&failure).contains("actual    it still runs after 1s"), "{failure}");
        let failure = failed(program.port());
        assert_eq!(failure.rule().name, "says-port");
        assert!(alive(&child));
        drop(program);
        until("the child is gone, too", || !alive(&child));
    });
}

#[test]
fn what_cannot_start_and_what_does_not_listen_is_said() {
    within("nothing there", || {
        let nowhere = Check::new(Subject::new("/nowhere/at/all"));
        let failure = failed(nowhere.start(["0"]));
        assert_eq!(failure.rule().name, "starts");
        assert!(failure.to_string().contains("No such file"), "{failure}");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
        let failure = failed(check().connect("peer", port.expect("a free port")));
        assert_eq!(failure.rule().name, "accepts");
        assert!(said(&failure).contains("Connection refused"), "{failure}");
    });
}

/// A program may print more than it was asked to, but not for ever.
#[test]
fn other_lines_are_passed_over_until_the_deadline() {
    within("other lines", || {
        let check = check();
        let script = "echo hello; echo listening; echo PORT: 4000; echo '2 found '; echo bye";
        let program = check.start(["-c", script]).expect("sh runs");
        assert_eq!(program.line_with("listen", &RULE).expect("it is there"), "listening");
        assert_eq!(program.port().expect("the next line has it"), 4000);
        program.expect_line("found", "2 found", &RULE).expect("it is there");
        let text = said(&failed(program.expect_line("found", "3 found", &RULE)));
        let came = "expected  \"3 found\"\n  actual    \"bye\", then the program ends with";
        assert!(text.contains(came), "{text}");

        let endless = check.start(["-c", "while :; do echo not yet; sleep 0.1; done"]);
        let endless = endless.expect("sh runs");
        let failure = failed(endless.port());
        assert_eq!(failure.rule().name, "says-port");
        let failure = failed(endless.line_with("now", &RULE));
        assert!(said(&failure).contains("actual    \"not yet\", then nothing in 1s"), "{failure}");
    });
}

#[test]
fn an_error_is_a_status_and_a_message() {
    within("error", || {
        let check = check();
        let ends = |script| check.start(["-c", script]).expect("sh runs");
        ends("echo any >&2; exit 1").expect_error(&RULE).expect("any message");
        for (script, expected) in [
            ("echo port >&2; exit 2", "the program ends with exit status 1"),
            ("echo port; exit 1", "a message on standard error"),
            ("echo >&2; exit 1", "a message on standard error"),
        ] {
            let failure = failed(ends(script).expect_error(&RULE));
            assert!(said(&failure).contains(&format!("expected  {expected}\n")), "{failure}");
        }
    });
}

#[test]
fn who_does_not_read_what_is_typed_holds_up_nobody() {
    within("typed", || {
        let check = check();
        let program = check.start(["-c", "sleep 1000"]).expect("sh runs");
        program.type_in(&("x".repeat(1 << 20) + "\n"));
        let failure = failed(program.wait(&RULE));
        assert!(failure.to_string().contains("program  does not take all of it"), "{failure}");
        program.close_stdin();
        program.kill();
        program.type_in("nobody is there any more");
    });
}

#[test]
fn a_scratch_folder_is_empty_short_and_gone_in_the_end() {
    within("scratch", || {
        let check = check();
        let (one, two) = (check.scratch().expect("room"), check.scratch().expect("room"));
        assert_ne!(one.path(), two.path());
        let path = one.path().to_path_buf();
        assert_eq!(path.read_dir().expect("a folder").count(), 0);
        std::os::unix::net::UnixListener::bind(path.join("words.sock")).expect("a short path");
        drop(one);
        assert!(!path.exists() && two.path().exists());
    });
}

#[test]
fn endless_output_is_read_and_not_kept() {
    within("endless", || {
        let check = check();
        let program = check.start(["-c", "yes | head -c 20000000; exit 5"]).expect("sh runs");
        let ended = loop {
            // 20 MB may take longer than the short timeout of these tests.
            if let Ok(ended) = program.wait(&RULE) {
                break ended;
            }
        };
        assert_eq!((ended.status, ended.stdout.len()), (Some(5), 1 << 20));
    });
}

/// Ctrl-C ends the check at once, and must leave neither the student's program behind, which may
/// hold a port, nor the files it wrote.
#[test]
fn no_program_outlives_a_check_that_is_killed() {
    const INSIDE: &str = "NET_NOTES_KILLED";
    const NAME: &str = "no_program_outlives_a_check_that_is_killed";
    if std::env::var_os(INSIDE).is_some() {
        let check = check();
        let scratch = check.scratch().expect("room");
        let program = check.start(["-c", "echo $$; sleep 1000"]).expect("sh runs");
        println!("\nfolder {}", scratch.path().display());
        println!("program {}", program.line(&RULE).expect("its id"));
        common::let_pass(common::DEADLINE); // it is killed before
        return;
    }
    within("killed", || {
        let mut own = common::command(std::env::current_exe().expect("own path"));
        own.args(["--exact", &test_name(module_path!(), NAME), "--nocapture"]).env(INSIDE, "1");
        let mut inside = common::Program::spawn(&mut own);
        let line = inside.line_with("folder ");
        let folder = Path::new(line.trim_start_matches("folder ").trim());
        assert!(folder.exists());
        let line = inside.line_with("program ");
        let program = line.trim().rsplit(' ').next().expect("the id").to_string();
        assert!(alive(&program));
        inside.kill();
        until("the program is gone", || !alive(&program));
        until("and its folder", || !folder.exists());
    });
}

/// In place of a number a program may print any text: the failure shows it, and soon.
#[test]
fn a_line_without_the_port_is_shown() {
    within("port", || {
        let check = Check::with_patience(Subject::new("sh"), common::DEADLINE);
        let script = "echo 'listening on port Some(Tcp(127.0.0.1:4000))'; read x";
        let program = check.start(["-c", script]).expect("sh runs");
        let failure = failed(program.port());
        assert_eq!(failure.rule().name, "says-port");
        assert!(said(&failure).contains("actual    \"listening on port Some(Tcp("), "{failure}");
    });
}

#[test]
fn what_a_program_leaves_behind_ends_with_it() {
    within("left behind", || {
        let program = check().start(["-c", "sleep 1000 & echo $!"]).expect("sh runs");
        let child = program.line(&RULE).expect("the child's id");
        program.expect_output(format!("{child}\n"), &RULE).expect("all that it printed");
        until("the child is gone, too", || !alive(&child));
        drop(program);
    });
}

/// Here, output of a program that has ended still arrives late, as its child is out of reach.
#[test]
fn the_end_of_the_output_is_waited_for_as_long_as_anything() {
    const LATE: &str = "NET_NOTES_LATE";
    if std::env::var_os(LATE).is_some() {
        let mut child = common::command("sh");
        child.args(["-c", "sleep 0.6; echo late"]).process_group(0).spawn().expect("sh runs");
        std::process::exit(0);
    }
    within("late", || {
        let program = std::env::current_exe().expect("this test");
        let check = Check::new(Subject::new(program).env(LATE, "1"));
        let test = "the_end_of_the_output_is_waited_for_as_long_as_anything";
        let test = test_name(module_path!(), test);
        let program = check.start(["--exact", &test, "--nocapture"]).expect("it runs");
        let printed = program.wait(&RULE).expect("it ends").stdout;
        let printed = String::from_utf8_lossy(&printed);
        assert!(printed.ends_with("late\n"), "{printed}");
    });
}

#[test]
fn a_line_ends_in_one_of_two_ways_and_one_of_several_answers_is_right() {
    within("any", || {
        let check = check();
        let mut peer = against(&check, |mut socket| {
            socket.write_all(b"one\r\ntwo\nthree\nfo").expect("the peer reads");
        });
        peer.expect_line("one", &RULE).expect("with \\r\\n");
        peer.expect_line("two", &RULE).expect("with \\n");
        assert_eq!(peer.expect_any(&["thr\n", "three\n"], &RULE).expect("the second"), 1);
        let failure = failed(peer.expect_any(&["five", "four"], &RULE));
        let text = said(&failure);
        assert!(
            text.contains("expected  \"five\"\n  actual    \"fo\", then the end (FIN)"),
            "{text}"
        );
    });
}

/// A reader looks for the line that was awaited, and not for the byte at its end.
#[test]
fn lines_end_all_in_one_way_or_all_in_the_other() {
    within("lines", || {
        let check = check();
        let against = |lines: &'static str| {
            against(&check, |mut socket| socket.write_all(lines.as_bytes()).expect("room"))
        };
        for lines in ["one\ntwo\n", "one\r\ntwo\r\n"] {
            against(lines).expect_lines("one\ntwo\n", &RULE).expect("one way");
            against(lines).expect_lines_until_fin("one\ntwo\n", &RULE).expect("and the end");
        }
        for lines in ["one\r\ntwo\n", "one\r\ntwo", "one\ntwo\r"] {
            failed(against(lines).expect_lines("one\ntwo\n", &RULE));
            failed(against(lines).expect_lines_until_fin("one\ntwo\n", &RULE));
        }
        failed(against("one\r\ntwo\r\nthree").expect_lines_until_fin("one\ntwo\n", &RULE));
        against("no end").expect_lines_until_fin("no end", &RULE).expect("no line");
    });
}

#[test]
fn what_was_awaited_is_said() {
    within("awaited", || {
        let check = check();
        let mut peer = against(&check, |mut socket| {
            socket.write_all(b"half a line").expect("the peer reads");
        });
        let failure = failed(peer.line(next(), &RULE));
        let text = "expected  the next line\n  actual    \"half a line\", then the end (FIN)";
        assert!(said(&failure).contains(text), "{failure}");
    });
}

#[test]
fn the_long_pause_is_waited_out_in_silence() {
    within("pause", || {
        let check = check();
        let pause = check.long_pause();
        let silent = |mut socket: TcpStream| _ = socket.read(&mut [0]);
        let (began, mut waits) = (Instant::now(), against(&check, silent));
        let failure = failed(against(&check, drop).wait_out(&check.long_pause(), &RULE));
        assert!(said(&failure).contains("actual    the end (FIN)"), "{failure}");
        waits.wait_out(&pause, &RULE).expect("nothing comes");
        assert!(began.elapsed() >= Pause::shortest());
        // The time is over, but an end that arrived in the meantime is still seen.
        let mut ended = against(&check, drop);
        until("the end is there", || !ended.wait_unread());
        let failure = failed(ended.wait_out(&pause, &RULE));
        assert!(said(&failure).contains("actual    the end (FIN)"), "{failure}");
    });
}

/// A program that waits for more input before it answers is late each time; one on a busy machine
/// only now and then.
#[test]
fn what_must_be_done_at_once_may_be_late_once() {
    within("promptly", || {
        let check = check();
        let late = || {
            let began = Instant::now();
            until("it is late", || began.elapsed() > Pause::shortest());
        };
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut attempts = 0;
                let exchange = || {
                    attempts += 1;
                    if attempts == 1 {
                        late();
                    }
                    Ok(())
                };
                check.promptly(&RULE, exchange).expect("the second time it was quick");
                assert_eq!(attempts, 2);
            });
            let failure = failed(check.promptly(&RULE, || {
                late();
                Ok(())
            }));
            assert!(said(&failure).contains("s, each time: as if it waited"), "{failure}");
        });
    });
}

#[test]
#[cfg(target_os = "linux")] // other systems do not report it
fn a_program_that_runs_in_circles_is_caught() {
    within("busy", || {
        let check = check();
        let waits = check.start(["-c", "read x"]).expect("sh runs");
        waits.watch().expect_idle(&RULE).expect("it waits");
        let busy = check.start(["-c", "while :; do :; done"]).expect("sh runs");
        let failure = failed(busy.watch().expect_idle(&RULE));
        assert!(
            said(&failure).contains("nothing to do, and it keeps a processor busy"),
            "{failure}"
        );
        let text = "actual    nothing in 1s\n  meanwhile the program does not wait: it keeps";
        // On a busy machine it may once get too little of the processor to be noticed.
        until("it is noticed", || said(&failed(busy.line(&RULE))).contains(text));
    });
}

/// Output of a program about a connection that the check has cut off is not a mistake of the
/// program.
#[test]
fn errors_that_the_check_has_caused_are_not_the_programs() {
    within("caused", || {
        let check = check();
        let script = "echo 'Connection reset by peer' >&2; echo mine >&2; read x";
        let program = check.start(["-c", script]).expect("sh runs");
        let text = failed(program.line(&RULE)).to_string();
        assert!(text.contains("    Connection reset by peer\n    mine\n"), "{text}");
        drop(against(&check, |mut socket| _ = socket.read(&mut [0])));
        let text = failed(program.line(&RULE)).to_string();
        assert!(text.contains("  stderr\n    mine\n"), "{text}");
    });
}

#[test]
fn what_is_waited_for_and_what_was_kept_is_known() {
    within("known", || {
        let check = check();
        let other = Rule { name: "other", ..RULE };
        let mut peer = against(&check, |mut socket| _ = socket.read(&mut [0]));
        assert_eq!(check.waiting(), None);
        let failure = thread::scope(|scope| {
            let waits = scope.spawn(|| failed(peer.expect_exactly("x", &RULE)));
            until("it waits", || {
                check.waiting().is_some_and(|(_, waiting)| waiting == Waiting::For(RULE))
            });
            check.kept(&other);
            waits.join().expect("no panic")
        });
        assert_eq!(check.waiting(), None);
        assert_eq!(failure.standing(&RULE), Standing::Broken);
        assert_eq!(failure.standing(&other), Standing::Kept);
        assert_eq!(failure.standing(&Rule { name: "third", ..RULE }), Standing::NotReached);
        assert!(check.has_kept(&other) && !check.has_kept(&RULE));
    });
}

/// A program that ignores its host is distinguished from one that does not connect at all.
#[test]
fn a_host_is_found_by_its_name_and_a_port_that_is_guessed_is_known() {
    within("by name", || {
        let check = check();
        let host = check.listen().expect("a free port");
        let _client = TcpStream::connect(("localhost", host.port())).expect("it listens");
        host.accept("client", &RULE).expect("it has connected");
        let port = check.free_port().expect("a free port");
        let hosts = check.listen_on(&[port]);
        let [host] = &hosts[..] else {
            return common::skipped("this system has no other address for itself");
        };
        assert!(host.port() == port && !host.is_visited(), "{host:?}");
        let _client = TcpStream::connect((&*host.ip(), port)).expect("it listens");
        until("it is visited", || host.is_visited());
    });
}

#[test]
fn a_host_that_is_ignored_is_named() {
    within("apart", || {
        let check = check();
        let Some((apart, usual)) = check.listen_apart().expect("free ports") else {
            return common::skipped("this system has no other address for itself");
        };
        assert_eq!((apart.port(), usual.ip()), (usual.port(), "127.0.0.1".to_string()));
        let _client = TcpStream::connect((&*apart.ip(), apart.port())).expect("it listens");
        apart.accept_and_not(Some(&usual), "client", &RULE).expect("the right one");
        let _client = TcpStream::connect((&*usual.ip(), usual.port())).expect("it listens");
        let failure = failed(apart.accept_and_not(Some(&usual), "client", &RULE));
        let text = format!("actual    the program connects to 127.0.0.1 port {}", usual.port());
        assert!(said(&failure).contains(&text), "{failure}");
    });
}

/// On a terminal of 80 columns and 24 lines the answer is on the screen.
#[test]
fn the_answer_stands_at_the_end_and_fits_the_terminal() {
    within("screen", || {
        let check = check();
        for n in 0..30 {
            let mut peer = against(&check, |mut socket| _ = socket.write_all(&[b'x'; 200]));
            peer.expect_exactly([b'x'; 200], &RULE).expect("they come");
            peer.remark(if n == 0 { "the first" } else { "one more" }, "又一个");
        }
        let mut peer = against(&check, |mut socket| _ = socket.write_all(&[b'y'; 500]));
        let text = failed(peer.expect_exactly([b'x'; 500], &RULE)).show_in(Lang::En, 80);
        assert!(text.lines().count() <= 24, "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        let last: Vec<&str> = text.lines().rev().take(4).collect();
        assert!(last[0].ends_with("^ byte 1") && last[3].starts_with("  rule"), "{text}");
        assert!(text.contains("over, and as it should be: peer, peer"), "{text}");
        assert!(!text.contains("the first"), "{text}");
    });
}

//! Lesson 6: two processes on one machine, over a Unix socket; where there is none, over TCP.
#![warn(clippy::disallowed_methods)] // .clippy.toml says which

mod common;

use common::{Program, example};

const NAME: &str = "06_ipc";

#[cfg(unix)]
mod unix {
    use super::common::{self, DEADLINE, command, peer, until, within};
    use super::{NAME, Program, example};
    use std::io::{Read, Write};
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::path::{Path, PathBuf};
    use std::process::ExitStatus;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::{env, fs, process, thread};

    /// A folder for one test, in which the file of the socket is created and removed; removed with
    /// everything in it.
    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Folder {
            static COUNT: AtomicUsize = AtomicUsize::new(0);
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            // Short, as a socket's path has at most 104 bytes on macOS.
            let folder = env::temp_dir().join(format!("net-notes-06-{}-{number}", process::id()));
            fs::create_dir_all(&folder).expect("a folder of our own");
            Folder(folder)
        }

        fn start(&self, args: &[&str]) -> Program {
            Program::spawn(command(example(NAME)).args(args).current_dir(&self.0))
        }

        /// Starts a server, and waits for its first line.
        fn server(&self) -> Program {
            let mut server = self.start(&["server"]);
            assert_eq!(server.line(), "server started: ipc.sock (Enter closes it)\n");
            server
        }

        fn visit(&self) -> (ExitStatus, String, String) {
            self.start(&["client"]).wait()
        }

        fn connect(&self) -> UnixStream {
            let stream = UnixStream::connect(self.socket()).expect("the server listens");
            stream.set_read_timeout(Some(DEADLINE)).expect("not zero");
            stream
        }

        fn socket(&self) -> PathBuf {
            self.0.join("ipc.sock")
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    /// Presses Enter. Returns everything the server printed; it exits successfully.
    fn enter(mut server: Program) -> String {
        server.type_in("\n");
        let (status, printed, errors) = server.wait();
        assert_eq!((status.code(), errors.as_str()), (Some(0), ""), "{printed}");
        printed
    }

    fn refused(done: (ExitStatus, String, String), message: &str) {
        let (status, printed, errors) = done;
        assert_eq!((status.code(), printed.as_str()), (Some(1), ""));
        assert!(errors.starts_with(&format!("{message}\nFirst one server, ")), "{errors}");
    }

    #[test]
    fn two_processes_talk_and_it_prints_what_its_header_shows() {
        let folder = Folder::new();
        let server = folder.server();
        let (status, printed, errors) = folder.visit();
        assert_eq!((status.code(), errors.as_str()), (Some(0), ""));
        assert_eq!(printed, "hello back\n");
        assert_eq!(enter(server), common::header_output(NAME));
    }

    #[test]
    fn the_file_is_there_while_the_server_is_and_gone_with_it() {
        use std::os::unix::fs::FileTypeExt;
        let folder = Folder::new();
        refused(folder.visit(), "connect ENOENT ipc.sock");
        let server = folder.server();
        let file = fs::symlink_metadata(folder.socket()).expect("the file is there");
        assert!(file.file_type().is_socket());
        enter(server);
        assert!(!folder.socket().exists());
        refused(folder.visit(), "connect ENOENT ipc.sock");
        enter(folder.server()); // and the place is free again
    }

    #[test]
    fn the_file_of_a_killed_server_stays_and_the_next_server_removes_it() {
        let folder = Folder::new();
        folder.server().kill();
        assert!(folder.socket().exists());
        refused(folder.visit(), "connect ECONNREFUSED ipc.sock");
        let mut server = folder.start(&["server"]);
        assert_eq!(server.line(), "ipc.sock was left over: removed\n");
        assert_eq!(server.line(), "server started: ipc.sock (Enter closes it)\n");
        assert_eq!(folder.visit().1, "hello back\n");
        enter(server);
        assert!(!folder.socket().exists());
    }

    /// Checking whether a server answers is a visit. It must not harm the server that does.
    #[test]
    fn a_server_that_lives_is_not_robbed_of_its_file() {
        let folder = Folder::new();
        let server = folder.server();
        for _ in 0..5 {
            let done = folder.start(&["server"]).wait();
            refused(done, "listen EADDRINUSE: address already in use ipc.sock");
        }
        assert_eq!(folder.visit().1, "hello back\n");
        let printed = enter(server);
        assert_eq!(printed.matches("hello from another process\n").count(), 1);
        assert_eq!(printed.matches("server connected\n").count(), 6, "{printed}");
    }

    /// A connection to such a file may be refused just as to a left-over socket, but the file may
    /// be valuable.
    #[test]
    fn a_file_that_is_no_socket_is_not_removed() {
        let folder = Folder::new();
        fs::write(folder.socket(), "the only copy").expect("written");
        let in_use = "listen EADDRINUSE: address already in use ipc.sock";
        refused(folder.start(&["server"]).wait(), in_use);
        assert_eq!(fs::read_to_string(folder.socket()).expect("still there"), "the only copy");
        if cfg!(target_os = "linux") {
            refused(folder.visit(), "connect ECONNREFUSED ipc.sock"); // as the lesson says
        }

        // Nor is a link to a left-over socket removed: its owner needs it.
        fs::remove_file(folder.socket()).expect("ours");
        drop(UnixListener::bind(folder.0.join("other.sock")).expect("a free path"));
        std::os::unix::fs::symlink("other.sock", folder.socket()).expect("a free name");
        refused(folder.start(&["server"]).wait(), in_use);
        assert!(folder.socket().is_symlink());
    }

    #[test]
    fn another_path_is_another_place() {
        let folder = Folder::new();
        let first = folder.server();
        let path = folder.0.join("my.sock").display().to_string();
        let mut second = folder.start(&["server", &path]);
        assert_eq!(second.line(), format!("server started: {path} (Enter closes it)\n"));
        assert_eq!(folder.start(&["client", "my.sock"]).wait().1, "hello back\n");
        assert!(enter(second).contains("hello from another process\n"));
        assert!(!enter(first).contains("hello from another process\n"));
    }

    #[test]
    fn places_that_cannot_be_are_explained() {
        let folder = Folder::new();
        let no_folder = "listen EACCES: the folder of nowhere/ipc.sock does not exist";
        refused(folder.start(&["server", "nowhere/ipc.sock"]).wait(), no_folder);
        let long = "x".repeat(120);
        let too_long = format!("listen EINVAL: path must be shorter than SUN_LEN, {long}");
        refused(folder.start(&["server", &long]).wait(), &too_long);
        for bad in [&[] as &[_], &["ipc.sock"], &["Server"]] {
            let usage = "after -- goes server or client, and perhaps where they meet";
            refused(folder.start(bad).wait(), usage);
        }
    }

    #[test]
    fn many_clients_at_once_each_get_their_answer() {
        let folder = Folder::new();
        let server = folder.server();
        let clients: Vec<_> = (0..30)
            .map(|n| {
                let mut stream = folder.connect();
                thread::spawn(move || {
                    stream.write_all(format!("client {n}\n").as_bytes()).expect("connected");
                    stream.shutdown(std::net::Shutdown::Write).expect("open");
                    let mut answer = String::new();
                    stream.read_to_string(&mut answer).expect("its answer and its end");
                    answer
                })
            })
            .collect();
        for client in clients {
            let answer = within("a client", || client.join().expect("no panic"));
            assert_eq!(answer, "hello back\n");
        }
        let printed = enter(server);
        for n in 0..30 {
            assert!(printed.contains(&format!("client {n}\n")), "{n}: {printed}");
        }
    }

    #[test]
    fn close_waits_for_the_client_that_is_still_there() {
        let folder = Folder::new();
        let mut server = folder.server();
        let mut client = folder.connect();
        assert_eq!(server.line(), "server connected\n");
        server.type_in("\n");
        until("the file is gone", || !folder.socket().exists());
        client.write_all(b"still here\n").expect("connected");
        let mut answer = [0; 11];
        client.read_exact(&mut answer).expect("the server's answer");
        assert_eq!(&answer, b"hello back\n");
        drop(client);
        let (status, printed, _) = server.wait();
        assert!(status.success() && printed.ends_with("still here\n"), "{printed}");
    }

    #[test]
    fn node_is_a_client_and_a_server() {
        let Some(node) = peer("node") else { return };
        let node = |folder: &Folder, script: &str| {
            Program::spawn(command(&node).args(["-e", script]).current_dir(&folder.0))
        };
        let folder = Folder::new();
        let server = folder.server();
        let client = "net.connect('ipc.sock').on('data', (data) => process.stdout.write(data))
            .end('hello from Node\\n')";
        assert_eq!(node(&folder, client).wait().1, "hello back\n");
        assert!(enter(server).ends_with("server connected\nhello from Node\n"));

        let server = "const server = net.createServer((socket) => {
                socket.on('data', (data) => { process.stdout.write(data); socket.end('Node answers\\n') })
                server.close()
            }).listen('ipc.sock', () => console.log('ready'))";
        let mut server = node(&folder, server);
        assert_eq!(server.line(), "ready\n");
        assert_eq!(folder.visit().1, "Node answers\n");
        assert_eq!(server.wait().1, "ready\nhello from another process\n");
    }

    /// The lesson's claim about Node: a second server finds the file of a killed one, and gives up.
    #[test]
    fn node_neither_removes_what_was_left_over() {
        let Some(node) = peer("node") else { return };
        let folder = Folder::new();
        let start = || {
            let script = "net.createServer().listen('ipc.sock', () => console.log('ready'))";
            Program::spawn(command(&node).args(["-e", script]).current_dir(&folder.0))
        };
        let mut first = start();
        assert_eq!(first.line(), "ready\n");
        first.kill();
        assert!(Path::new(&folder.socket()).exists());
        let (status, _, errors) = start().wait();
        assert_eq!(status.code(), Some(1));
        assert!(errors.contains("listen EADDRINUSE: address already in use ipc.sock"), "{errors}");
    }
}

/// The example reports what it uses in place of a Unix socket, and two processes communicate all
/// the same.
#[cfg(not(unix))]
#[test]
fn without_unix_sockets_it_is_tcp() {
    let holder = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = holder.local_addr().expect("bound").port().to_string();
    drop(holder);
    let notice = format!("std has no Unix sockets on this system: this is TCP, port {port}\n");
    let mut server = Program::start(example(NAME), &["server", &port]);
    assert_eq!(server.line(), notice);
    assert_eq!(server.line(), format!("server started: 127.0.0.1:{port} (Enter closes it)\n"));
    let (status, printed, errors) = Program::start(example(NAME), &["client", &port]).wait();
    assert_eq!((status.code(), errors.as_str()), (Some(0), ""));
    assert_eq!(printed, format!("{notice}hello back\n"));
    server.type_in("\n");
    assert!(server.wait().0.success());
}

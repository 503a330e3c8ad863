//! The public names and signatures, used the ways a program outside of this repository may use
//! them.

use std::collections::HashSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::thread::JoinHandle;
use std::time::Duration;

use net::{
    Address, ConnectOptions, Endpoint, EventSocket, ListenerId, ReadyState, Server, ServerOptions,
    event,
};
use net_notes as net;

fn is_a_handle<T: Clone + Send + Sync + std::fmt::Debug + 'static>() {}

#[test]
fn handles_go_anywhere() {
    is_a_handle::<EventSocket>();
    is_a_handle::<Server>();
    is_a_handle::<Endpoint>();
    is_a_handle::<Address>();
    is_a_handle::<ConnectOptions>();
    is_a_handle::<ServerOptions>();
    is_a_handle::<ReadyState>();
    is_a_handle::<net::trace::Recorder>();
    is_a_handle::<net::websocket::WebSocket>();
    is_a_handle::<net::websocket::Options>();
    fn is_copy<T: Copy>() {}
    is_copy::<ListenerId>();
}

#[test]
fn every_place_is_an_endpoint() {
    let tcp = |host: &str, port| Endpoint::Tcp { host: host.to_string(), port };
    assert_eq!(Endpoint::from(5000), tcp("localhost", 5000));
    assert_eq!(Endpoint::from(("a.example", 80)), tcp("a.example", 80));
    assert_eq!(Endpoint::from(("a.example".to_string(), 80)), tcp("a.example", 80));
    assert_eq!(Endpoint::from((&"a.example".to_string(), 80)), tcp("a.example", 80));
    let ip = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
    assert_eq!(Endpoint::from((ip, 80)), tcp("10.0.0.1", 80));
    let address = SocketAddr::new(ip, 80);
    assert_eq!(Endpoint::from(address), tcp("10.0.0.1", 80));
    assert_eq!(Endpoint::from(&address), tcp("10.0.0.1", 80));
    assert_eq!(Endpoint::from(Address::Tcp(address)), tcp("10.0.0.1", 80));
    let link_local: SocketAddr = "[fe80::1%3]:80".parse().unwrap();
    assert_eq!(Endpoint::from(link_local), tcp("fe80::1%3", 80));
    assert_eq!(Endpoint::from(("::1", 80)).to_string(), "[::1]:80");
    #[cfg(unix)]
    {
        use std::path::{Path, PathBuf};
        let path = PathBuf::from("/tmp/a.sock");
        let unix = Endpoint::Unix(path.clone());
        assert_eq!(Endpoint::from(Path::new("/tmp/a.sock")), unix);
        assert_eq!(Endpoint::from(&path), unix);
        assert_eq!(Endpoint::from(Address::Unix(path.clone())), unix);
        assert_eq!(Endpoint::from(path), unix);
    }
}

/// A program can add its own types by `From` or `Into`, as if the library had no trait underneath.
#[test]
fn a_program_adds_its_own_places() {
    struct Service;
    impl From<Service> for Endpoint {
        fn from(_: Service) -> Endpoint {
            Endpoint::from(("a.example", 80))
        }
    }
    impl From<&Service> for Endpoint {
        fn from(_: &Service) -> Endpoint {
            Endpoint::from(("a.example", 80))
        }
    }
    struct Numbered<T>(T);
    impl<T: Into<u16>> From<Numbered<T>> for Endpoint {
        fn from(place: Numbered<T>) -> Endpoint {
            Endpoint::from(place.0.into())
        }
    }
    struct Patient;
    impl From<Patient> for ConnectOptions {
        fn from(_: Patient) -> ConnectOptions {
            ConnectOptions::from(80).connect_timeout(Duration::from_secs(60))
        }
    }
    struct Old;
    #[allow(clippy::from_over_into)] // unusual, but `impl Into<Endpoint>` accepts it
    impl Into<Endpoint> for Old {
        fn into(self) -> Endpoint {
            Endpoint::from(80)
        }
    }
    fn endpoint(place: impl Into<Endpoint>) -> String {
        place.into().to_string()
    }
    fn of_from<T>(place: T) -> String
    where
        Endpoint: From<T>,
    {
        endpoint(place)
    }
    fn socket(place: impl Into<ConnectOptions>) -> EventSocket {
        net::connect(place, |_| {})
    }
    assert_eq!([endpoint(Service), endpoint(&Service), of_from(Service)], ["a.example:80"; 3]);
    assert_eq!([endpoint(Numbered(80u8)), endpoint(Old), of_from(80)], ["localhost:80"; 3]);
    for socket in [socket(Service), socket(&Service), socket(Old), socket(Patient), socket(80)] {
        socket.destroy();
    }
    // The type of a number follows from the one integer type that is accepted.
    let parsed = ("a.example", "80".parse().unwrap());
    assert_eq!([endpoint(parsed), endpoint(("a.example", 79 + 1))], ["a.example:80"; 2]);
    assert_eq!([79, 80].map(Endpoint::from)[1], 80.into());
}

#[test]
fn addresses_tell_their_parts() {
    let address = Address::Tcp("127.0.0.1:5000".parse().unwrap());
    assert_eq!((address.port(), address.ip()), (Some(5000), Some(IpAddr::V4(Ipv4Addr::LOCALHOST))));
    assert_eq!(address.to_string(), "127.0.0.1:5000");
    #[cfg(unix)]
    {
        let address = Address::Unix("/tmp/a.sock".into());
        assert_eq!((address.port(), address.ip()), (None, None));
        assert_eq!(address.to_string(), "/tmp/a.sock");
    }
}

#[test]
fn is_ip_tells_addresses_from_names() {
    for text in ["127.0.0.1", "0.0.0.0", "255.255.255.255"] {
        assert_eq!(net::is_ip(text), 4, "{text}");
    }
    for text in ["::", "::1", "2001:db8::1", "::ffff:1.2.3.4", "fe80::1%eth0", "fe80::1%3"] {
        assert_eq!(net::is_ip(text), 6, "{text}");
    }
    for text in [
        "",
        "localhost",
        "127.0.0.1:80",
        "256.0.0.1",
        "1.2.3",
        "01.2.3.4",
        "[::1]",
        "fe80::1%",
        ":::",
        " ::1",
    ] {
        assert_eq!(net::is_ip(text), 0, "{text}");
    }
}

#[test]
fn all_options_and_methods_are_there() {
    let options = ConnectOptions::from(("localhost", 1))
        .allow_half_open(true)
        .high_water_mark(4)
        .timeout(Duration::from_secs(9))
        .no_delay(true)
        .connect_timeout(Duration::from_secs(9));
    let socket: EventSocket = net::create_connection(options, |_socket| {});
    let id: ListenerId = socket.on(event::Lookup, |_, resolved: &event::Resolved| {
        let _: (&String, &io::Result<IpAddr>) = (&resolved.host, &resolved.result);
    });
    socket.once(event::Connect, |_, ()| {});
    socket.once(event::Ready, |_, ()| {});
    let data: ListenerId = socket.on(event::Data, |_, data: &[u8]| drop(data.to_vec()));
    socket.on(event::Text, |_, text: &str| drop(text.to_string()));
    socket.on(event::Error, |_, error: &io::Error| drop(error.to_string()));
    socket.on(event::Close, |_, had_error: bool| assert!(had_error));
    assert!(socket.off(id) && socket.off(data) && !socket.off(data));
    assert!(socket.write("abc") && !socket.write(b"d") && !socket.write(vec![b'e']));
    assert_eq!((socket.bytes_written(), socket.writable_length(), socket.bytes_read()), (5, 5, 0));
    assert!(
        !socket.write_then(String::from("f"), |result: io::Result<()>| assert!(result.is_err()))
    );
    socket.set_timeout(Some(Duration::from_secs(1)));
    socket.set_timeout(None);
    socket.set_no_delay(false);
    socket.pause();
    assert!(socket.is_paused());
    socket.resume();
    assert!(!socket.is_paused() && !socket.is_destroyed());
    assert_eq!(socket.ready_state(), ReadyState::Opening);
    assert_eq!((socket.local_addr(), socket.remote_addr()), (None, None));
    let other = EventSocket::new(1);
    assert!(socket != other && socket == socket.clone());
    assert_eq!(HashSet::from([socket.clone(), socket.clone(), other.clone()]).len(), 2);
    socket.pipe(&other);
    socket.end();
    socket.end_with("g");
    socket.destroy_with(io::Error::other("h"));
    socket.destroy();
    assert_eq!(socket.ready_state(), ReadyState::Closed);
    let thread: JoinHandle<io::Result<()>> = socket.spawn();
    thread.join().unwrap().expect("the error was listened to");

    let options = ServerOptions::default()
        .allow_half_open(true)
        .high_water_mark(1)
        .no_delay(true)
        .pause_on_connect(true)
        .max_connections(1);
    let server = Server::new(options);
    server.on(event::Listening, |server: &Server, ()| server.set_max_connections(None));
    server.on(event::Connection, |_, socket: &EventSocket| socket.destroy());
    server.on(event::Drop, |_, dropped: &event::Dropped| {
        let _: (&Option<Address>, &Option<Address>) = (&dropped.local, &dropped.remote);
    });
    server.on(event::Error, |_, error: &io::Error| drop(net::code(error).to_string()));
    let id = server.on(event::Close, |_, ()| {});
    assert!(server.off(id) && !server.off(id));
    assert!(!server.is_listening() && server.address().is_none() && server.connections() == 0);
    server.listen(0, |_: &Server| {}).unwrap();
    let running: JoinHandle<io::Result<()>> = server.spawn();
    server.close().unwrap();
    running.join().unwrap().unwrap();
}

#[test]
fn listeners_are_generic_over_events() {
    // As a library on top would write it.
    fn count<E: event::SocketEvent>(socket: &EventSocket, event: E) -> ListenerId {
        socket.on(event, |_, _| {})
    }
    fn count_server<E: event::ServerEvent>(server: &Server, event: E) -> ListenerId {
        server.on(event, |_, _| {})
    }
    let socket = EventSocket::new(1);
    assert!(count(&socket, event::Data) != count(&socket, event::Close));
    let server = net::create_server(|_| {});
    assert!(count_server(&server, event::Connection) != count_server(&server, event::Close));
}

#[test]
fn framing_has_the_promised_signatures() {
    use net::framing::{Frames, Lines};
    type Message = Option<io::Result<Vec<u8>>>;
    let mut lines: Lines = Lines::new(9);
    let fed: &mut Lines = lines.feed(b"a\nb");
    let line: Message = fed.next();
    assert_eq!(line.unwrap().unwrap(), b"a");
    let rest: &[u8] = lines.rest();
    assert_eq!(rest, b"b");
    let rest: Vec<u8> = lines.take_rest();

    fn length(bytes: &[u8]) -> io::Result<Option<usize>> {
        Ok(Some(bytes.len()))
    }
    type Length = fn(&[u8]) -> io::Result<Option<usize>>;
    let mut frames: Frames<Length> = Frames::new(9, length);
    let frame: Message = frames.feed(&rest).next();
    assert_eq!(frame.unwrap().unwrap(), b"b");
    let fed: &mut Frames<Length> = frames.feed(&[]);
    let rest: &[u8] = fed.rest();
    assert_eq!(rest, b"");
    assert_eq!(frames.take_rest(), b"");
}

#[test]
fn errors_have_nodes_codes() {
    use io::ErrorKind::*;
    let codes = [
        (ConnectionRefused, "ECONNREFUSED"),
        (ConnectionReset, "ECONNRESET"),
        (AddrInUse, "EADDRINUSE"),
        (BrokenPipe, "EPIPE"),
        (NotFound, "ENOENT"),
        (PermissionDenied, "EACCES"),
        (TimedOut, "ETIMEDOUT"),
        (Other, ""),
    ];
    for (kind, code) in codes {
        assert_eq!(net::code(&kind.into()), code);
    }
    #[cfg(unix)]
    assert_eq!(net::code(&io::Error::from_raw_os_error(24)), "EMFILE");
}

#[test]
fn a_call_of_http_is_built_by_value() {
    let request: fn(&str, &str) -> net::http::Call = net::http::request;
    let get: fn(&str) -> io::Result<net::http::Reply> = net::http::get;
    let send: fn(net::http::Call) -> io::Result<net::http::Reply> = net::http::Call::send;
    let call = request("POST", "http://[::1/");
    let call = call.header("A", "b").body("text").body(b"bytes").body(vec![0]);
    let call = call.body(String::new()).timeout(Duration::from_secs(1));
    assert_eq!(send(call).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    assert_eq!(get("").unwrap_err().kind(), io::ErrorKind::InvalidInput);
    let _headers = |reply: &net::http::Reply| -> Vec<(String, String)> {
        reply.headers().map(|(name, value)| (name.to_string(), value.to_string())).collect()
    };
}

//! Servers at five addresses, and the addresses from which each can be reached.

use net_notes as net;
use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

const HOSTS: [&str; 5] = ["127.0.0.1", "::1", "0.0.0.0", "::", "localhost"];

pub fn print() -> Result<(), Box<dyn Error>> {
    println!("{:16}{:<12}{:<12}network", "listens at", "127.0.0.1", "::1");
    for host in HOSTS {
        let server = net::create_server(|socket| socket.end());
        if server.listen((host, 0), |_| {}).is_err() {
            println!("{host:16}there is no such address on this machine");
            continue;
        }
        let port = server.address().and_then(|at| at.port()).unwrap_or_default();
        let running = server.spawn();
        let [here, here6, network] =
            [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into(), network()]
                .map(|ip| if reaches(ip, port) { "yes" } else { "-" });
        println!("{host:16}{here:<12}{here6:<12}{network}");
        server.close()?;
        running.join().map_err(|_| "a listener has panicked")??;
    }
    Ok(())
}

fn reaches(ip: IpAddr, port: u16) -> bool {
    TcpStream::connect_timeout(&SocketAddr::new(ip, port), Duration::from_secs(1)).is_ok()
}

/// Returns this machine's address in its network or, without a network, another one of its own
/// (which Linux has). Connecting a UDP socket sends nothing: the kernel only chooses the address
/// that it would send from.
fn network() -> IpAddr {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0));
    let address = socket.and_then(|socket| {
        socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9))?;
        socket.local_addr()
    });
    address.map_or(Ipv4Addr::new(127, 0, 0, 2).into(), |address| address.ip())
}

//! [`Endpoint`]: where to listen or connect. [`Address`]: where a socket actually is.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
#[cfg(unix)]
use std::path::{Path, PathBuf};

/// A place to listen at or to connect to. Made from any of these types:
///
/// | from | the endpoint |
/// |---|---|
/// | `u16` | that port of `localhost` |
/// | `(host, u16)`; the host: `&str`, `String`, `&String`, `IpAddr` | that port of that host |
/// | `SocketAddr`, `&SocketAddr` | that address |
/// | [`Address`] | the address of another socket or server |
/// | `&Path`, `PathBuf`, `&PathBuf` | a Unix domain socket |
///
/// ```
/// use net_notes::Endpoint;
///
/// let port = Endpoint::from(5000); // on "localhost"
/// assert_eq!(port, Endpoint::Tcp { host: "localhost".to_string(), port: 5000 });
/// let server = Endpoint::from(("example.org", 80));
/// assert_eq!(server, Endpoint::Tcp { host: "example.org".to_string(), port: 80 });
/// # #[cfg(unix)] {
/// let path = std::path::Path::new("/tmp/chat.sock");
/// assert_eq!(Endpoint::from(path), Endpoint::Unix(path.to_path_buf()));
/// # }
/// ```
///
/// To use your own type, write `impl From<Mine> for Endpoint`.
///
/// Listening on `localhost` binds 127.0.0.1, so only this machine can connect; `("0.0.0.0", port)`
/// opens the port to the network. Connecting to a name tries each of its addresses in turn.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// A TCP port of a host. Port 0 for listening: the system chooses a free port.
    Tcp {
        /// A name or an IP address, without `http://` and without a port. Empty: `localhost`.
        host: String,
        /// The port number.
        port: u16,
    },
    /// A Unix domain socket: a path through which two processes of one machine communicate.
    #[cfg(unix)]
    Unix(PathBuf),
}

/// The conversions into an [`Endpoint`]. Not public: users see `From`, and implement `From` for
/// their own types.
///
/// It exists for the compiler's messages, which cannot be customized for `From` and `Into`. It is
/// implemented for `Endpoint`, and not for the source type: if `Self` were `&str` here as in the
/// bound of `listen`, `&str: Into<Endpoint>`, rustc (1.85 to 1.97) would report that bound, in
/// std's words.
#[diagnostic::on_unimplemented(
    message = "`{T}` does not say where to listen or connect",
    label = "expected a port, a pair of host and port, or a path",
    note = "a port is a `u16`: `5000`; text becomes one with `text.parse::<u16>()`",
    note = "a host and a port are a pair: `(\"127.0.0.1\", 5000)`",
    note = "the path of a Unix domain socket, on systems that have them: `std::path::Path::new(\"/tmp/chat.sock\")`"
)]
pub trait FromPlace<T> {
    #[doc(hidden)]
    fn from_place(place: T) -> Self;
}

impl<T> From<T> for Endpoint
where
    Endpoint: FromPlace<T>,
{
    fn from(place: T) -> Self {
        Endpoint::from_place(place)
    }
}

// Exactly one integer type: a second one would leave the type of `5000` in `connect(5000, …)`
// ambiguous.
#[diagnostic::do_not_recommend]
impl FromPlace<u16> for Endpoint {
    fn from_place(port: u16) -> Self {
        ("localhost", port).into()
    }
}

#[diagnostic::do_not_recommend]
impl FromPlace<(&str, u16)> for Endpoint {
    fn from_place((host, port): (&str, u16)) -> Self {
        (host.to_string(), port).into()
    }
}

#[diagnostic::do_not_recommend]
impl FromPlace<(&String, u16)> for Endpoint {
    fn from_place((host, port): (&String, u16)) -> Self {
        (host.clone(), port).into()
    }
}

#[diagnostic::do_not_recommend]
impl FromPlace<(String, u16)> for Endpoint {
    fn from_place((host, port): (String, u16)) -> Self {
        Endpoint::Tcp { host, port }
    }
}

#[diagnostic::do_not_recommend]
impl FromPlace<(IpAddr, u16)> for Endpoint {
    fn from_place((ip, port): (IpAddr, u16)) -> Self {
        (ip.to_string(), port).into()
    }
}

#[diagnostic::do_not_recommend]
impl FromPlace<SocketAddr> for Endpoint {
    fn from_place(address: SocketAddr) -> Self {
        match address {
            // A link-local address is only valid together with its interface.
            SocketAddr::V6(v6) if v6.scope_id() != 0 => {
                (format!("{}%{}", v6.ip(), v6.scope_id()), v6.port()).into()
            }
            _ => (address.ip(), address.port()).into(),
        }
    }
}

#[diagnostic::do_not_recommend]
impl FromPlace<&SocketAddr> for Endpoint {
    fn from_place(address: &SocketAddr) -> Self {
        (*address).into()
    }
}

#[diagnostic::do_not_recommend]
impl FromPlace<Address> for Endpoint {
    fn from_place(address: Address) -> Self {
        match address {
            Address::Tcp(address) => address.into(),
            #[cfg(unix)]
            Address::Unix(path) => Endpoint::Unix(path),
        }
    }
}

#[cfg(unix)]
#[diagnostic::do_not_recommend]
impl FromPlace<&Path> for Endpoint {
    fn from_place(path: &Path) -> Self {
        Endpoint::Unix(path.to_path_buf())
    }
}

#[cfg(unix)]
#[diagnostic::do_not_recommend]
impl FromPlace<PathBuf> for Endpoint {
    fn from_place(path: PathBuf) -> Self {
        Endpoint::Unix(path)
    }
}

#[cfg(unix)]
#[diagnostic::do_not_recommend]
impl FromPlace<&PathBuf> for Endpoint {
    fn from_place(path: &PathBuf) -> Self {
        Endpoint::Unix(path.clone())
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // The brackets of RFC 3986 3.2.2: without them the port of `::1:5000` would be
            // ambiguous.
            Endpoint::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Endpoint::Tcp { host, port } => write!(f, "{host}:{port}"),
            #[cfg(unix)]
            Endpoint::Unix(path) => write_path(path, f),
        }
    }
}

/// Writes a path on one line: control characters are escaped, so it can be part of an error
/// message.
#[cfg(unix)]
fn write_path(path: &Path, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    path.to_string_lossy().chars().try_for_each(|c| {
        if c.is_control() { write!(f, "{}", c.escape_debug()) } else { write!(f, "{c}") }
    })
}

/// The host to look up: this machine if `host` is empty, as in Node.
pub(crate) fn host_or_localhost(host: &str) -> &str {
    if host.is_empty() { "localhost" } else { host }
}

/// The address of one end of a connection, or of a listening server. Node: the results of
/// `address()` and `remoteAddress`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Address {
    /// An IP address and a port.
    Tcp(SocketAddr),
    /// The path of a Unix domain socket.
    #[cfg(unix)]
    Unix(PathBuf),
}

impl Address {
    /// The port; `None` for a Unix domain socket, which has none.
    pub fn port(&self) -> Option<u16> {
        match self {
            Address::Tcp(address) => Some(address.port()),
            #[cfg(unix)]
            Address::Unix(_) => None,
        }
    }

    /// The IP address; `None` for a Unix domain socket, which has none.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Address::Tcp(address) => Some(address.ip()),
            #[cfg(unix)]
            Address::Unix(_) => None,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(address) => address.fmt(f),
            #[cfg(unix)]
            Address::Unix(path) => write_path(path, f),
        }
    }
}

/// Returns the version of an IP address, 4 or 6; 0 if the text is not an IP address. Node:
/// `net.isIP`.
///
/// ```
/// use net_notes as net;
///
/// assert_eq!(net::is_ip("127.0.0.1"), 4);
/// assert_eq!(net::is_ip("::1"), 6);
/// assert_eq!(net::is_ip("fe80::1%eth0"), 6); // with its interface
/// assert_eq!(net::is_ip("localhost"), 0);    // a name, which must be looked up
/// ```
pub fn is_ip(text: &str) -> u8 {
    if text.parse::<Ipv4Addr>().is_ok() {
        return 4;
    }
    let (address, zone) = text.split_once('%').unwrap_or((text, "0"));
    let named = |c: char| c.is_ascii_alphanumeric() || "-.:".contains(c);
    if !zone.is_empty() && zone.chars().all(named) && address.parse::<Ipv6Addr>().is_ok() {
        6
    } else {
        0
    }
}

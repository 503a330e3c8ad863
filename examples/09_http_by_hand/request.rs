//! An HTTP request, composed by hand.

/// Returns host, port and path, from the arguments after `--`.
pub fn wanted(own_server: fn() -> u16) -> Result<(String, u16, String), &'static str> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (host, port, path) = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => ("127.0.0.1", Ok(own_server()), "/"),
        [host, port] => (host, port.parse(), "/"),
        [host, port, path] => (host, port.parse(), path),
        _ => return Err("after -- goes nothing, HOST PORT, or HOST PORT PATH"),
    };
    if host.contains("://") {
        return Err("the host is a bare name, as in www.baidu.com");
    }
    // With a space or a line end in the path, another header would follow, or a second request.
    if !path.starts_with('/') || !path.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("a path begins with / and is plain ASCII; a space in it is written %20");
    }
    let port = port.map_err(|_| "a port is a number, 0 to 65535")?;
    Ok((host.to_string(), port, path.to_string()))
}

/// Returns the text that requests a page.
pub fn text(host: &str, port: u16, path: &str) -> String {
    // The colons of an IPv6 address must not be taken for the one before a port.
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_string() };
    // A browser leaves out the default port of `http`, and some servers expect that.
    let host = if port == 80 { host } else { format!("{host}:{port}") };
    format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n")
}

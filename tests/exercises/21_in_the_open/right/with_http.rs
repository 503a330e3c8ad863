use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use net::{event, http};
use net_notes as net;

const TIME: Duration = Duration::from_secs(3);

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).unwrap_or("5000".into()).parse::<u16>().unwrap();
    let board: Mutex<VecDeque<String>> = Mutex::default();
    let options = http::Options::default()
        .head_limit(8 * 1024)
        .request_line_limit(8 * 1024)
        .body_limit(16 * 1024)
        .request_timeout(TIME)
        .idle_timeout(TIME);
    let server = http::create_server_with(options, move |request, response| {
        response.header("Connection", "close").header("Content-Type", "text/html; charset=utf-8");
        // The library has refused a request that has no Host, or two.
        let host = request.header("Host").unwrap_or_default();
        let names: Vec<&str> = host.rsplitn(2, ':').collect();
        let port = PORT.get().map(ToString::to_string).unwrap_or_default();
        if !matches!(names[..], [number, "localhost" | "127.0.0.1"] if number == port) {
            return response.status(421).end_with("not me");
        }
        if request.method() == "POST" {
            if request.header("Origin").is_some_and(|origin| origin != format!("http://{host}")) {
                return response.status(403).end_with("not you");
            }
            let mut board = board.lock().unwrap();
            board.push_back(request.text().replace('&', "&amp;").replace('<', "&lt;"));
            while board.len() > 20 {
                board.pop_front();
            }
        }
        let notes =
            board.lock().unwrap().iter().map(|note| format!("<li>{note}")).collect::<String>();
        response.end_with(format!("<ol>{notes}</ol>"));
    });
    server.on(event::Connection, |_, socket| _ = socket.after(TIME, |socket| socket.destroy()));
    server.set_max_connections(Some(100));
    server.listen(port, |server| {
        let port = server.address().and_then(|address| address.port()).unwrap_or_default();
        let _ = PORT.set(port);
        println!("listening on port {port}");
    })?;
    server.run()
}

static PORT: std::sync::OnceLock<u16> = std::sync::OnceLock::new();

use net_notes as net;

fn main() -> std::io::Result<()> {
    let server = net::create_server(|socket| {
        std::thread::spawn(move || socket.end_with("late"));
    });
    server.listen(5000, |_| {})?;
    server.run()
}

use net_notes as net;

fn main() -> std::io::Result<()> {
    let greeting = String::from("hello");
    let server = net::create_server(|socket| socket.end_with(&greeting));
    server.listen(5000, |_| {})?;
    server.run()
}

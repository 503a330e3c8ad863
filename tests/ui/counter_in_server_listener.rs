use net_notes as net;

fn main() -> std::io::Result<()> {
    let mut count = 0;
    let server = net::create_server(move |_| {
        count += 1;
        println!("{count} so far");
    });
    server.listen(5000, |_| {})?;
    server.run()
}

use net_notes as net;

fn main() -> std::io::Result<()> {
    let reply = net::sts::request("127.0.0.1:7000", "hello")?;
    println!("{}", reply.text());
    Ok(())
}

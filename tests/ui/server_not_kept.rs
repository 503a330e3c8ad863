use net_notes as net;

fn main() {
    net::create_server(|socket| socket.end_with("hello"));
}

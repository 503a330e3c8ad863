use net_notes as net;

fn main() {
    net::connect(5000, |_| {});
}

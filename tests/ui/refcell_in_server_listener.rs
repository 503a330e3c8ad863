use std::cell::RefCell;

use net_notes as net;

fn main() -> std::io::Result<()> {
    let count = RefCell::new(0);
    let server = net::create_server(move |_| *count.borrow_mut() += 1);
    server.listen(5000, |_| {})?;
    server.run()
}

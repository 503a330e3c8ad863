use std::cell::RefCell;
use std::rc::Rc;

use net::event;
use net_notes as net;

fn main() -> std::io::Result<()> {
    let seen = Rc::new(RefCell::new(0));
    let count = seen.clone();
    let client = net::connect(5000, |_| {});
    client.on(event::Data, move |_, data| *count.borrow_mut() += data.len());
    client.on(event::End, move |_, ()| println!("{}", seen.borrow()));
    client.run()
}

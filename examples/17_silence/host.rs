//! The host of the exercise: each line that you type is an event, and is sent to all subscribers.

use net::{EventSocket, TimerId, event, framing::Lines};
use net_notes as net;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{error::Error, io};

pub const PORT: u16 = 5000;
const BEAT: Duration = Duration::from_secs(1);
/// A subscriber for which more bytes wait does not read. It is disconnected: it can come back and
/// ask for the rest.
const TOO_SLOW: usize = 1 << 20;

#[derive(Default)]
struct Events {
    texts: Vec<String>,
    /// Each subscriber, with the timer of its heartbeats.
    subscribers: HashMap<EventSocket, TimerId>,
}

#[derive(Clone, Default)]
struct Host(Arc<Mutex<Events>>);

impl Host {
    /// The events are complete after each step, so a panic leaves them usable.
    fn lock(&self) -> MutexGuard<'_, Events> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends what the subscriber has missed, and from then on everything. Under the lock, so that
    /// no event is lost in between; `write` never waits.
    fn subscribe(&self, socket: &EventSocket, after: usize) {
        let beat = format!("BEAT {}\n", BEAT.as_millis());
        socket.write(&beat);
        let beats = socket.every(BEAT, move |socket| _ = socket.write(&beat));
        let mut events = self.lock();
        for (number, text) in (1..).zip(&events.texts).skip(after) {
            socket.write(format!("{number} {text}\n"));
        }
        events.subscribers.insert(socket.clone(), beats);
    }

    fn publish(&self, text: String) {
        let mut events = self.lock();
        events.texts.push(text);
        let line = format!("{} {}\n", events.texts.len(), events.texts[events.texts.len() - 1]);
        for subscriber in events.subscribers.keys() {
            subscriber.write(&line);
            if subscriber.writable_length() > TOO_SLOW {
                subscriber.destroy();
            }
        }
    }

    fn talk(&self, socket: &EventSocket) {
        let (host, mut lines) = (self.clone(), Lines::new(100));
        socket.on(event::Data, move |socket, data| {
            for line in lines.feed(data) {
                let line = line.map(|line| String::from_utf8_lossy(&line).into_owned());
                let after = line.as_deref().unwrap_or_default().strip_prefix("AFTER ");
                match after.and_then(|number| number.parse().ok()) {
                    Some(number) => host.subscribe(socket, number),
                    None => return socket.destroy(), // not our protocol
                }
            }
        });
        let host = self.clone();
        socket.on(event::Close, move |socket, _| _ = host.lock().subscribers.remove(socket));
        socket.on(event::Error, |_, _| {}); // Close follows
    }
}

pub fn run(port: u16) -> Result<(), Box<dyn Error>> {
    let host = Host::default();
    let talking = host.clone();
    let server = net::create_server(move |socket| talking.talk(socket));
    let listening = server.listen(("127.0.0.1", port), |server| {
        let port = server.address().and_then(|at| at.port()).unwrap_or_default();
        println!("listening: port {port}. Each line that you type is an event");
    });
    listening.map_err(|error| {
        let other = port.wrapping_add(1);
        format!("{error}. Try  cargo run --example 17_silence -- host {other}")
    })?;
    let running = server.spawn();
    for line in io::stdin().lines() {
        host.publish(line?);
    }
    // No more events will follow.
    server.close()?;
    let subscribers: Vec<_> = host.lock().subscribers.drain().collect();
    for (subscriber, beats) in subscribers {
        subscriber.cancel(beats); // otherwise it would write after the end
        subscriber.write("END\n");
        subscriber.close_within(BEAT);
    }
    Ok(running.join().unwrap()?)
}

//! Notifies the observers of wire events.

use std::sync::atomic::Ordering;
use std::time::Instant;

use super::EventSocket;
use super::event::{Data, SocketEvent, Text};
use crate::sync::lock;
use crate::wire::{self, CallSite, Observer, WireEvent};

impl EventSocket {
    /// Adds the observer that `NET_TRACE` asks for. An accepted socket is given to the listener
    /// that was registered at `site`.
    pub(crate) fn trace(&self, site: CallSite) {
        let kind = if self.0.accepted { "server" } else { "client" };
        for observer in wire::observers(self.0.id, kind) {
            self.add_observer(observer, site);
        }
    }

    /// Adds an observer of wire events. On an accepted socket it is told of the accept first, with
    /// `site` as its line.
    pub(crate) fn add_observer(&self, observer: Box<dyn Observer>, site: CallSite) {
        let state = self.lock();
        let stream = state.open_stream().filter(|_| self.0.accepted);
        let ends = stream.map(|stream| (stream.local_addr(), state.remote.clone()));
        drop(state);
        if let Some((local, remote)) = ends {
            let accept = WireEvent::Accept { local: local.as_ref(), remote: remote.as_ref() };
            observer.on_event(Instant::now(), site, accept);
        }
        lock(&self.0.observers).push(observer);
        self.0.observed.store(true, Ordering::Release);
    }

    /// The current time, if there are observers.
    pub(super) fn observation_time(&self) -> Option<Instant> {
        self.0.observed.load(Ordering::Acquire).then(Instant::now)
    }

    /// Notifies the observers of an event that has just happened, caused by the line at `site`.
    pub(super) fn observe<'a>(&self, site: CallSite, event: impl FnOnce() -> WireEvent<'a>) {
        self.observe_at(self.observation_time(), site, event);
    }

    /// Notifies the observers of an event that happened at `time`; `None`: there were none.
    pub(super) fn observe_at<'a>(
        &self,
        time: Option<Instant>,
        site: CallSite,
        event: impl FnOnce() -> WireEvent<'a>,
    ) {
        if let Some(time) = time {
            let event = event();
            for observer in lock(&self.0.observers).iter() {
                observer.on_event(time, site, event);
            }
        }
    }

    /// The line that registered the first listener of `E`, if call sites are kept.
    pub(super) fn listener_site<E: SocketEvent>(&self) -> CallSite {
        if CallSite::are_kept() {
            E::list(&mut self.lock().dispatch.listeners).site()
        } else {
            CallSite::default()
        }
    }

    /// The line that registered the first listener that is called with received data.
    pub(super) fn data_site(&self) -> CallSite {
        self.listener_site::<Data>().or_else(|| self.listener_site::<Text>())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};
    use std::time::Duration;

    use super::*;
    use crate::{connect, create_server, event};

    /// An observer that calls a method of its socket, which takes the lock.
    struct Asks(EventSocket, Sender<String>);

    impl Observer for Asks {
        fn on_event(&self, _time: Instant, _site: CallSite, what: WireEvent<'_>) {
            let what = format!("{what:?}");
            let name = what.split(|c: char| !c.is_alphanumeric()).next().map(str::to_string);
            let _ = self.1.send(name.filter(|_| !self.0.is_paused()).unwrap_or_default());
        }
    }

    #[test]
    fn an_observer_is_never_called_under_the_lock() {
        let (accepted, seen_by_server) = channel();
        let server = create_server(move |socket| {
            let asks = Asks(socket.clone(), accepted.clone());
            socket.add_observer(Box::new(asks), CallSite::default());
            socket.on(event::Data, |socket, data| socket.end_with(data));
        });
        server.listen(("127.0.0.1", 0), |_| {}).unwrap();
        let at = server.address().unwrap();
        let running = server.spawn();
        let (tell, seen_by_client) = channel();
        let client = connect(at.clone(), |client| _ = client.write("hello"));
        client.on(event::Data, |_, _| {});
        client.add_observer(Box::new(Asks(client.clone(), tell)), CallSite::default());
        client.spawn();
        let all = |seen: &std::sync::mpsc::Receiver<String>| -> Vec<String> {
            let mut all = Vec::new();
            while all.last().is_none_or(|last| last != "Close") {
                all.push(seen.recv_timeout(Duration::from_secs(30)).expect("no deadlock"));
            }
            all.sort();
            all
        };
        let both = ["Close", "Received", "ReceivedFin", "Sent", "SentFin"];
        assert_eq!(all(&seen_by_server), [&["Accept"], &both[..]].concat());
        assert_eq!(
            all(&seen_by_client),
            [&both[..1], &["Connect", "Connected"], &both[1..]].concat()
        );
        server.close().unwrap();
        running.join().unwrap().unwrap();
    }
}

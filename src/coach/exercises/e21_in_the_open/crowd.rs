//! More clients than the server has room for.

use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use net_notes::check::{Failure, Observed, Peer, Verdict};

use super::{FREES, HUNDRED, Site};
use crate::coach::lock;

/// The number of clients at once, and the least and the largest number that are let in: some that have left may still count.
const CROWD: usize = 150;
const SERVED: usize = 90;
const MOST: usize = 100;
const LOOKS_AT_ONCE: usize = 16;

impl Site<'_> {
    /// Expects this number of connections, and not 100.
    fn connected(&self, count: usize) -> Failure {
        let said = |count| {
            let en = format!("{count} of {CROWD} clients are let in, and served");
            Observed::text(en, format!("{CROWD} 个客户端里，{count} 个连上了，也服务到了"))
        };
        self.check.failed(&HUNDRED, said(100), said(count))
    }

    /// Those of the clients that the server has not disconnected. A look at each may take some milliseconds.
    fn still_connected(&self, crowd: Vec<Peer>) -> Verdict<Vec<Peer>> {
        let (due, left) = (Mutex::new(crowd), Mutex::new(Vec::new()));
        let next = || lock(&due).pop();
        self.check.at_once(LOOKS_AT_ONCE, |_| {
            while let Some(mut client) = next() {
                if !client.has_ended() {
                    lock(&left).push(client);
                }
            }
            Ok(())
        })?;
        Ok(std::mem::take(&mut *lock(&left)))
    }

    /// More clients than the server has room for.
    pub(super) fn crowd(&self) -> Verdict {
        self.server.expect_freed(0, &FREES)?;
        let connect = |n| {
            // One after the other: a backlog often holds 128, and a client that finds it full tries again after a second.
            thread::sleep(Duration::from_millis(1));
            self.server.connect_by(&format!("client {n}"), &HUNDRED)
        };
        let mut crowd = (0..CROWD).map(connect).collect::<Verdict<Vec<_>>>()?;
        // Which of them are let in is the server's affair: it may ask them in any order.
        let deadline = Instant::now() + Duration::from_secs(2);
        loop {
            crowd = self.still_connected(crowd)?;
            match crowd.len() {
                ..=MOST => break,
                left if Instant::now() > deadline => return Err(self.connected(left)),
                _ => {}
            }
        }
        if crowd.len() < SERVED {
            return Err(self.connected(crowd.len()));
        }
        crowd.iter_mut().for_each(|one| one.send(self.get(&self.own_name())));
        for one in &mut crowd[..SERVED] {
            self.shown(one, &HUNDRED)?;
        }
        drop(crowd);
        self.server.expect_freed(0, &FREES)?;
        self.check.kept(&FREES);
        // Where the system does not tell how many connections the program has, it may take a moment.
        let deadline = Instant::now() + Duration::from_secs(2);
        loop {
            let mut next = self.server.connect_by("lets in again", &HUNDRED)?;
            next.send(self.get(&self.own_name()));
            if next.wait_unread() || Instant::now() > deadline {
                return self.shown(&mut next, &HUNDRED).map(drop);
            }
        }
    }
}

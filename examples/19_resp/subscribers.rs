//! The subscribers of each channel.

use net::EventSocket;
use net_notes as net;
use std::collections::{BTreeSet, HashMap};

use super::reply;

/// The largest number of bytes that may wait for one subscriber. Redis: 32 MiB, or 8 MiB for a
/// minute.
const QUEUE_MAX: usize = 8 << 20;

/// Each client with its channels. (Redis has a second table, from each channel to its clients: then
/// PUBLISH examines no other clients.)
#[derive(Default)]
pub struct Subscribers(HashMap<EventSocket, BTreeSet<Vec<u8>>>);

impl Subscribers {
    pub fn contains(&self, client: &EventSocket) -> bool {
        self.0.contains_key(client)
    }

    /// Returns how many channels the client has now.
    pub fn add(&mut self, client: &EventSocket, channel: &[u8]) -> usize {
        let channels = self.0.entry(client.clone()).or_default();
        channels.insert(channel.to_vec());
        channels.len()
    }

    /// Returns how many channels the client still has.
    pub fn remove(&mut self, client: &EventSocket, channel: &[u8]) -> usize {
        let Some(channels) = self.0.get_mut(client) else { return 0 };
        channels.remove(channel);
        let left = channels.len();
        if left == 0 {
            self.0.remove(client);
        }
        left
    }

    pub fn remove_client(&mut self, client: &EventSocket) {
        self.0.remove(client);
    }

    pub fn channels_of(&self, client: &EventSocket) -> Vec<Vec<u8>> {
        self.0.get(client).into_iter().flatten().cloned().collect()
    }

    /// Returns how many clients receive it.
    pub fn publish(&self, channel: &[u8], message: &[u8]) -> usize {
        let mut bytes = Vec::new();
        reply::array(&mut bytes, 3);
        for part in [b"message", channel, message] {
            reply::bulk(&mut bytes, part);
        }
        let receivers = self.0.iter().filter(|(_, channels)| channels.contains(channel));
        receivers.map(|(client, _)| push(client, &bytes)).count()
    }
}

/// Sends. This happens under the lock: a `write` that finds the kernel full waits for some
/// milliseconds, and those after it only add to the queue. A client that reads too slowly is
/// disconnected, or its messages would fill the memory.
pub fn push(client: &EventSocket, bytes: &[u8]) {
    client.write(bytes);
    if client.writable_length() > QUEUE_MAX {
        client.destroy();
    }
}

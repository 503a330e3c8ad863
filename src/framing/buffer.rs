//! [`Buffer`]: the bytes of a stream that have arrived and are not used up yet.

/// Memory beyond this is freed when less is needed.
pub(super) const KEEP_BYTES: usize = 64 * 1024;

/// A queue of bytes in one piece, filled at its end and used up from its beginning.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    pub(super) bytes: Vec<u8>,
    /// The bytes before this index are used up.
    taken: usize,
    /// The size of the message that is arriving, if it is known.
    expected: usize,
}

impl Buffer {
    /// Appends bytes that have arrived.
    pub(crate) fn feed(&mut self, data: &[u8]) {
        // Not for each message, and not while more bytes would move than were used up: so all moves
        // together cost no more than one of the whole stream.
        if self.taken >= self.rest().len() {
            self.forget_taken();
        }
        let grows = self.bytes.len() + data.len() > self.bytes.capacity();
        if grows && self.bytes.len() >= KEEP_BYTES {
            // In one step, and not by doubling. Not earlier, so that nobody gets memory by announcing bytes.
            self.bytes.reserve_exact(self.expected.saturating_sub(self.rest().len()));
        }
        self.bytes.extend_from_slice(data);
    }

    /// Announces the size of the message at the beginning.
    pub(crate) fn announce(&mut self, bytes: usize) {
        self.expected = bytes;
    }

    /// The bytes that are not used up.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.bytes[self.taken..]
    }

    /// Uses up that many bytes.
    pub(crate) fn consume(&mut self, bytes: usize) {
        self.taken += bytes;
        // At once, and not with the next feed: an idle connection must not hold the memory of its
        // last large message.
        if self.rest().is_empty() {
            self.forget_taken();
        }
    }

    fn forget_taken(&mut self) {
        #[cfg(test)]
        super::work::add(self.rest().len());
        self.bytes.drain(..self.taken);
        self.bytes.shrink_to(KEEP_BYTES);
        self.taken = 0;
        self.expected = 0;
    }

    /// Takes out the bytes that are not used up.
    pub(crate) fn take_rest(&mut self) -> Vec<u8> {
        self.bytes.drain(..self.taken);
        self.taken = 0;
        std::mem::take(&mut self.bytes)
    }
}

//! [`Buffer`]: the bytes of a stream that have arrived and are not consumed yet.

/// A buffer that grew larger is shrunk to this size, in bytes.
pub(super) const BUFFER_KEEP_BYTES: usize = 64 * 1024;

/// A contiguous queue of bytes, appended at its end and consumed from its beginning.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    pub(super) bytes: Vec<u8>,
    /// The bytes before this index are consumed.
    taken: usize,
    /// The size of the message that is arriving, if known.
    expected: usize,
}

impl Buffer {
    /// Appends bytes that have arrived.
    pub(crate) fn feed(&mut self, data: &[u8]) {
        // Not after each message, and not while more bytes would be moved than were consumed: so
        // all moves together cost no more than one move of the whole stream.
        if self.taken >= self.rest().len() {
            self.forget_taken();
        }
        let grows = self.bytes.len() + data.len() > self.bytes.capacity();
        if grows && self.bytes.len() >= BUFFER_KEEP_BYTES {
            // In one step, and not by doubling. Not earlier, so that a peer cannot make us allocate
            // by announcing a large message.
            self.bytes.reserve_exact(self.expected.saturating_sub(self.rest().len()));
        }
        self.bytes.extend_from_slice(data);
    }

    /// Announces the size of the message at the beginning.
    pub(crate) fn announce(&mut self, bytes: usize) {
        self.expected = bytes;
    }

    /// The bytes that are not consumed.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.bytes[self.taken..]
    }

    /// Consumes bytes from the beginning.
    pub(crate) fn consume(&mut self, bytes: usize) {
        self.taken += bytes;
        // At once, and not at the next feed: an idle connection must not hold the memory of its
        // last large message.
        if self.rest().is_empty() {
            self.forget_taken();
        }
    }

    fn forget_taken(&mut self) {
        #[cfg(test)]
        super::work::add(self.rest().len());
        self.bytes.drain(..self.taken);
        self.bytes.shrink_to(BUFFER_KEEP_BYTES);
        self.taken = 0;
        self.expected = 0;
    }

    /// Takes out the bytes that are not consumed.
    pub(crate) fn take_rest(&mut self) -> Vec<u8> {
        self.bytes.drain(..self.taken);
        self.taken = 0;
        std::mem::take(&mut self.bytes)
    }
}

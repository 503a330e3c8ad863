//! Pseudo-random numbers from a seed: the same in every run.

/// A stream of numbers (xorshift64*). The seed must not be zero.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Returns a number below `limit`, or 0.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 33) as usize % limit.max(1)
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next() as u8).collect()
    }
}

/// Returns bytes that identify their origin: the same for the same place, and without a short
/// period, so any mix-up, loss or repetition changes them.
pub fn pattern(place: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    let mut x = place.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    for eight in bytes.chunks_mut(8) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        eight.copy_from_slice(&x.to_le_bytes()[..eight.len()]);
    }
    bytes
}

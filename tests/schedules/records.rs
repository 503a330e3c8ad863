//! Bytes that can be checked although several threads write them at the same time: each write is one record, which says
//! who wrote it and as which of theirs. A write is atomic, so records never mix.

use std::sync::OnceLock;

use super::plan::Random;

const HEADER: usize = 7;

/// Writers of one side: the listeners, and at most this many threads less one.
pub const WRITERS: usize = 4;

const LONGEST: usize = 1 << 20;

/// What a record carries: a piece of a long row of random bytes, another one for each.
fn payload(side: usize, writer: u8, number: u16, length: usize) -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    let bytes = BYTES.get_or_init(|| {
        let mut random = Random::new(0);
        (0..2 * LONGEST).map(|_| random.below(256) as u8).collect()
    });
    let start =
        (side * 500_009 + usize::from(writer) * 104_729 + usize::from(number) * 7919) % LONGEST;
    &bytes[start..start + length]
}

/// A record of `length` bytes after its header.
pub fn record(side: usize, writer: u8, number: u16, length: usize) -> Vec<u8> {
    let mut record = Vec::with_capacity(HEADER + length);
    record.push(writer);
    record.extend_from_slice(&number.to_be_bytes());
    record.extend_from_slice(&(length as u32).to_be_bytes());
    record.extend_from_slice(payload(side, writer, number, length));
    record
}

/// Reads what the other side has written, however it is cut, and says what is wrong with it.
pub struct Reader {
    side: usize,
    header: Vec<u8>,
    /// What is still to come of the record.
    rest: &'static [u8],
    /// How many records of each writer have begun.
    pub begun: [u16; WRITERS],
}

impl Reader {
    pub fn of(side: usize) -> Reader {
        Reader { side, header: Vec::new(), rest: &[], begun: [0; WRITERS] }
    }

    pub fn take(&mut self, mut data: &[u8]) -> Result<(), String> {
        while !data.is_empty() {
            if self.rest.is_empty() {
                let (more, after) = data.split_at(data.len().min(HEADER - self.header.len()));
                self.header.extend_from_slice(more);
                data = after;
                if self.header.len() == HEADER {
                    self.begin()?;
                }
                continue;
            }
            let (piece, after) = data.split_at(data.len().min(self.rest.len()));
            if piece != &self.rest[..piece.len()] {
                return Err(format!("other bytes than were written, after {:?}", self.begun));
            }
            self.rest = &self.rest[piece.len()..];
            data = after;
        }
        Ok(())
    }

    fn begin(&mut self) -> Result<(), String> {
        let [writer, n1, n2, l1, l2, l3, l4] = self.header[..] else { unreachable!("seven bytes") };
        let (number, length) =
            (u16::from_be_bytes([n1, n2]), u32::from_be_bytes([l1, l2, l3, l4]) as usize);
        let expected = self.begun.get(usize::from(writer)).copied();
        if expected != Some(number) || length > LONGEST {
            return Err(format!(
                "record {number} of writer {writer}, {length} bytes, after {:?}",
                self.begun
            ));
        }
        self.header.clear();
        self.begun[usize::from(writer)] += 1;
        self.rest = payload(self.side, writer, number, length);
        Ok(())
    }

    /// The last record was a whole one.
    pub fn is_complete(&self) -> bool {
        self.header.is_empty() && self.rest.is_empty()
    }
}

#[test]
fn a_reader_takes_any_pieces_and_sees_any_change() {
    let stream = [record(0, 0, 0, 5), record(0, 1, 0, 0), record(0, 0, 1, 9)].concat();
    for cut in 0..=stream.len() {
        let mut reader = Reader::of(0);
        reader.take(&stream[..cut]).unwrap();
        reader.take(&stream[cut..]).unwrap();
        assert!(reader.is_complete());
        assert_eq!(reader.begun, [2, 1, 0, 0]);
    }
    assert!(!{
        let mut reader = Reader::of(0);
        reader.take(&stream[..stream.len() - 1]).unwrap();
        reader.is_complete()
    });
    for at in 0..stream.len() {
        let mut changed = stream.clone();
        changed[at] ^= 1;
        let mut reader = Reader::of(0);
        let wrong = reader.take(&changed).is_err() || !reader.is_complete();
        assert!(wrong, "byte {at} was changed");
        let mut lost = stream.clone();
        lost.remove(at);
        let mut reader = Reader::of(0);
        assert!(reader.take(&lost).is_err() || !reader.is_complete(), "byte {at} was lost");
    }
}

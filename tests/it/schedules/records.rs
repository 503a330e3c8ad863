//! Bytes that can be checked although several threads write them at the same time: each write is
//! one record, which contains its number and its length. A write is atomic, so records never mix.

use std::sync::OnceLock;

use super::random::Random;

const HEADER: usize = 8;

/// The length of the longest payload, in bytes.
pub const LONGEST: usize = 2 << 20;

/// The length of the longest payload of a record that one call of the blocking writer takes, in
/// bytes.
pub const LONGEST_BLOCKING: usize = (64 << 10) - HEADER;

/// Returns how many bytes a write of this length is. For a length of zero nothing is written: this
/// is one of the cases.
pub fn size(length: usize) -> usize {
    if length == 0 { 0 } else { HEADER + length }
}

/// Returns the payload of a record: a piece of a long series of random bytes, different for each
/// record.
fn payload(number: u32, length: usize) -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    let bytes = BYTES.get_or_init(|| {
        let mut random = Random::new(0);
        (0..2 * LONGEST).map(|_| random.below(256) as u8).collect()
    });
    let start = (number as usize * 104_729) % LONGEST;
    &bytes[start..start + length]
}

/// Returns the bytes of a write.
pub fn record(number: u32, length: usize) -> Vec<u8> {
    if length == 0 {
        return Vec::new();
    }
    let mut record = Vec::with_capacity(size(length));
    record.extend_from_slice(&number.to_be_bytes());
    record.extend_from_slice(&(length as u32).to_be_bytes());
    record.extend_from_slice(payload(number, length));
    record
}

/// A record that has arrived. Only the last one may be incomplete.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    pub number: u32,
    pub length: usize,
    pub is_whole: bool,
}

/// Parses the received bytes into records. An incomplete header is left out: it contains no
/// information.
pub fn parse(mut bytes: &[u8]) -> Result<Vec<Record>, String> {
    let mut records = Vec::new();
    while let Some((header, rest)) = bytes.split_first_chunk::<HEADER>() {
        let [n1, n2, n3, n4, l1, l2, l3, l4] = *header;
        let number = u32::from_be_bytes([n1, n2, n3, n4]);
        let length = u32::from_be_bytes([l1, l2, l3, l4]) as usize;
        let (there, after) = rest.split_at(rest.len().min(length));
        if length == 0 || length > LONGEST || there != &payload(number, length)[..there.len()] {
            return Err(format!("other bytes than were written, after {records:?}"));
        }
        records.push(Record { number, length, is_whole: there.len() == length });
        bytes = after;
    }
    Ok(records)
}

#[test]
fn records_are_found_again_and_any_change_is_seen() {
    let bytes = [record(7, 5), record(0, 0), record(9, 9)].concat();
    let of = |number, length, is_whole| Record { number, length, is_whole };
    assert_eq!(parse(&bytes).unwrap(), [of(7, 5, true), of(9, 9, true)]);
    assert_eq!(parse(&bytes[..bytes.len() - 1]).unwrap(), [of(7, 5, true), of(9, 9, false)]);
    assert_eq!(parse(&bytes[..size(5) + 1]).unwrap(), [of(7, 5, true)]);
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert_ne!(parse(&changed), parse(&bytes), "byte {at} was changed");
        let mut lost = bytes.clone();
        lost.remove(at);
        assert_ne!(parse(&lost), parse(&bytes), "byte {at} was lost");
    }
}

//! Random values, so that no program can know its input in advance.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::ops::Range;

/// A random number.
fn bits() -> u64 {
    // std's keys are random, and different for each `new`
    RandomState::new().build_hasher().finish()
}

/// A random number in this range.
pub fn number(range: Range<usize>) -> usize {
    let size = range.end.saturating_sub(range.start).max(1) as u64;
    range.start + (bits() % size) as usize
}

/// A random element.
pub fn choice<T>(of: &[T]) -> &T {
    &of[number(0..of.len())]
}

/// A random word of small letters that exists in no language. No word contains another one, so a
/// text that contains it says it.
pub fn word() -> String {
    let syllables = number(4..7);
    let syllable = |n| {
        let consonants: &[char] = if n == 0 { &FIRST } else { &INNER };
        [*choice(consonants), *choice(&VOWELS)]
    };
    (0..syllables).flat_map(syllable).chain([*choice(&LAST)]).collect()
}

/// The letters with which words begin and end: they are in no other place of a word.
const FIRST: [char; 4] = ['b', 'd', 'g', 'k'];
const LAST: [char; 2] = ['p', 't'];
const INNER: [char; 8] = ['f', 'l', 'm', 'n', 'r', 's', 'v', 'z'];
const VOWELS: [char; 5] = ['a', 'e', 'i', 'o', 'u'];

/// `count` random Chinese characters.
pub fn chinese(count: usize) -> String {
    let any = || char::from_u32(number(0x4e00..0xa000) as u32).unwrap_or('你');
    (0..count).map(|_| any()).collect()
}

/// `count` random bytes.
pub fn bytes(count: usize) -> Vec<u8> {
    let eight = std::iter::repeat_with(|| bits().to_le_bytes()).flatten();
    eight.take(count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn values_are_in_range_and_differ() {
        let numbers: BTreeSet<usize> = (0..1000).map(|_| number(3..6)).collect();
        assert_eq!(numbers, BTreeSet::from([3, 4, 5]));
        let words: BTreeSet<String> = (0..1000).map(|_| word()).collect();
        assert!(words.len() > 990, "{words:?}");
        assert!(words.iter().all(|word| [9, 11, 13].contains(&word.len())), "{words:?}");
        let all = words.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
        assert!(words.iter().all(|word| all.matches(word.as_str()).count() == 1), "{words:?}");
        assert!(chinese(100).chars().all(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)));
        assert_eq!(bytes(1001).len(), 1001);
        assert_eq!(bytes(10_000).into_iter().collect::<BTreeSet<u8>>().len(), 256);
    }
}

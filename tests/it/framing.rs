//! `framing` without sockets: bytes, cut in every way.

use crate::common;

use std::fmt::Debug;
use std::io::{self, ErrorKind};

use common::Random;
use net::framing::{Frames, Lines};
use net_notes as net;

/// The result of a stream: its messages, then the sentence of the error, if there was one, and the
/// remaining bytes.
#[derive(Debug, PartialEq, Eq, Clone, Default)]
struct Outcome {
    messages: Vec<Vec<u8>>,
    error: Option<String>,
    rest: Vec<u8>,
}

/// The methods that [`Lines`] and [`Frames`] have in common.
trait Splitter: Iterator<Item = io::Result<Vec<u8>>> {
    fn feed(&mut self, data: &[u8]);
    fn rest(&self) -> &[u8];
}

impl Splitter for Lines {
    fn feed(&mut self, data: &[u8]) {
        Lines::feed(self, data);
    }

    fn rest(&self) -> &[u8] {
        Lines::rest(self)
    }
}

impl<F: FnMut(&[u8]) -> io::Result<Option<usize>>> Splitter for Frames<F> {
    fn feed(&mut self, data: &[u8]) {
        Frames::feed(self, data);
    }

    fn rest(&self) -> &[u8] {
        Frames::rest(self)
    }
}

/// When messages are taken out: all after each piece, one after each piece, or all at the end.
const TAKEN: [usize; 3] = [usize::MAX, 1, 0];

/// Feeds the pieces, takes out at most `taken` messages after each, and the others at the end.
fn split<'a>(
    mut splitter: impl Splitter,
    pieces: impl Iterator<Item = &'a [u8]>,
    taken: usize,
) -> Outcome {
    let mut outcome = Outcome::default();
    let mut take = |splitter: &mut dyn Splitter, count| {
        for message in splitter.take(count) {
            assert_eq!(outcome.error, None, "something after an error");
            match message {
                Ok(message) => outcome.messages.push(message),
                Err(error) => outcome.error = Some(error.to_string()),
            }
        }
    };
    for piece in pieces {
        splitter.feed(piece);
        take(&mut splitter, taken);
    }
    take(&mut splitter, usize::MAX);
    outcome.rest = splitter.rest().to_vec();
    outcome
}

/// Returns the pieces of `bytes`: a cut after byte `n` where bit `n` is set.
fn cut(bytes: &[u8], cuts: usize) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let done = bytes.len() - rest.len();
        let size = (1..rest.len()).find(|size| cuts >> (done + size - 1) & 1 == 1);
        let (piece, after) = rest.split_at(size.unwrap_or(rest.len()));
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

#[test]
fn every_way_to_cut_is_tried() {
    let ways = |bytes: &'static [u8]| -> Vec<Vec<&[u8]>> {
        (0..1 << (bytes.len() - 1)).map(|cuts| cut(bytes, cuts).collect()).collect()
    };
    let (a, b, c): (&[u8], &[u8], &[u8]) = (b"a", b"b", b"c");
    assert_eq!(ways(b"abc"), [vec![&b"abc"[..]], vec![a, b"bc"], vec![b"ab", c], vec![a, b, c]]);
}

/// Asserts that the result is the same wherever the bytes are cut, and whenever messages are taken
/// out.
fn assert_every_cut<S: Splitter>(
    new: impl Fn() -> S,
    wire: &[u8],
    expected: &Outcome,
    name: impl Debug,
) {
    for cuts in 0..1 << wire.len().saturating_sub(1) {
        for taken in TAKEN {
            let outcome = split(new(), cut(wire, cuts), taken);
            let text = String::from_utf8_lossy(wire);
            assert_eq!(&outcome, expected, "{name:?} {text:?}, cut {cuts:b}, {taken} taken");
        }
    }
}

/// Returns all texts of up to `length` bytes of an alphabet.
fn texts(alphabet: &[u8], length: u32) -> Vec<Vec<u8>> {
    let mut texts = vec![Vec::new()];
    let mut last = 0;
    for _ in 0..length {
        let longer: Vec<_> = texts[last..]
            .iter()
            .flat_map(|text| alphabet.iter().map(|byte| [text, &[*byte][..]].concat()))
            .collect();
        last = texts.len();
        texts.extend(longer);
    }
    texts
}

fn outcome(messages: &[&[u8]], error: &str, rest: &[u8]) -> Outcome {
    Outcome {
        messages: messages.iter().map(|message| message.to_vec()).collect(),
        error: (!error.is_empty()).then(|| error.to_string()),
        rest: rest.to_vec(),
    }
}

#[test]
fn lines_however_they_are_cut() {
    const LONG: &str = "a line is longer than 3 bytes";
    // On the wire; the lines; the error; the rest.
    type Case = (&'static [u8], &'static [&'static [u8]], &'static str, &'static [u8]);
    let cases: &[Case] = &[
        (b"", &[], "", b""),
        (b"a", &[], "", b"a"),
        (b"a\n", &[b"a"], "", b""),
        (b"a\r\n", &[b"a"], "", b""),
        (b"\n\r\n", &[b"", b""], "", b""),
        (b"a\nb\r\nc", &[b"a", b"b"], "", b"c"),
        (b"\n\n\na", &[b"", b"", b""], "", b"a"),
        // A carriage return that ends no line.
        (b"a\r", &[], "", b"a\r"),
        (b"a\rb\n", &[b"a\rb"], "", b""),
        (b"a\r\r\n", &[b"a\r"], "", b""),
        (b"\r\r\r\n\r", &[b"\r\r"], "", b"\r"),
        (b"\n\r", &[b""], "", b"\r"),
        // At the limit, which does not count the end.
        (b"123\n123", &[b"123"], "", b"123"),
        (b"123\r\n123\r", &[b"123"], "", b"123\r"),
        (b"12\r\r\n", &[b"12\r"], "", b""),
        // Beyond it, with an end and without.
        (b"a\n1234\nb", &[b"a"], LONG, b""),
        (b"a\n1234", &[b"a"], LONG, b""),
        (b"1234\r\n", &[], LONG, b""),
        (b"123\r\r\n", &[], LONG, b""),
        (b"123\rb\n", &[], LONG, b""),
        (b"123\r\r", &[], LONG, b""),
        (b"\r\r\r\r\r\n", &[], LONG, b""),
        (&[0, 255, b'\n', 128, 0, b'\n'], &[&[0, 255], &[128, 0]], "", b""),
    ];
    for (wire, lines, error, rest) in cases {
        let expected = outcome(lines, error, rest);
        assert_every_cut(|| Lines::new(3), wire, &expected, "limit 3");
    }
}

/// Computes the result of a whole stream from the definition of a line.
fn lines_of(wire: &[u8], limit: usize) -> Outcome {
    let mut outcome = Outcome::default();
    for piece in wire.split_inclusive(|byte| *byte == b'\n') {
        let line = piece.strip_suffix(b"\n").unwrap_or(piece);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() > limit {
            outcome.error = Some(format!("a line is longer than {limit} bytes"));
            return outcome;
        }
        match piece.ends_with(b"\n") {
            true => outcome.messages.push(line.to_vec()),
            false => outcome.rest = piece.to_vec(),
        }
    }
    outcome
}

#[test]
fn all_short_streams_of_lines() {
    for wire in texts(b"a\r\n", 6) {
        for limit in [0, 1, 2, 9, usize::MAX] {
            assert_every_cut(|| Lines::new(limit), &wire, &lines_of(&wire, limit), limit);
        }
    }
}

/// The frames of these tests: a digit is the length of the frame that it begins; a `?` has the
/// digit after it; all other bytes are invalid.
fn digit(bytes: &[u8]) -> io::Result<Option<usize>> {
    match bytes {
        [b'?'] => Ok(None),
        [b'?', digit @ b'0'..=b'9', ..] | [digit @ b'0'..=b'9', ..] => {
            Ok(Some(usize::from(digit - b'0')))
        }
        _ => Err(io::Error::other("no digit")),
    }
}

/// Computes the result of a whole stream from the definition of these frames.
fn frames_of(wire: &[u8], limit: usize) -> Outcome {
    let mut outcome = Outcome::default();
    let mut rest = wire;
    while !rest.is_empty() {
        // One byte beyond the limit is enough to see that a frame is too long.
        let shown = &rest[..rest.len().min(limit.saturating_add(1))];
        let error = match digit(shown) {
            Ok(None) if shown.len() > limit => {
                format!("a frame is longer than {limit} bytes, and its length is still unknown")
            }
            Ok(Some(0)) => "a frame has a length of 0 bytes".to_string(),
            Ok(Some(length)) if length > limit => {
                format!("a frame has {length} bytes, and the limit is {limit}")
            }
            Ok(Some(length)) if length <= rest.len() => {
                outcome.messages.push(rest[..length].to_vec());
                rest = &rest[length..];
                continue;
            }
            Ok(_) => break,
            Err(error) => error.to_string(),
        };
        return Outcome { error: Some(error), ..outcome };
    }
    Outcome { rest: rest.to_vec(), ..outcome }
}

#[test]
fn frames_however_they_are_cut() {
    const ZERO: &str = "a frame has a length of 0 bytes";
    const LONG: &str = "a frame has 4 bytes, and the limit is 3";
    const OTHER: &str = "no digit";
    type Case = (&'static [u8], &'static [&'static [u8]], &'static str, &'static [u8]);
    let cases: &[Case] = &[
        (b"", &[], "", b""),
        (b"1", &[b"1"], "", b""),
        (b"3ab", &[b"3ab"], "", b""),
        (b"3a", &[], "", b"3a"),
        (b"?", &[], "", b"?"),
        (b"?2?3a", &[b"?2", b"?3a"], "", b""),
        (b"113\n\n2", &[b"1", b"1", b"3\n\n"], "", b"2"),
        (b"10", &[b"1"], ZERO, b""),
        (b"2a4", &[b"2a"], LONG, b""), // before the rest of it has arrived
        (b"2a4567", &[b"2a"], LONG, b""),
        (b"1x1", &[b"1"], OTHER, b""),
        (b"1??", &[b"1"], OTHER, b""),
    ];
    for (wire, frames, error, rest) in cases {
        let expected = outcome(frames, error, rest);
        assert_every_cut(|| Frames::new(3, digit), wire, &expected, "limit 3");
    }
}

#[test]
fn all_short_streams_of_frames() {
    for wire in texts(b"0124?x", 4) {
        for limit in [0, 1, 2, 3, usize::MAX] {
            let expected = frames_of(&wire, limit);
            assert_every_cut(|| Frames::new(limit, digit), &wire, &expected, limit);
        }
    }
}

/// Returns random bytes of an alphabet.
fn letters(random: &mut Random, length: usize, alphabet: &[u8]) -> Vec<u8> {
    (0..length).map(|_| random.pick(alphabet)).collect()
}

/// Cuts into pieces of 0 to `most` bytes.
fn cut_at_random<'a>(random: &mut Random, bytes: &'a [u8], most: usize) -> Vec<&'a [u8]> {
    let (mut rest, mut pieces) = (bytes, Vec::new());
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(random.below(most + 1).min(rest.len()));
        pieces.push(piece);
        rest = after;
    }
    pieces
}

#[test]
fn long_streams_at_random() {
    let mut random = Random(2025);
    let (mut whole, mut failed) = (0, 0);
    for round in 0..2000 {
        let length = random.below(2000);
        let most = 1 + random.below(100);
        let taken = TAKEN[random.below(3)];

        let wire = letters(&mut random, length, b"aaaaaaaaaaaaaaaaaaaaaaaaa\xff\0\r\r\n\n");
        let limit = 10 + random.below(200);
        let pieces = cut_at_random(&mut random, &wire, most).into_iter();
        let outcome = split(Lines::new(limit), pieces, taken);
        assert_eq!(outcome, lines_of(&wire, limit), "lines, round {round}");
        whole += outcome.messages.len();
        failed += usize::from(outcome.error.is_some());

        let mut wire = Vec::new();
        while wire.len() < length {
            let size = 2 + random.below(8);
            let header = [&b"?"[..], b""][random.below(2)];
            wire.extend([header, &[b'0' + size as u8]].concat());
            wire.extend(letters(&mut random, size - header.len() - 1, b"?x0123456789"));
        }
        if random.below(2) == 0 && !wire.is_empty() {
            let at = random.below(wire.len());
            wire[at] = b"x09"[random.below(3)];
        }
        let limit = 8 + random.below(3);
        let pieces = cut_at_random(&mut random, &wire, most).into_iter();
        let outcome = split(Frames::new(limit, digit), pieces, taken);
        assert_eq!(outcome, frames_of(&wire, limit), "frames, round {round}");
        whole += outcome.messages.len();
        failed += usize::from(outcome.error.is_some());
    }
    assert!(whole > 100_000 && (500..3500).contains(&failed), "{whole} whole, {failed} failed");
}

#[test]
fn an_error_is_one_sentence_and_ends_it() {
    fn fails(mut splitter: impl Splitter, wire: &[u8], sentence: &str) {
        splitter.feed(wire);
        let error = splitter.next().expect("an error").expect_err(sentence);
        assert_eq!(error.to_string(), sentence);
        assert_eq!(error.kind(), ErrorKind::InvalidData, "{sentence}");
        assert_eq!(net::code(&error), "", "{sentence}");
        for _ in 0..3 {
            splitter.feed(b"\n1\n1\n");
            assert!(splitter.next().is_none(), "{sentence}");
            assert!(splitter.rest().is_empty(), "{sentence}");
        }
    }
    fails(Lines::new(3), b"1234", "a line is longer than 3 bytes");
    fails(Lines::new(3), b"1234\n1\n", "a line is longer than 3 bytes");
    let long = "a frame has 4 bytes, and the limit is 3";
    fails(Frames::new(3, |_| Ok(Some(4))), b"1", long);
    let huge = format!("a frame has {} bytes, and the limit is 3", usize::MAX);
    fails(Frames::new(3, |_| Ok(Some(usize::MAX))), b"12345", &huge);
    let unknown = "a frame is longer than 3 bytes, and its length is still unknown";
    fails(Frames::new(3, |_| Ok(None)), b"1234", unknown);
    fails(Frames::new(3, |_| Ok(Some(0))), b"1", "a frame has a length of 0 bytes");
}

#[test]
fn an_error_of_the_function_is_given_out_as_it_is() {
    let mut frames = Frames::new(9, |bytes| match bytes[0] {
        b'1' => Ok(Some(1)),
        _ => Err(io::Error::new(ErrorKind::Unsupported, "version 2")),
    });
    assert_eq!(frames.feed(b"121").next().unwrap().unwrap(), b"1");
    let error = frames.next().unwrap().unwrap_err();
    assert_eq!((error.kind(), &*error.to_string()), (ErrorKind::Unsupported, "version 2"));
    assert!(frames.feed(b"1").next().is_none());
}

#[test]
fn the_function_is_asked_no_more_than_needed() {
    let mut asked = Vec::new();
    let mut frames = Frames::new(4, |bytes| {
        asked.push(bytes.to_vec());
        Ok((bytes.len() > 1).then_some(4))
    });
    assert!(frames.next().is_none()); // not with nothing
    assert!(frames.feed(b"").next().is_none());
    assert!(frames.feed(b"a").next().is_none());
    assert!(frames.next().is_none()); // not twice with the same bytes
    assert!(frames.feed(b"").next().is_none());
    assert!(frames.feed(b"b").next().is_none());
    assert!(frames.feed(b"c").next().is_none()); // not once it has returned the length
    assert_eq!(frames.feed(b"d123456789").next().unwrap().unwrap(), b"abcd");
    assert_eq!(frames.next().unwrap().unwrap(), b"1234"); // not with more than could be needed
    drop(frames);
    assert_eq!(asked, [&b"a"[..], b"ab", b"12345"]);
}

#[test]
fn the_rest_can_be_taken_out_at_any_time() {
    let mut lines = Lines::new(9);
    lines.feed(b"one\ntwo\nthr");
    assert_eq!(lines.next().unwrap().unwrap(), b"one");
    assert_eq!(lines.rest(), b"two\nthr");
    assert_eq!(lines.take_rest(), b"two\nthr");
    assert!(lines.rest().is_empty() && lines.take_rest().is_empty());
    assert!(lines.next().is_none());
    assert!(lines.feed(b"long, but").next().is_none());
    assert_eq!(lines.take_rest(), b"long, but");
    assert_eq!(lines.feed(b"\n").next().unwrap().unwrap(), b""); // nothing of it remains

    let mut frames = Frames::new(9, digit);
    assert_eq!(frames.feed(b"2a?").next().unwrap().unwrap(), b"2a");
    assert!(frames.next().is_none());
    assert_eq!(frames.take_rest(), b"?");
    assert_eq!(frames.feed(b"1").next().unwrap().unwrap(), b"1");
    assert!(frames.feed(b"9").next().is_none());
    assert_eq!(frames.take_rest(), b"9");
    assert_eq!(frames.feed(b"3ab").next().unwrap().unwrap(), b"3ab");
}

#[test]
fn they_go_anywhere_and_show_no_bytes() {
    fn can_be_sent<T: Send + Sync + Debug + 'static>(value: T) -> String {
        format!("{value:?}")
    }
    let mut lines = Lines::new(9);
    lines.feed(b"secret");
    assert_eq!(can_be_sent(lines), "Lines { limit: 9, rest: 6 }");
    let mut frames = Frames::new(9, |_| Ok(None));
    frames.feed(b"secret");
    assert_eq!(can_be_sent(frames), "Frames { limit: 9, rest: 6, .. }");
}

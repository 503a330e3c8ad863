//! The bytes that a client sends after the handshake, and the answer of a server that sends every
//! message back: RFC 6455 5, 7.4, 8.1.

use super::raw::*;

pub struct Case {
    pub name: &'static str,
    pub sent: Vec<u8>,
    /// All bytes that the server sends, up to its end.
    pub answered: Vec<u8>,
    /// The arguments of `on_close`: the code, and whether the end was clean.
    pub closed: (u16, bool),
}

/// The size limit of a message, and of a frame, in these cases.
pub const MESSAGE_LIMIT: usize = 70_000;
pub const FRAME_LIMIT: usize = 66_000;

/// The client sends this and its closing frame, and receives this and the answer to it.
fn good(name: &'static str, sent: &[&[u8]], answered: &[&[u8]]) -> Case {
    let sent = [&sent.concat()[..], &close(1000, "bye")].concat();
    let answered = [&answered.concat()[..], &unmasked(CLOSE, closing(1000, ""))].concat();
    Case { name, sent, answered, closed: (1000, true) }
}

/// The server sends this, and then ends, although the client continues.
fn bad(name: &'static str, code: u16, why: &str, sent: &[&[u8]], answered: &[&[u8]]) -> Case {
    let sent = [&sent.concat()[..], &frame(TEXT, "too late")].concat();
    let answered = [&answered.concat()[..], &unmasked(CLOSE, closing(code, why))].concat();
    Case { name, sent, answered, closed: (code, false) }
}

pub fn cases() -> Vec<Case> {
    let mut cases = vec![
        good("nothing", &[], &[]),
        good("a text", &[&frame(TEXT, "Hello, 你好")], &[&unmasked(TEXT, "Hello, 你好")]),
        good("an empty text", &[&frame(TEXT, "")], &[&unmasked(TEXT, "")]),
        good("bytes", &[&frame(BINARY, [0, 255, 128])], &[&unmasked(BINARY, [0, 255, 128])]),
        good("no bytes", &[&frame(BINARY, "")], &[&unmasked(BINARY, "")]),
        good(
            "two in a row",
            &[&frame(TEXT, "a"), &frame(BINARY, "b")],
            &[&unmasked(TEXT, "a"), &unmasked(BINARY, "b")],
        ),
        good(
            "two fragments",
            &[&frame(0x01, "Hel"), &frame(0x80, "lo")],
            &[&unmasked(TEXT, "Hello")],
        ),
        good(
            "many fragments, some empty",
            &[&frame(0x02, ""), &frame(0x00, "a"), &frame(0x00, ""), &frame(0x80, "")],
            &[&unmasked(BINARY, "a")],
        ),
        good("fragments of nothing", &[&frame(0x01, ""), &frame(0x80, "")], &[&unmasked(TEXT, "")]),
        good(
            "a fragment ends inside a character",
            &[&frame(0x01, &"你".as_bytes()[..1]), &frame(0x80, &"你".as_bytes()[1..])],
            &[&unmasked(TEXT, "你")],
        ),
        good(
            "a character in four fragments",
            &[
                &frame(0x01, [0xf0]),
                &frame(0x00, [0x9f]),
                &frame(0x00, [0x98]),
                &frame(0x80, [0x80]),
            ],
            &[&unmasked(TEXT, "😀")],
        ),
        good("a ping", &[&frame(PING, "alive?")], &[&unmasked(PONG, "alive?")]),
        good("an empty ping", &[&frame(PING, "")], &[&unmasked(PONG, "")]),
        good(
            "the longest ping",
            &[&frame(PING, "p".repeat(125))],
            &[&unmasked(PONG, "p".repeat(125))],
        ),
        good("a pong that was not asked for", &[&frame(PONG, "here")], &[]),
        good(
            "a ping between fragments",
            &[&frame(0x01, "Hel"), &frame(PING, "?"), &frame(PONG, ""), &frame(0x80, "lo")],
            &[&unmasked(PONG, "?"), &unmasked(TEXT, "Hello")],
        ),
        Case {
            name: "a closing frame without a code",
            sent: frame(CLOSE, ""),
            answered: unmasked(CLOSE, ""),
            closed: (1005, true),
        },
        Case {
            name: "a closing frame between fragments, and frames after it",
            sent: [frame(0x01, "Hel"), close(1001, "away"), frame(0x80, "lo"), frame(PING, "")]
                .concat(),
            answered: unmasked(CLOSE, closing(1001, "")),
            closed: (1001, true),
        },
        Case {
            name: "the longest reason",
            sent: close(4999, &"r".repeat(123)),
            answered: unmasked(CLOSE, closing(4999, "")),
            closed: (4999, true),
        },
    ];
    for size in [125, 126, 127, 65_535, 65_536, FRAME_LIMIT] {
        let text = "x".repeat(size);
        cases.push(good(
            "a length of each form",
            &[&frame(TEXT, &text)],
            &[&unmasked(TEXT, &text)],
        ));
    }
    let most = [&frame(0x02, vec![1; FRAME_LIMIT])[..], &frame(0x80, vec![1; 4_000])].concat();
    cases.push(good("the largest message", &[&most], &[&unmasked(BINARY, vec![1; MESSAGE_LIMIT])]));
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999]
    {
        let answered = unmasked(CLOSE, closing(code, ""));
        let sent = close(code, "因为");
        cases.push(Case { name: "a code that may be sent", sent, answered, closed: (code, true) });
    }

    const RESERVED: &str = "a reserved bit, and no extension was agreed on";
    for bit in [0x40, 0x20, 0x10] {
        cases.push(bad("a reserved bit", 1002, RESERVED, &[&frame(TEXT | bit, "a")], &[]));
        cases.push(bad("of a control frame", 1002, RESERVED, &[&frame(PING | bit, "a")], &[]));
    }
    for opcode in (0x3..=0x7).chain(0xb..=0xf) {
        let frame = frame(0x80 | opcode, "");
        cases.push(bad("an opcode", 1002, "an opcode that is not defined", &[&frame], &[]));
    }
    const FRAGMENTS: &str = "a control frame in fragments";
    for opcode in [0x08, 0x09, 0x0a] {
        cases.push(bad("a part of a control frame", 1002, FRAGMENTS, &[&frame(opcode, "")], &[]));
    }
    for first in [CLOSE, PING, PONG] {
        let long = frame(first, [0; 126]);
        let why = "a control frame of more than 125 bytes";
        cases.push(bad("a long control frame", 1002, why, &[&long], &[]));
    }
    for bytes in [unmasked(TEXT, "a"), unmasked(CLOSE, ""), unmasked(TEXT, "a".repeat(200))] {
        let why = "a frame of a client without a mask";
        cases.push(bad("no mask", 1002, why, &[&bytes], &[]));
    }
    const LONGER: &str = "a length in more bytes than it needs";
    for header in [
        &[TEXT, 0xfe, 0, 0][..],
        &[TEXT, 0xfe, 0, 125],
        &[TEXT, 0xff, 0, 0, 0, 0, 0, 0, 0, 1],
        &[TEXT, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff],
    ] {
        cases.push(bad("a length that could be shorter", 1002, LONGER, &[header], &[]));
    }
    let negative = [TEXT, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0];
    cases.push(bad(
        "the first bit of a length",
        1002,
        "a length with its first bit set",
        &[&negative],
        &[],
    ));
    const TOO_LARGE: &str = "a frame larger than the limit";
    for length in [FRAME_LIMIT as u64 + 1, u64::from(u32::MAX) + 1, u64::MAX >> 1] {
        let header = [&[BINARY, 0xff][..], &length.to_be_bytes()].concat();
        cases.push(bad("a huge length", 1009, TOO_LARGE, &[&header], &[]));
    }
    let much =
        [&frame(0x01, "x".repeat(FRAME_LIMIT))[..], &frame(0x00, "x".repeat(4_001))].concat();
    cases.push(bad("a huge message", 1009, "a message larger than the limit", &[&much], &[]));
    const NO_MESSAGE: &str = "a fragment of no message";
    cases.extend([
        bad("a fragment of nothing", 1002, NO_MESSAGE, &[&frame(0x80, "a")], &[]),
        bad("a first fragment of nothing", 1002, NO_MESSAGE, &[&frame(0x00, "a")], &[]),
        bad(
            "a fragment after the last",
            1002,
            NO_MESSAGE,
            &[&frame(0x01, "a"), &frame(0x80, "b"), &frame(0x80, "c")],
            &[&unmasked(TEXT, "ab")],
        ),
        bad(
            "a message within another",
            1002,
            "a message within another one",
            &[&frame(0x01, "a"), &frame(TEXT, "b")],
            &[],
        ),
        bad("half a code", 1002, "half a code to close with", &[&frame(CLOSE, [3])], &[]),
    ]);
    let why = "a code to close with that must not be sent";
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535] {
        cases.push(bad("a code that must not be sent", 1002, why, &[&close(code, "")], &[]));
    }

    const NOT_UTF8: &str = "text that is not UTF-8";
    for bytes in [
        &b"\xff"[..],
        b"\xc0\x80",         // a longer form of a character of one byte
        b"\xed\xa0\x80",     // half of a surrogate pair
        b"\xf4\x90\x80\x80", // beyond the last character
        b"ok \xe4\xbd",      // cut off
        b"\xe4\xbda",
    ] {
        cases.push(bad("no text", 1007, NOT_UTF8, &[&frame(TEXT, bytes)], &[]));
        let reason = [&[3, 232][..], bytes].concat();
        cases.push(bad("a reason that is no text", 1007, NOT_UTF8, &[&frame(CLOSE, reason)], &[]));
    }
    cases.extend([
        bad(
            "no text, said at once",
            1007,
            NOT_UTF8,
            &[&frame(0x01, "a\u{1}"), &frame(0x00, b"\xff")],
            &[],
        ),
        bad(
            "no text across fragments",
            1007,
            NOT_UTF8,
            &[&frame(0x01, b"\xe4\xbd"), &frame(0x00, b"a")],
            &[],
        ),
        bad(
            "no text in the message after one in fragments",
            1007,
            NOT_UTF8,
            &[&frame(0x01, "abc"), &frame(0x80, "d"), &frame(0x01, b"\xff")],
            &[&unmasked(TEXT, "abcd")],
        ),
        bad(
            "a character cut off",
            1007,
            NOT_UTF8,
            &[&frame(0x01, "a"), &frame(0x80, b"\xe4")],
            &[],
        ),
        bad(
            "what came before is answered",
            1002,
            RESERVED,
            &[&frame(TEXT, "a"), &frame(PING, "b"), &frame(0xf1, "c")],
            &[&unmasked(TEXT, "a"), &unmasked(PONG, "b")],
        ),
    ]);
    cases
}

//! `message` by itself: no socket, only bytes.

use net::message::{Error, Head, Limits, Parsed, Parser};
use net_notes as net;

const LIMITS: Limits = Limits { start_line: 20, head: 60, lines: 3, body: 10 };

/// The first head in `wire`, in pieces of `size` bytes, and what is left then.
fn head(wire: &[u8], size: usize) -> Result<Option<(Head, Vec<u8>)>, Error> {
    let mut parser = Parser::new(LIMITS);
    let mut pieces = wire.chunks(size);
    while let Some(piece) = pieces.next() {
        parser.feed(piece);
        if let Parsed::Complete(head) = parser.head()? {
            let rest: Vec<u8> = pieces.flatten().copied().collect();
            return Ok(Some((head, [parser.unread(), &rest].concat())));
        }
    }
    Ok(None)
}

#[test]
fn heads() {
    // On the wire; start line; headers; what is left.
    type Case =
        (&'static [u8], &'static str, &'static [(&'static str, &'static str)], &'static [u8]);
    let cases: &[Case] = &[
        (b"a\r\n\r\n", "a", &[], b""),
        (b"a\n\n", "a", &[], b""),
        (b"a\r\n\n\r\n", "a", &[], b"\r\n"),
        (b"\r\na b  c\r\n\r\nbody", "a b  c", &[], b"body"),
        (b"\na\tb\r\n\r\n", "a\tb", &[], b""),
        (b"a\r\nB: c\r\n\r\n", "a", &[("B", "c")], b""),
        (b"a\r\nB:c\r\nD:\t e f \t\r\n\r\n", "a", &[("B", "c"), ("D", "e f")], b""),
        (b"a\r\nB:\r\nC: :\r\n\r\n", "a", &[("B", ""), ("C", ":")], b""),
        (b"a\r\nB: c\r\nD: e\r\nb: f\r\n\r\n", "a", &[("B", "c, f"), ("D", "e")], b""),
        ("a\r\nB: 网\r\n\r\n".as_bytes(), "a", &[("B", "网")], b""),
        (b"a\r\nB: \xe9\r\nC: \xc3\xa9\r\n\r\n", "a", &[("B", "é"), ("C", "é")], b""),
        (b"a\r\n!#$%&'*+-.^_`|~09: b\r\n\r\n", "a", &[("!#$%&'*+-.^_`|~09", "b")], b""),
    ];
    for (wire, start, headers, left) in cases {
        for size in [1, 2, 3, wire.len()] {
            let name = format!("{:?} by {size}", String::from_utf8_lossy(wire));
            let (head, rest) = head(wire, size).expect(&name).expect(&name);
            assert_eq!(head.start(), *start, "{name}");
            assert_eq!(head.headers().collect::<Vec<_>>(), *headers, "{name}");
            assert_eq!(rest, *left, "{name}");
        }
        // It is complete at its last byte, and not before.
        assert_eq!(head(&wire[..wire.len() - left.len() - 1], 1), Ok(None));
    }
}

#[test]
fn no_heads() {
    let cases: &[(&[u8], Error, &str)] = &[
        (b"123456789012345678901", Error::StartLineTooLong, "the start line is too long"),
        (
            b"1\r\nA: 3456789012345678901234567890123456789012345678901234567890",
            Error::HeadTooLarge,
            "the head is too large",
        ),
        (
            b"1\r\nA: 45678901234567890123456\r\nB: 456789012345678901234567890\r\n",
            Error::HeadTooLarge,
            "the head is too large",
        ),
        (b"1\r\nA:\r\nB:\r\nC:\r\nD:\r\n", Error::TooManyLines, "the head has too many lines"),
        (b"\r\n\r\n", Error::NoStartLine, "there is no start line"),
        (b"a\rb", Error::BareCr, "a carriage return without a line feed"),
        (b"a\r\nB: c\r\r\n", Error::BareCr, "a carriage return without a line feed"),
        (b"a\0", Error::Nul, "a NUL byte in the head"),
        (b"a\r\nB: \x08", Error::Control, "a control character in the head"),
        (b"a\r\n B: c\r\n", Error::Folded, "a header line begins with a space"),
        (b"a\r\nB: c\r\n\td\r\n", Error::Folded, "a header line begins with a space"),
        (b"a\r\n \r\n", Error::Folded, "a header line begins with a space"),
        (b"a\r\nB\r\n", Error::NoColon, "a header line has no colon"),
        (
            b"a\r\nB : c\r\n",
            Error::SpaceBeforeColon,
            "a space between a header's name and the colon",
        ),
        (
            b"a\r\n: c\r\n",
            Error::BadName,
            "a header's name has a character that a name cannot have",
        ),
        (
            b"a\r\nB(: c\r\n",
            Error::BadName,
            "a header's name has a character that a name cannot have",
        ),
        (
            b"a\r\nB\xe9: c\r\n",
            Error::BadName,
            "a header's name has a character that a name cannot have",
        ),
    ];
    for (wire, error, sentence) in cases {
        for size in [1, 2, 3, wire.len()] {
            let name = format!("{:?} by {size}", String::from_utf8_lossy(wire));
            assert_eq!(head(wire, size), Err(*error), "{name}");
        }
        assert_eq!(error.to_string(), *sentence);
    }
}

#[test]
fn limits_are_met_exactly() {
    assert!(head(b"12345678901234567890\r\n\r\n", 1).expect("20 are allowed").is_some());
    assert!(head(b"1\r\nA:\r\nB:\r\nC:\r\n\r\n", 1).expect("3 are allowed").is_some());
    let mut parser = Parser::new(LIMITS);
    parser.feed(b"1234567890");
    assert_eq!(parser.body(11), Err(Error::BodyTooLarge));
    assert_eq!(parser.body(10), Ok(Parsed::Complete(b"1234567890".to_vec())));
    assert!(parser.is_empty());
    assert_eq!(parser.body(0), Ok(Parsed::Complete(Vec::new())));
}

#[test]
fn messages_one_after_another() {
    let wire = b"a\r\nContent-Length: 3\r\n\r\n123b\r\n\r\n\r\nc\r\nContent-Length: 1\r\n\r\n4";
    for size in [1, 2, 5, wire.len()] {
        let mut parser = Parser::new(LIMITS);
        let mut seen = Vec::new();
        let mut begun: Option<Head> = None;
        for piece in wire.chunks(size) {
            parser.feed(piece);
            loop {
                if begun.is_none() {
                    let Ok(Parsed::Complete(head)) = parser.head() else { break };
                    begun = Some(head);
                }
                let head = begun.as_ref().expect("just now");
                let length = head.content_length().expect("good").unwrap_or(0);
                let Ok(Parsed::Complete(body)) = parser.body(length) else { break };
                seen.push(format!("{} {}", head.start(), String::from_utf8_lossy(&body)));
                begun = None;
            }
        }
        assert_eq!(seen, ["a 123", "b ", "c 4"], "by {size}");
        assert!(parser.is_empty());
    }
}

#[test]
fn a_large_head_byte_by_byte_is_looked_at_once() {
    // Looking at it from its beginning at every byte would be 8 billion steps.
    let limits = Limits { head: 200_000, ..Limits::default() };
    let mut parser = Parser::new(limits);
    parser.feed(b"a\r\nB: ");
    for _ in 0..128 * 1024 {
        parser.feed(b"c");
        assert_eq!(parser.head(), Ok(Parsed::Partial));
    }
    parser.feed(b"\r\n\r\n");
    let Ok(Parsed::Complete(head)) = parser.head() else { panic!("complete") };
    assert_eq!(head.header("b").map(str::len), Some(128 * 1024));
}

#[test]
fn what_is_set_is_one_line_or_an_error() {
    let mut head = Head::new("a").expect("good");
    for (name, value, error) in [
        ("", "b", Error::BadName),
        ("a b", "c", Error::BadName),
        ("a:", "b", Error::BadName),
        ("a\r\nb", "c", Error::BadName),
        ("ä", "b", Error::BadName),
        ("a", "b\rc", Error::BadValue),
        ("a", "b\nc", Error::BadValue),
        ("a", "b\0", Error::BadValue),
        ("a", " b", Error::BadValue),
        ("a", "b ", Error::BadValue),
    ] {
        assert_eq!(head.set(name, value), Err(error), "{name:?} {value:?}");
        assert_eq!(head.append(name, value), Err(error), "{name:?} {value:?}");
    }
    assert_eq!(Head::new("a\r\nb"), Err(Error::BadValue));
    head.set("A", "b").expect("good");
    head.set("C", "d").expect("good");
    head.set("a", "e").expect("good");
    head.append("a", "网\tf").expect("good");
    head.remove("c");
    assert_eq!(head.to_string(), "a\r\na: e\r\na: 网\tf\r\n\r\n");
    assert_eq!((head.header("A"), head.header("c"), head.count("A")), (Some("e"), None, 1));
    assert_eq!(format!("{head:?}"), r#"["a", ("a", "e"), ("a", "网\tf")]"#);
}

#[test]
fn lengths() {
    for (value, length) in [
        ("0", Ok(Some(0))),
        ("17", Ok(Some(17))),
        ("0017", Ok(Some(17))),
        ("5, 5", Ok(Some(5))),
        ("5,5 ,\t5", Ok(Some(5))),
        ("5, 6", Err(Error::LengthsDiffer)),
        ("5,", Err(Error::BadLength)),
        ("", Err(Error::BadLength)),
        ("-5", Err(Error::BadLength)),
        ("+5", Err(Error::BadLength)),
        ("5.0", Err(Error::BadLength)),
        ("0x5", Err(Error::BadLength)),
        ("٥", Err(Error::BadLength)),
        ("99999999999999999999", Err(Error::BodyTooLarge)),
    ] {
        let mut head = Head::new("a").expect("good");
        head.set("Content-Length", value).expect("good");
        assert_eq!(head.content_length(), length, "{value:?}");
    }
    assert_eq!(Head::new("a").expect("good").content_length(), Ok(None));
}

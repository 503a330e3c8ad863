//! `message` without sockets: only bytes.

use std::time::{Duration, Instant};

use net::message::{Error, Head, Limits, Parsed, Parser};
use net_notes as net;

const LIMITS: Limits = Limits { start_line: 20, head: 60, lines: 3, body: 10 };

/// Parses the first head in `wire`, in pieces of `size` bytes. Returns it with the bytes that
/// remain.
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
        (b"a\r\nB: c\r\nD: e\r\nb: f\r\n\r\n", "a", &[("B", "c"), ("D", "e"), ("b", "f")], b""),
        (b"a\r\nB: c\r\nB:\r\nB: c\r\n\r\n", "a", &[("B", "c"), ("B", ""), ("B", "c")], b""),
        (b"a\r\nB: \t\r\n\r\n", "a", &[("B", "")], b""),
        (b"a\r\nB:\xe9 \r\nC: \xe9\xe9\r\n\r\n", "a", &[("B", "é"), ("C", "éé")], b""),
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
    // Scanning it from its beginning at every byte would take 8 billion steps.
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
        ("a", "\nb", Error::BadValue),
        ("a", "b\r\n", Error::BadValue),
        ("a", "\x0b", Error::BadValue),
        ("a", "b\x7f", Error::BadValue),
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
    assert_eq!((head.header("A"), head.header("c")), (Some("e, 网\tf"), None));
    assert_eq!((head.count("A"), head.count("c")), (2, 0));
    assert_eq!(format!("{head:?}"), r#"["a", ("a", "e"), ("a", "网\tf")]"#);
}

#[test]
fn a_value_is_set_without_the_spaces_around_it() {
    for value in [" b c", "b c ", " \t b c\t ", "b c"] {
        let mut head = Head::new("start").expect("good");
        head.set("A", value).expect(value);
        head.append("A", value).expect(value);
        assert_eq!(head.to_string(), "start\r\nA: b c\r\nA: b c\r\n\r\n", "{value:?}");
    }
    let mut head = Head::new("start").expect("good");
    head.set("A", " \t ").expect("empty is a value");
    assert_eq!(head.header("a"), Some(""));
}

#[test]
fn a_header_that_is_set_stays_in_its_place() {
    let mut head = Head::new("start").expect("good");
    for (name, value) in [("A", "1"), ("B", "2"), ("C", "3")] {
        head.set(name, value).expect("good");
    }
    head.append("a", "4").expect("good");
    head.set("a", "5").expect("good");
    head.set("D", "6").expect("good");
    head.remove("B");
    head.remove("none");
    assert_eq!(head.to_string(), "start\r\na: 5\r\nC: 3\r\nD: 6\r\n\r\n");
}

/// Returns a head of these lines.
fn head_of(lines: &[(&str, &str)]) -> Head {
    let mut head = Head::new("start").expect("good");
    lines.iter().for_each(|(name, value)| head.append(name, value).expect("good"));
    head
}

#[test]
fn lines_of_one_name_are_one_value() {
    for (lines, value) in [
        (&[][..], None),
        (&[("Y", "1")], None),
        (&[("X", "")], Some("")),
        (&[("X", "7")], Some("7")),
        (&[("X", "7"), ("X", "")], Some("7")),
        (&[("X", ""), ("X", "7")], Some("7")),
        (&[("X", ""), ("X", "")], Some("")),
        (&[("X", "7"), ("X", "7")], Some("7, 7")),
        (
            &[("X", ""), ("X", "a"), ("Y", "1"), ("x", ""), ("x", "b, c"), ("X", "d")],
            Some("a, b, c, d"),
        ),
    ] {
        let head = head_of(lines);
        for name in ["x", "X", "x"] {
            assert_eq!(head.header(name), value, "{lines:?}");
        }
        assert_eq!(head.headers().collect::<Vec<_>>(), lines);
        assert_eq!(head.clone().header("x"), value, "{lines:?}, a copy");
    }
}

#[test]
fn a_head_is_shared_between_threads() {
    let head = head_of(&[("A", "1"), ("A", "2")]);
    let values: Vec<_> = std::thread::scope(|scope| {
        let readers: Vec<_> = (0..4).map(|_| scope.spawn(|| head.header("a"))).collect();
        readers.into_iter().map(|reader| reader.join().expect("no panic")).collect()
    });
    assert_eq!(values, [Some("1, 2"); 4]);
}

#[test]
fn heads_are_equal_if_their_lines_are() {
    let lines = [("A", "1"), ("B", "2"), ("A", "3")];
    let (head, mut other) = (head_of(&lines), head_of(&lines));
    assert_eq!(head.header("A"), Some("1, 3")); // leaves no trace
    assert_eq!(head, other);
    other.set("C", "4").expect("good");
    assert_ne!(head, other);
    other.remove("C");
    assert_eq!(head, other);
    assert_ne!(head, head_of(&[("A", "1"), ("A", "3"), ("B", "2")]));
    assert_ne!(head, head_of(&[("a", "1"), ("B", "2"), ("A", "3")]));
    assert_ne!(head_of(&[]), Head::new("other").expect("good"));
}

/// Measures how long a head of `names` distinct names takes.
fn time_for(names: usize) -> Duration {
    let lines: String = (0..names).map(|n| format!("Name-{n}: {n}\r\n")).collect();
    let wire = format!("start\r\n{lines}\r\n");
    let limits = Limits { head: wire.len(), lines: names, ..Limits::default() };
    let mut parser = Parser::new(limits);
    parser.feed(wire.as_bytes());
    let start = Instant::now();
    let Ok(Parsed::Complete(head)) = parser.head() else { panic!("complete") };
    let time = start.elapsed();
    assert_eq!(head.headers().count(), names);
    time
}

#[test]
fn ten_times_the_names_take_ten_times_as_long() {
    // 100 times as long, if each name were compared with all before it. The shortest times count,
    // of as many as are needed: other programs may run.
    let start = Instant::now();
    let (mut few, mut many) = (Duration::MAX, Duration::MAX);
    while many == Duration::MAX || many / 35 > few {
        few = few.min(time_for(1_000));
        many = many.min(time_for(10_000));
        let late = start.elapsed() > Duration::from_secs(20);
        assert!(!late, "1,000 names: {few:?}, 10,000 names: {many:?}");
    }
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
    for (one, two, length) in [
        ("5", "5", Ok(Some(5))),
        ("5", "6", Err(Error::LengthsDiffer)),
        ("5, 5", "6", Err(Error::LengthsDiffer)),
        ("5", "x", Err(Error::BadLength)),
        // Two readers may interpret this differently.
        ("5", "", Err(Error::BadLength)),
        ("", "5", Err(Error::BadLength)),
    ] {
        let head = head_of(&[("Content-Length", one), ("Other", "1"), ("content-length", two)]);
        assert_eq!(head.content_length(), length, "{one:?} {two:?}");
    }
}

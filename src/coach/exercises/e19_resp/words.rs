//! Words of any bytes and of any length, and lengths that are wrong.

use net_notes::check::{Verdict, random};

use super::{BYTES, Client, PONG, TOO_LARGE, WRONG_LENGTH, bulk, request};

const WORD_MAX: usize = 1 << 20;

pub(super) fn bytes(mut client: Client<'_>) -> Verdict {
    let mut all: Vec<u8> = (0..=255).chain(random::bytes(20)).collect();
    all.extend_from_slice(b"\r\n$4\r\n\0");
    all.extend(request(&["PING"]));
    for (key, value) in [(&all[..], &all[..]), (b"", b"x"), (b"x", b""), (b"\r\n", b"\r\n\r\n")] {
        client.ask(&[&b"SET"[..], key, value], "+OK\r\n", &BYTES)?;
        client.ask(&[&b"GET"[..], key], bulk(value), &BYTES)?;
    }
    // Keys that are alike, but not the same; and values that look like numbers.
    let keys: [&[u8]; 6] = [b"\xff", b"\xfe", b"tea", b"Tea", b"tea ", b"te\0a"];
    let values = ["007", "+1", "-0", " 1", "1e3", ""];
    for (key, value) in keys.iter().zip(values) {
        client.ask(&[b"SET", *key, value.as_bytes()], "+OK\r\n", &BYTES)?;
    }
    for (key, value) in keys.iter().zip(values) {
        client.ask(&[b"GET", *key], bulk(value), &BYTES)?;
    }
    // So are those of the name of a command: a line end in it is none in the error.
    client.peer.send(request(&["one line\r\n+OK\r\n"]));
    client.expect_refusal(&BYTES)?;
    client.ask(&["PING"], PONG, &BYTES)
}

pub(super) fn large(mut client: Client<'_>) -> Verdict {
    let value = random::word().repeat(WORD_MAX / 5 + 1)[..WORD_MAX].to_string();
    client.ask(&["SET", &value, &value], "+OK\r\n", &BYTES)?;
    client.ask(&["GET", &value], bulk(&value), &BYTES)
}

/// The format is broken between two requests.
pub(super) fn wrong_length<'c>(client: &impl Fn(&str) -> Verdict<Client<'c>>) -> Verdict {
    for broken in [
        "*x\r\n",
        "*\r\n",
        "*1x\r\n",
        "*+1\r\n$4\r\nPING\r\n",
        "*-1\r\n",
        "* 1\r\n$4\r\nPING\r\n",
        "*1 \r\n$4\r\nPING\r\n",
        "*1\r\n$-1\r\n",
        "*1\r\n$ 4\r\nPING\r\n",
        "*1\r\n$4 \r\nPING\r\n",
        "*1\r\n$4\r\nPING\rx",
        "*1\r\n$4\r\nPINGx\n",
        "*1\r\nPING\r\n",
        "*1\r\n:4\r\nPING\r\n",
        "*1\r\n$x\r\n",
        "*1\r\n$\r\n",
        "*1\r\n$-4\r\nPING\r\n",
        "*1\r\n$+4\r\nPING\r\n",
        "*2\r\n$4\r\nECHO\r\n$1\r\n\u{8336}\r\n",
        "*2\r\n$4\r\nECHO\r\n$4\r\ntea\r\n",
        "*2\r\n$4\r\nECHO\r\n$3\r\ntea  ",
    ] {
        let mut client = client("wrong length")?;
        let ping = request(&["PING"]);
        client.peer.send([&ping, broken.as_bytes(), &ping].concat());
        client.peer.expect_exactly(PONG, &WRONG_LENGTH)?;
        client.expect_last_refusal(&WRONG_LENGTH)?;
    }
    Ok(())
}

pub(super) fn too_large<'c>(client: &impl Fn(&str) -> Verdict<Client<'c>>) -> Verdict {
    let word = |length: &str| format!("*2\r\n$4\r\nECHO\r\n${length}\r\n");
    // The last two are 4 in a variable of 32 bits, and of 64.
    let [double, quad] = [(1u128 << 32) + 4, (1u128 << 64) + 4].map(|length| length.to_string());
    let line = |start: &str| start.to_string() + &"1".repeat(70_000);
    for sent in [
        word(&(WORD_MAX + 1).to_string()),
        word("1000000000000"),
        word(&double) + "PING\r\n",
        word(&quad) + "PING\r\n",
        "*1001\r\n".to_string(),
        "*1000000000\r\n".to_string(),
        line("ECHO "),
        line("*"),
        line("*1\r\n$"),
    ] {
        let mut client = client("too large")?;
        client.peer.send(sent);
        client.expect_last_refusal(&TOO_LARGE)?;
    }
    Ok(())
}

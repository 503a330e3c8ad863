//! The commands, in a table as in Redis: a name, the number of words that may follow it, and its
//! function.

use net::EventSocket;
use net_notes as net;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use super::request::integer;
use super::{State, reply};

/// A request on its way through the table.
struct Call<'c> {
    /// The words after the name.
    words: &'c [&'c [u8]],
    state: &'c mut State,
    client: &'c EventSocket,
    out: &'c mut Vec<u8>,
}

/// An error is the text of its reply.
type Outcome = Result<(), String>;
type Command = (&'static str, RangeInclusive<usize>, fn(&mut Call<'_>) -> Outcome);

const ANY: usize = usize::MAX;
const COMMANDS: [Command; 12] = [
    ("get", 1..=1, get),
    ("set", 2..=ANY, set),
    ("incr", 1..=1, incr),
    ("del", 1..=ANY, del),
    ("expire", 2..=2, expire),
    ("ttl", 1..=1, ttl),
    ("ping", 0..=1, ping),
    ("echo", 1..=1, echo),
    ("publish", 2..=2, publish),
    ("subscribe", 1..=ANY, subscribe),
    ("unsubscribe", 0..=ANY, unsubscribe),
    ("config", 1..=ANY, config),
];

/// Runs one request, and appends its reply.
pub fn run(words: &[&[u8]], state: &mut State, client: &EventSocket, out: &mut Vec<u8>) {
    let Some((name, words)) = words.split_first() else { return }; // an empty line, or *0: no reply
    let known = COMMANDS.iter().find(|(known, ..)| name.eq_ignore_ascii_case(known.as_bytes()));
    let outcome = match known {
        None => Err(unknown(name, words)),
        Some((name, count, _)) if !count.contains(&words.len()) => {
            Err(format!("ERR wrong number of arguments for '{name}' command"))
        }
        // After SUBSCRIBE, only messages arrive. A client could not distinguish them from a reply
        // that is an array.
        Some((name, ..)) if state.subscribers.contains(client) && !for_subscribers(name) => {
            Err(format!(
                "ERR Can't execute '{name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"
            ))
        }
        Some((_, _, act)) => act(&mut Call { words, state, client, out }),
    };
    if let Err(error) = outcome {
        reply::error(out, &error);
    }
}

fn for_subscribers(name: &str) -> bool {
    ["ping", "subscribe", "unsubscribe"].contains(&name)
}

fn unknown(name: &[u8], words: &[&[u8]]) -> String {
    // Enough to be helpful, and not the megabytes that a client may have sent.
    let short = |word: &[u8]| String::from_utf8_lossy(&word[..word.len().min(128)]).into_owned();
    let first: String = words.iter().take(4).map(|word| format!("'{}' ", short(word))).collect();
    format!("ERR unknown command '{}', with args beginning with: {first}", short(name))
}

fn number(text: &[u8]) -> Result<i64, String> {
    integer(text).ok_or_else(|| "ERR value is not an integer or out of range".to_string())
}

fn get(call: &mut Call<'_>) -> Outcome {
    match call.state.keys.get(call.words[0]) {
        Some(value) => reply::bulk(call.out, value),
        None => reply::nil(call.out),
    }
    Ok(())
}

fn set(call: &mut Call<'_>) -> Outcome {
    let [key, value, options @ ..] = call.words else { return Ok(()) };
    let expires = match options {
        [] => None,
        [option, seconds] if option.eq_ignore_ascii_case(b"EX") => {
            let time = in_seconds(number(seconds)?, "set")?;
            Some(time.ok_or("ERR invalid expire time in 'set' command")?)
        }
        _ => return Err("ERR syntax error".to_string()),
    };
    call.state.keys.set(key, value, expires);
    reply::simple(call.out, "OK");
    Ok(())
}

fn incr(call: &mut Call<'_>) -> Outcome {
    let old = call.state.keys.get(call.words[0]).unwrap_or(b"0");
    let new = number(old)?.checked_add(1).ok_or("ERR increment or decrement would overflow")?;
    call.state.keys.change(call.words[0], new.to_string().as_bytes());
    reply::integer(call.out, new);
    Ok(())
}

fn del(call: &mut Call<'_>) -> Outcome {
    let removed = call.words.iter().filter(|key| call.state.keys.remove(key)).count();
    reply::integer(call.out, removed as i64);
    Ok(())
}

fn expire(call: &mut Call<'_>) -> Outcome {
    let found = match in_seconds(number(call.words[1])?, "expire")? {
        Some(at) => call.state.keys.expire(call.words[0], Some(at)),
        None => call.state.keys.remove(call.words[0]),
    };
    reply::integer(call.out, found.into());
    Ok(())
}

/// Returns the time in `seconds` from now. `None`: it is now, or past.
fn in_seconds(seconds: i64, command: &str) -> Result<Option<Instant>, String> {
    if seconds <= 0 {
        return Ok(None);
    }
    let at = Instant::now().checked_add(Duration::from_secs(seconds.unsigned_abs()));
    let at = at.filter(|_| seconds <= i64::MAX / 1000); // Redis counts in milliseconds
    at.map(Some).ok_or(format!("ERR invalid expire time in '{command}' command"))
}

fn ttl(call: &mut Call<'_>) -> Outcome {
    let seconds = match call.state.keys.time_left(call.words[0]) {
        Some(Some(left)) => (left.as_millis() as i64 + 500) / 1000,
        Some(None) => -1,
        None => -2,
    };
    reply::integer(call.out, seconds);
    Ok(())
}

fn ping(call: &mut Call<'_>) -> Outcome {
    let text = call.words.first().copied();
    if call.state.subscribers.contains(call.client) {
        reply::array(call.out, 2);
        reply::bulk(call.out, b"pong");
        reply::bulk(call.out, text.unwrap_or_default());
    } else if let Some(text) = text {
        reply::bulk(call.out, text);
    } else {
        reply::simple(call.out, "PONG");
    }
    Ok(())
}

fn echo(call: &mut Call<'_>) -> Outcome {
    reply::bulk(call.out, call.words[0]);
    Ok(())
}

fn publish(call: &mut Call<'_>) -> Outcome {
    let receivers = call.state.subscribers.publish(call.words[0], call.words[1]);
    reply::integer(call.out, receivers as i64);
    Ok(())
}

fn subscribe(call: &mut Call<'_>) -> Outcome {
    for channel in call.words {
        let count = call.state.subscribers.add(call.client, channel);
        changed(call.out, "subscribe", Some(channel), count);
    }
    Ok(())
}

fn unsubscribe(call: &mut Call<'_>) -> Outcome {
    let all = call.state.subscribers.channels_of(call.client);
    let channels: Vec<&[u8]> = match call.words {
        [] => all.iter().map(|channel| &channel[..]).collect(),
        some => some.to_vec(),
    };
    for channel in &channels {
        let count = call.state.subscribers.remove(call.client, channel);
        changed(call.out, "unsubscribe", Some(channel), count);
    }
    if channels.is_empty() {
        changed(call.out, "unsubscribe", None, 0);
    }
    Ok(())
}

fn changed(out: &mut Vec<u8>, what: &str, channel: Option<&[u8]>, count: usize) {
    reply::array(out, 3);
    reply::bulk(out, what.as_bytes());
    match channel {
        Some(channel) => reply::bulk(out, channel),
        None => reply::nil(out),
    }
    reply::integer(out, count as i64);
}

/// Answers what redis-benchmark asks before it begins: whether this server saves to a disk. It does
/// not.
fn config(call: &mut Call<'_>) -> Outcome {
    let word = |n: usize| call.words.get(n).map(|word| word.to_ascii_lowercase());
    let name = word(1).unwrap_or_default();
    let value = match (&*word(0).unwrap_or_default(), &*name) {
        (b"get", b"save") => Some(&b""[..]),
        (b"get", b"appendonly") => Some(&b"no"[..]),
        (b"get", _) => None,
        _ => return Err("ERR only CONFIG GET is known here".to_string()),
    };
    reply::array(call.out, if value.is_some() { 2 } else { 0 });
    if let Some(value) = value {
        reply::bulk(call.out, &name);
        reply::bulk(call.out, value);
    }
    Ok(())
}

//! The ports of a session: those of the page, or others where these are taken.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::{Range, RangeInclusive};
use std::path::Path;

/// The ports that a page may use, in two rows: those of the notes, and the ones after them for a second server. And where
/// another row is looked for: with as many digits, and below the ports that systems give out by themselves.
const ROWS: [(RangeInclusive<u16>, Range<u16>); 2] =
    [(5000..=5009, 5100..9990), (10086..=10089, 10100..32_000)];

/// The ports of a page, and those that are used in their place.
#[derive(Debug, Default)]
pub(super) struct Ports {
    used: BTreeMap<u16, u16>,
    /// Listens in front of each row for as long as it is in use: another session, also of another workbench, then takes
    /// another row. A port that was only found free could be taken in the meantime.
    _guards: Vec<TcpListener>,
}

impl Ports {
    /// Chooses the ports for commands with this text. If one of its ports is taken, all of that row are replaced.
    pub(super) fn free_for(text: &str) -> Ports {
        let mut ports = Ports::default();
        let named: BTreeSet<u16> = ports_in(text).collect();
        for (own, others) in ROWS {
            let wanted: Vec<u16> = named.iter().copied().filter(|it| own.contains(it)).collect();
            let guards = others.step_by(own.len() + 1);
            let mut guards = [own.start() - 1].into_iter().chain(guards);
            let found = guards.find_map(|guard| {
                let held = bind(guard)?;
                let used = |port: u16| guard + 1 + (port - own.start());
                let free = wanted.iter().all(|port| bind(used(*port)).is_some());
                free.then(|| {
                    (held, wanted.iter().map(|port| (*port, used(*port))).collect::<Vec<_>>())
                })
            });
            if let Some((held, used)) = found.filter(|_| !wanted.is_empty()) {
                ports.used.extend(used);
                ports._guards.push(held);
            }
        }
        ports
    }

    #[cfg(test)]
    pub(super) fn with(pairs: &[(u16, u16)]) -> Ports {
        Ports { used: pairs.iter().copied().collect(), _guards: Vec::new() }
    }

    /// The page's port and the one in its place, where they differ.
    pub(super) fn changed(&self) -> impl Iterator<Item = (u16, u16)> + '_ {
        self.used.iter().map(|(page, used)| (*page, *used)).filter(|(page, used)| page != used)
    }

    /// The port that is used in the place of this one.
    pub(super) fn used(&self, port: u16) -> u16 {
        self.used.get(&port).copied().unwrap_or(port)
    }

    /// The text with the ports that are used.
    pub(super) fn replace(&self, text: &str) -> String {
        let (mut out, mut copied) = (String::new(), 0);
        for (at, digits) in numbers(text) {
            if let Some(used) = digits.parse().ok().and_then(|port: u16| self.used.get(&port)) {
                out += &text[copied..at];
                out += &used.to_string();
                copied = at + digits.len();
            }
        }
        out + &text[copied..]
    }

    /// The port that an example takes when it is given none: the first one in its code that a page may use.
    pub(super) fn of_example(sources: &Path, name: &str) -> Option<u16> {
        let code = fs::read_to_string(sources.join(format!("{name}.rs"))).ok()?;
        let code = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        code.flat_map(ports_in).find(|port| ROWS.iter().any(|(row, _)| row.contains(port)))
    }
}

fn bind(port: u16) -> Option<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()
}

/// The numbers in a text that may be ports, with their positions: not `5000` in `ab -n 5000`, which counts requests.
fn numbers(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let at = from + text[from..].find(|c: char| c.is_ascii_digit())?;
        let end = text[at..].find(|c: char| !c.is_ascii_digit());
        from = end.map_or(text.len(), |length| at + length);
        Some((at, &text[at..from]))
    })
    .filter(|(at, _)| !text[..*at].ends_with("-n "))
}

fn ports_in(text: &str) -> impl Iterator<Item = u16> {
    numbers(text).filter_map(|(_, digits)| digits.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_that_are_taken_are_replaced_everywhere() {
        let taken = bind(5008); // by us, or by whoever has it
        let ports = Ports::free_for("nc 5007; nc 5008; nc 80");
        drop(taken);
        let (one, two) = (ports.used(5007), ports.used(5008));
        assert!(ROWS[0].1.contains(&one) && two == one + 1, "{one} {two}");
        assert_eq!(ports.changed().collect::<Vec<_>>(), [(5007, one), (5008, two)]);
        let text = "port 5007, 50070 and a5008 and :80; ab -n 5007";
        let replaced = format!("port {one}, 50070 and a{two} and :80; ab -n 5007");
        assert_eq!(ports.replace(text), replaced);
    }

    #[test]
    fn sessions_at_the_same_time_have_ports_of_their_own() {
        let all: Vec<Ports> = (0..10).map(|_| Ports::free_for("5000 10086")).collect();
        for port in [5000, 10086] {
            let used: BTreeSet<u16> = all.iter().map(|ports| ports.used(port)).collect();
            assert_eq!(used.len(), all.len(), "{used:?}");
        }
    }

    #[test]
    fn what_names_no_port_holds_none() {
        let ports = Ports::free_for("nc 80; ab -n 5000");
        assert!(ports._guards.is_empty() && ports.changed().count() == 0);
    }

    #[test]
    fn the_default_of_an_example_is_found_in_its_code() {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
        assert_eq!(Ports::of_example(&sources, "03_server"), Some(5000));
        assert_eq!(Ports::of_example(&sources, "12_http_response"), Some(10086));
        assert_eq!(Ports::of_example(&sources, "none"), None);
    }
}

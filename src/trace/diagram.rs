//! Arranges recorded events into a diagram for each connection: its two ends, and the order of the
//! steps. `text` and `svg` define how it looks.

use std::time::{Duration, Instant};

/// The maximum width of the bytes of one step, in columns.
pub(super) const LABEL_WIDTH: usize = 34;

/// One watched socket.
#[derive(Default)]
pub(super) struct Lane {
    pub(super) name: String,
    pub(super) accepted: bool,
    /// The addresses of both ends of its connection; empty if there is no address.
    pub(super) here: String,
    pub(super) there: String,
}

/// One event of a watched socket.
pub(super) struct Row {
    pub(super) at: Instant,
    pub(super) lane: usize,
    pub(super) what: What,
}

pub(super) enum What {
    Connect,
    Accept,
    Sent(usize, String),
    Received(usize, String),
    SentFin,
    ReceivedFin,
    Reset,
    Close,
}

/// The events of one connection.
pub(super) struct Diagram {
    /// The connecting end on the left, the accepting end on the right.
    pub(super) ends: [End; 2],
    pub(super) steps: Vec<Step>,
}

pub(super) struct End {
    pub(super) name: String,
    /// Whether this end was watched. Otherwise its steps are those that the other end saw.
    pub(super) watched: bool,
}

/// One action of one end, later than the step before it.
pub(super) struct Step {
    /// Time since the first event of all connections.
    pub(super) time: Duration,
    pub(super) side: Side,
    pub(super) mark: Mark,
    pub(super) label: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

impl Side {
    fn other(self) -> Side {
        match self {
            Side::Left => Side::Right,
            Side::Right => Side::Left,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Connect,
    Data,
    Fin,
    Reset,
    Accept,
    Read,
    Close,
}

impl Mark {
    /// Whether it reaches the other end, and is drawn as an arrow. Everything else is a note at the
    /// end that did it.
    pub(super) fn crosses(self) -> bool {
        matches!(self, Mark::Connect | Mark::Data | Mark::Fin | Mark::Reset)
    }
}

/// Builds a diagram for each connection, in the order in which they began.
pub(super) fn diagrams(lanes: &[Lane], rows: &[Row]) -> Vec<Diagram> {
    let Some(beginning) = rows.iter().map(|row| row.at).min() else { return Vec::new() };
    pairs(lanes).into_iter().map(|pair| diagram(pair, lanes, rows, beginning)).collect()
}

/// Pairs the two ends of each connection: the connecting one on the left, the accepting one on the
/// right, if they were watched.
fn pairs(lanes: &[Lane]) -> Vec<[Option<usize>; 2]> {
    let mut pairs: Vec<[Option<usize>; 2]> = Vec::new();
    for (n, lane) in lanes.iter().enumerate() {
        let side = usize::from(lane.accepted);
        let partner = pairs.iter_mut().find(|pair| {
            let other = pair[1 - side].map(|other| &lanes[other]);
            pair[side].is_none()
                && other.is_some_and(|other| other.here == lane.there && other.there == lane.here)
        });
        match partner {
            Some(pair) => pair[side] = Some(n),
            None => {
                let mut pair = [None, None];
                pair[side] = Some(n);
                pairs.push(pair);
            }
        }
    }
    pairs
}

fn diagram(pair: [Option<usize>; 2], lanes: &[Lane], rows: &[Row], beginning: Instant) -> Diagram {
    let end = |side: usize| {
        let name = match (pair[side], pair[1 - side]) {
            (Some(lane), _) => lanes[lane].name.clone(),
            // that end is not watched: its address
            (None, Some(other)) => lanes[other].there.clone(),
            (None, None) => String::new(),
        };
        End { name, watched: pair[side].is_some() }
    };
    let both = pair[0].is_some() && pair[1].is_some();
    let mut rows: Vec<&Row> = rows.iter().filter(|row| pair.contains(&Some(row.lane))).collect();
    // A send is recorded when its call returns, with the time before the call: without sorting, its
    // effect could be listed first.
    rows.sort_by_key(|row| row.at);
    let step = |row: &Row| {
        let own = if pair[0] == Some(row.lane) { Side::Left } else { Side::Right };
        let (side, mark, label) = match &row.what {
            What::Connect => (own, Mark::Connect, "connect".to_string()),
            What::Accept => (own, Mark::Accept, "accepts".to_string()),
            What::Sent(size, bytes) => (own, Mark::Data, format!("{bytes} {size} B")),
            What::SentFin => (own, Mark::Fin, "FIN".to_string()),
            // If the other end is watched, what it sent is an arrow already.
            What::Received(size, _) if both => (own, Mark::Read, format!("reads {size} B")),
            What::ReceivedFin if both => (own, Mark::Read, "reads FIN".to_string()),
            What::Received(size, bytes) => (own.other(), Mark::Data, format!("{bytes} {size} B")),
            What::ReceivedFin => (own.other(), Mark::Fin, "FIN".to_string()),
            What::Reset => (own.other(), Mark::Reset, "reset".to_string()),
            What::Close => (own, Mark::Close, "closes".to_string()),
        };
        Step { time: row.at.saturating_duration_since(beginning), side, mark, label }
    };
    Diagram { ends: [end(0), end(1)], steps: rows.into_iter().map(step).collect() }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::quote::quoted;

    /// Two connections, an event each millisecond. In the first, both ends are watched, and each
    /// kind of event occurs; in the second, only the connecting end is watched.
    pub(in crate::trace) fn sample(names: [&str; 2], bytes: &[u8]) -> (Vec<Lane>, Vec<Row>) {
        let lane = |name: &str, accepted, here: &str, there: &str| Lane {
            name: name.to_string(),
            accepted,
            here: here.to_string(),
            there: there.to_string(),
        };
        let lanes = vec![
            lane(names[0], false, "127.0.0.1:40000", "127.0.0.1:5000"),
            lane(names[1], true, "127.0.0.1:5000", "127.0.0.1:40000"),
            lane(names[0], false, "127.0.0.1:40001", "127.0.0.1:5000"),
        ];
        let label = || quoted(bytes, LABEL_WIDTH);
        let events = [
            (0, 0, What::Connect),
            (1, 1, What::Accept),
            // Recorded when the call was over, as in reality: the reading is listed first.
            (4, 1, What::Received(bytes.len(), label())),
            (2, 0, What::Sent(bytes.len(), label())),
            (3, 0, What::SentFin),
            (5, 1, What::ReceivedFin),
            (6, 1, What::Close),
            (7, 0, What::Reset),
            (8, 0, What::Close),
            (9, 2, What::Connect),
            (10, 2, What::Received(bytes.len(), label())),
            (11, 2, What::ReceivedFin),
            (12, 2, What::SentFin),
        ];
        let beginning = Instant::now();
        let rows = events.into_iter().map(|(ms, lane, what)| {
            let at = beginning + Duration::from_millis(ms);
            Row { at, lane, what }
        });
        (lanes, rows.collect())
    }
}

//! From recorded events to a sequence diagram as text.

use std::time::Instant;

use crate::wire::{columns, milliseconds};

/// The most columns that the bytes of one row take.
pub(super) const LABEL: usize = 34;

/// Columns between the two lifelines.
const BETWEEN: usize = 45;

/// Columns before the left lifeline.
const MARGIN: usize = 13;

/// One watched socket.
#[derive(Default)]
pub(super) struct Lane {
    pub(super) name: String,
    pub(super) accepted: bool,
    /// Both ends of its connection; empty where there is no address.
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

/// Draws one diagram for each connection, in the order in which they began.
pub(super) fn draw(lanes: &[Lane], rows: &[Row]) -> String {
    let Some(beginning) = rows.iter().map(|row| row.at).min() else { return String::new() };
    let diagrams = pairs(lanes).into_iter().map(|pair| draw_pair(pair, lanes, rows, beginning));
    diagrams.collect::<Vec<_>>().join("\n")
}

/// The two ends of each connection: the connecting one on the left, the accepting one on the right, where they were watched.
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

fn draw_pair(pair: [Option<usize>; 2], lanes: &[Lane], rows: &[Row], beginning: Instant) -> String {
    let both = pair[0].is_some() && pair[1].is_some();
    let mut rows: Vec<&Row> = rows.iter().filter(|row| pair.contains(&Some(row.lane))).collect();
    // A send is booked when its call returns, with the time before the call: without this, its effect could come first.
    rows.sort_by_key(|row| row.at);

    let name = |side: usize| match (pair[side], pair[1 - side]) {
        (Some(lane), _) => lanes[lane].name.clone(),
        (None, Some(other)) => lanes[other].there.clone(), // nobody watched that end: its address
        (None, None) => String::new(),
    };
    let (left, right) = (name(0), name(1));
    let gap = (MARGIN + BETWEEN).saturating_sub(MARGIN - 2 + columns(&left)).max(1);
    let mut drawing = format!("{:>8}   {left}{}{right}\n", "ms", " ".repeat(gap));
    for row in rows {
        let time = milliseconds(row.at.saturating_duration_since(beginning));
        let to_right = pair[0] == Some(row.lane);
        let line = match &row.what {
            What::Connect => arrow("connect", to_right),
            What::Sent(size, bytes) => arrow(&format!("{bytes} {size} B"), to_right),
            What::SentFin => arrow("FIN", to_right),
            What::Accept => note("accepts", to_right),
            What::Received(size, _) if both => note(&format!("reads {size} B"), to_right),
            What::ReceivedFin if both => note("reads FIN", to_right),
            What::Received(size, bytes) => arrow(&format!("{bytes} {size} B"), !to_right),
            What::ReceivedFin => arrow("FIN", !to_right),
            What::Reset => arrow("reset", !to_right),
            What::Close => note("closes", to_right),
        };
        drawing.push_str(&format!("{time}     {line}\n"));
    }
    drawing
}

/// Something that goes from one side to the other.
fn arrow(label: &str, to_right: bool) -> String {
    let line = "─".repeat(BETWEEN.saturating_sub(columns(label) + 5));
    if to_right {
        format!("│── {label} {line}▶│")
    } else {
        format!("│◀{line} {label} ──│")
    }
}

/// Something that happens on one side: on the left inside the lines, on the right outside.
fn note(text: &str, on_left: bool) -> String {
    if on_left {
        format!("│ {text}{}│", " ".repeat(BETWEEN.saturating_sub(columns(text) + 1)))
    } else {
        format!("│{}│ {text}", " ".repeat(BETWEEN))
    }
}

//! The plans of the peers of a schedule, derived from one number.

use std::fmt;

use super::action::Action;
use super::random::Random;
use super::records::LONGEST;

/// The properties of one peer, and its actions.
#[derive(Debug, Clone)]
pub struct Part {
    pub half_open: bool,
    pub high_water_mark: usize,
    /// For the accepting side only: `pause_on_connect`.
    pub paused: bool,
    pub has_error_listener: bool,
    /// The test keeps a handle, and ends the connection with it. Otherwise the handle is dropped,
    /// and the peer ends.
    pub keeps_handle: bool,
    /// The number of chunks after which it pauses for a while, as a slow reader does.
    pub rests: u64,
    /// Whether the other threads begin before `run()`.
    pub early: bool,
    /// The actions before `run()`, or in the Connection listener.
    pub first: Vec<Action>,
    /// The actions in the listener of the first event, of the second, and so on; timers and write
    /// callbacks count.
    pub in_listeners: Vec<Vec<Action>>,
    /// The actions of the other threads, each of which runs one list.
    pub on_threads: Vec<Vec<Action>>,
    /// The action at the end.
    pub last: Action,
}

/// The way in which a relay forwards data from one socket to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Forwarding {
    /// `if !to.write(data) { from.pause() }`, and a listener of Drain that resumes.
    Idiom,
    /// The same on a separate thread, with `writable_need_drain`.
    Thread,
    Pipe,
    /// By `io::Write`.
    Blocking,
}

const FORWARDINGS: [Forwarding; 4] =
    [Forwarding::Idiom, Forwarding::Thread, Forwarding::Pipe, Forwarding::Blocking];

/// A relay between client and server.
#[derive(Debug, Clone)]
pub struct Relay {
    pub high_water_mark: usize,
    pub there: Forwarding,
    pub back: Forwarding,
    /// The microseconds between a `false` and the `pause` that follows it.
    pub hesitation: u64,
    /// The client's data also goes to a slow peer: then `there` is a pipe, and another one leads to
    /// this peer.
    pub sink: Option<Part>,
}

#[derive(Debug, Clone)]
pub struct Plan {
    pub unix: bool,
    /// The plan destroys, panics, writes after the end, and removes listeners. Otherwise every byte
    /// must arrive.
    pub rough: bool,
    pub client: Part,
    pub server: Part,
    pub relay: Option<Relay>,
}

/// A `close_within` of this number of milliseconds always ends by the peer's end, and never by the
/// time.
pub const NEVER_REACHED_MS: u64 = 60_000;

/// A slow reader pauses less often.
const RESTS: u64 = 6;

impl Plan {
    pub fn of(seed: u64) -> Plan {
        let mut random = Random::new(seed);
        let (has_relay, rough) = (random.chance(50), random.chance(40));
        // A relay tests back-pressure: much data, slow readers, and a Unix domain connection, for
        // which the kernel holds less.
        let heavy = random.chance(if has_relay { 60 } else { 20 });
        let unix = cfg!(unix) && random.chance(if has_relay { 75 } else { 50 });
        let mut one_of_two = |percent| random.chance(percent).then(|| random.below(2));
        let dropped = one_of_two(20);
        // A blocking write waits for its peer. So the peer reads: it does not block in a listener,
        // and pauses only for a while.
        let blocking = one_of_two(30);
        // Without a handle there would be no end.
        let half_open = [0, 1].map(|side| random.chance(50) && dropped != Some(side));
        let kind = |side: u64| Kind {
            rough,
            heavy,
            slow: if has_relay { 50 } else { 20 },
            half_open: half_open[side as usize],
            accepts: side == 1,
            keeps_handle: dropped != Some(side),
            // Ends early only if the peer may continue to write, or if lost bytes do not matter.
            ends: rough || (half_open[1 - side as usize] && dropped != Some(side)),
            pauses: dropped != Some(side) && blocking != Some(1 - side),
            blocks: blocking == Some(side),
        };
        let (client, server) = (kind(0).part(&mut random), kind(1).part(&mut random));
        let relay = has_relay.then(|| {
            // A server that writes, too; but no peer waits for what it writes, and the client may
            // end early.
            let sink = Kind {
                slow: 100,
                keeps_handle: true,
                ends: rough,
                pauses: blocking != Some(0),
                blocks: false,
                ..kind(1)
            };
            let sink = random.chance(35).then(|| sink.part(&mut random));
            // A listener of the relay that waits until a peer reads would delay what that peer
            // waits for in its own listener.
            let mut towards = |side| {
                let may_block = blocking != Some(side);
                random.pick(&FORWARDINGS[..if may_block { 4 } else { 3 }])
            };
            let (there, back) = (towards(1), towards(0));
            Relay {
                high_water_mark: high_water_mark(&mut random),
                there: if sink.is_some() { Forwarding::Pipe } else { there },
                back,
                hesitation: random.pick(&[0, 0, 300, 2000]),
                sink,
            }
        });
        Plan { unix, rough, client, server, relay }
    }
}

/// Each part on a separate line.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Plan { unix, rough, client, server, relay } = self;
        write!(f, "unix: {unix}, rough: {rough}\nclient {client:?}\nserver {server:?}\n{relay:?}")
    }
}

/// The actions that a part may consist of.
struct Kind {
    rough: bool,
    /// Whether it writes much.
    heavy: bool,
    /// The chance that it reads slowly, in percent.
    slow: u64,
    half_open: bool,
    accepts: bool,
    keeps_handle: bool,
    ends: bool,
    pauses: bool,
    blocks: bool,
}

impl Kind {
    fn part(&self, random: &mut Random) -> Part {
        Part {
            half_open: self.half_open,
            high_water_mark: high_water_mark(random),
            paused: self.accepts && self.pauses && random.chance(15),
            has_error_listener: self.accepts || random.chance(80),
            keeps_handle: self.keeps_handle,
            rests: if random.chance(self.slow) { random.below(RESTS) } else { 0 },
            early: random.chance(50),
            first: self.actions(random, 4, false),
            in_listeners: (0..random.below(8)).map(|_| self.actions(random, 3, true)).collect(),
            on_threads: (0..random.below(3)).map(|_| self.actions(random, 8, false)).collect(),
            last: match random.below(10) {
                0 => Action::CloseWithin(NEVER_REACHED_MS),
                1 if self.rough => Action::CloseWithin(random.below(5)),
                2 if self.rough => Action::DestroySoon,
                3 if self.rough && self.accepts => Action::CloseAll,
                _ => Action::End,
            },
        }
    }

    fn actions(&self, random: &mut Random, most: u64, in_listener: bool) -> Vec<Action> {
        (0..random.below(most + 1)).map(|_| self.action(random, in_listener)).collect()
    }

    fn action(&self, random: &mut Random, in_listener: bool) -> Action {
        loop {
            let action = self.any_action(random);
            let fits = match action {
                Action::Block(_) | Action::Flush => self.blocks,
                Action::Relisten => self.accepts,
                Action::CloseAll => self.rough && self.accepts,
                Action::Panic => self.rough && in_listener,
                Action::RemoveListener | Action::DestroySoon => self.rough,
                _ if action.is_abrupt() => self.rough,
                _ if action.ends() => self.ends,
                Action::Pause => self.pauses,
                // No other event is emitted while a listener waits.
                Action::Await(_) => !in_listener,
                _ => true,
            };
            if fits {
                return action;
            }
        }
    }

    fn any_action(&self, random: &mut Random) -> Action {
        match random.below(120) {
            0..20 => Action::Write(self.length(random)),
            20..40 => Action::WriteThen(self.length(random)),
            40..52 => Action::Block(self.length(random)),
            52 => Action::Flush,
            53..56 => Action::End,
            56..58 => Action::EndWith(self.length(random)),
            58..60 => Action::Destroy,
            60 => Action::DestroyWith,
            61 => Action::DestroySoon,
            62 => Action::CloseWithin(random.pick(&[
                0,
                1,
                5,
                NEVER_REACHED_MS,
                NEVER_REACHED_MS,
                NEVER_REACHED_MS,
            ])),
            63 => Action::CloseAll,
            64 => Action::Relisten,
            65 => Action::Panic,
            66..74 => Action::Pause,
            74..82 => Action::Resume,
            82..86 => {
                let idle = random.pick(&[1, 1, 2, 3, 5, 20]);
                Action::SetTimeout(random.chance(70).then_some(idle))
            }
            86..92 => Action::After(random.below(6)),
            92..94 => Action::Every(1 + random.below(4)),
            94..99 => Action::Cancel(random.below(8)),
            99 => Action::SetNoDelay(random.chance(50)),
            100 => Action::RemoveListener,
            101..103 => Action::AddListener,
            103..105 => Action::Once,
            105..108 => Action::Ask,
            108..114 => Action::Compute(random.below(100)),
            114..117 => Action::Yield,
            _ => Action::Await(random.below(12)),
        }
    }

    /// Returns a length from zero to the longest, mostly short, and often around the lengths at
    /// which the behaviour changes.
    fn length(&self, random: &mut Random) -> usize {
        let most = match self.heavy {
            true => random.pick(&[100, 16 << 10, 70 << 10, 1 << 20, LONGEST]),
            false => {
                random.pick(&[0, 1, 100, 100, 100, 16 << 10, 16 << 10, 70 << 10, 70 << 10, 1 << 20])
            }
        };
        random.below(most as u64 + 1) as usize
    }
}

fn high_water_mark(random: &mut Random) -> usize {
    random.pick(&[0, 1, 1000, 16 << 10, 16 << 10, 16 << 10, 1 << 20])
}

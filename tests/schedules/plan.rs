//! What two peers will do, all of it decided by one number.

/// A stream of numbers that a seed decides (xorshift64).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        // Neighbouring seeds have to give unlike streams, and zero none of zeros: two rounds of splitmix64's mixer.
        let mix = |x: u64| (x ^ (x >> 31)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Random(mix(mix(seed.wrapping_add(0x9E37_79B9_7F4A_7C15))) | 1)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}

/// One thing that a peer does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Action {
    Write(usize),
    WriteThen(usize),
    End,
    EndWith(usize),
    Destroy,
    DestroyWith,
    /// Only from a listener.
    Panic,
    Pause,
    Resume,
    /// Milliseconds; `None` switches it off.
    SetTimeout(Option<u64>),
    SetNoDelay(bool),
    /// Takes the Data listener off: what comes meanwhile is lost.
    Deaf,
    /// Puts it back.
    Hear,
    /// One more listener, for one time.
    Once,
    /// Everything that one can ask a socket.
    Ask,
    /// Is slow: computes for so many microseconds.
    Compute(u64),
    Yield,
    /// Waits until so many events have come, but not for long.
    Await(u64),
}

/// What one peer is, and does.
#[derive(Debug, Clone)]
pub struct Part {
    pub half_open: bool,
    pub high_water_mark: usize,
    /// The accepting side only: `pause_on_connect`.
    pub paused: bool,
    /// Has an Error listener.
    pub hears_errors: bool,
    /// Somebody keeps a handle, and ends the connection with it. Otherwise it is dropped, and the peer ends.
    pub keeps_handle: bool,
    /// The foreign threads begin before `run()`.
    pub early: bool,
    /// Before `run()`, or in the Connection listener.
    pub first: Vec<Action>,
    /// In the listener of the first event, of the second, and so on; write callbacks count.
    pub in_listeners: Vec<Vec<Action>>,
    /// One thread each.
    pub on_threads: Vec<Vec<Action>>,
}

#[derive(Debug, Clone)]
pub struct Plan {
    pub unix: bool,
    /// Destroys, panics, writes after the end and goes deaf. Otherwise every byte has to arrive.
    pub rough: bool,
    pub client: Part,
    pub server: Part,
}

impl Plan {
    pub fn of(seed: u64) -> Plan {
        let mut random = Random::new(seed);
        let (unix, rough) = (cfg!(unix) && random.chance(50), random.chance(40));
        let dropped = if random.chance(20) { Some(random.below(2) as usize) } else { None };
        // Without a handle nobody could end it.
        let half_open = [0, 1].map(|side| random.chance(50) && dropped != Some(side));
        let mut part = |side: usize| {
            let keeps_handle = dropped != Some(side);
            let kind = Kind {
                rough,
                // Ends early only if the peer may go on writing, or if it does not matter.
                ends: rough || (half_open[1 - side] && keeps_handle),
                pauses: keeps_handle,
            };
            Part {
                half_open: half_open[side],
                high_water_mark: random.pick(&[0, 1, 1000, 16 << 10, 16 << 10, 16 << 10, 1 << 20]),
                paused: side == 1 && keeps_handle && random.chance(15),
                hears_errors: side == 1 || random.chance(80),
                keeps_handle,
                early: random.chance(50),
                first: kind.actions(&mut random, 4, false),
                in_listeners: (0..random.below(8))
                    .map(|_| kind.actions(&mut random, 3, true))
                    .collect(),
                on_threads: (0..random.below(3))
                    .map(|_| kind.actions(&mut random, 8, false))
                    .collect(),
            }
        };
        Plan { unix, rough, client: part(0), server: part(1) }
    }
}

/// Which actions a part may be made of.
struct Kind {
    rough: bool,
    ends: bool,
    pauses: bool,
}

impl Kind {
    fn actions(&self, random: &mut Random, most: u64, in_listener: bool) -> Vec<Action> {
        (0..random.below(most + 1)).map(|_| self.action(random, in_listener)).collect()
    }

    fn action(&self, random: &mut Random, in_listener: bool) -> Action {
        loop {
            let action = match random.below(100) {
                0..22 => Action::Write(size(random)),
                22..44 => Action::WriteThen(size(random)),
                44..47 => Action::End,
                47..49 => Action::EndWith(size(random)),
                49..51 => Action::Destroy,
                51 => Action::DestroyWith,
                52 => Action::Panic,
                53..61 => Action::Pause,
                61..69 => Action::Resume,
                69..74 => Action::SetTimeout(random.chance(70).then(|| 1 + random.below(20))),
                74..76 => Action::SetNoDelay(random.chance(50)),
                76 => Action::Deaf,
                77..79 => Action::Hear,
                79..82 => Action::Once,
                82..85 => Action::Ask,
                85..92 => Action::Compute(random.below(100)),
                92..96 => Action::Yield,
                _ => Action::Await(random.below(12)),
            };
            let fits = match action {
                Action::End | Action::EndWith(_) => self.ends,
                Action::Destroy | Action::DestroyWith | Action::Deaf => self.rough,
                Action::Panic => self.rough && in_listener,
                Action::Pause => self.pauses,
                Action::Await(_) => !in_listener, // nothing else can come while a listener waits
                _ => true,
            };
            if fits {
                return action;
            }
        }
    }
}

/// From nothing to 1 MiB, most of them small, many around the sizes where something changes.
fn size(random: &mut Random) -> usize {
    let most = random.pick(&[0, 1, 100, 100, 100, 16 << 10, 16 << 10, 70 << 10, 70 << 10, 1 << 20]);
    random.below(most + 1) as usize
}

//! The bytes that arrive from one party at the other.

use std::fmt;

use super::Verdict;
use crate::schedules::action::Action;
use crate::schedules::history::{Call, Socket};
use crate::schedules::log::Role;
use crate::schedules::records::{parse, size};

/// The path that bytes take: from the first socket, through those of a relay, to the last one.
pub struct Path<'s, 'h> {
    sockets: Vec<&'s Socket<'h>>,
    /// Whether every socket of the schedule ended cleanly: bytes that a relay holds for a closed
    /// socket are lost.
    is_clean: bool,
}

/// Returns all paths between the existing sockets.
pub fn paths<'s, 'h>(sockets: &'s [Socket<'h>]) -> Vec<Path<'s, 'h>> {
    let find = |role: &Role| sockets.iter().find(|socket| socket.role == *role);
    let there: &[Role] = match find(&Role::From) {
        Some(_) => &[Role::Client, Role::From, Role::To, Role::Server],
        None => &[Role::Client, Role::Server],
    };
    let back: Vec<Role> = there.iter().rev().copied().collect();
    let aside = [Role::Client, Role::From, Role::Tap, Role::Sink];
    let paths = [there, &back, &aside].map(|path| path.iter().map(find).collect::<Option<_>>());
    let is_clean = sockets.iter().all(Socket::is_clean);
    paths.into_iter().flatten().map(|sockets| Path { sockets, is_clean }).collect()
}

impl fmt::Display for Path<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let roles: Vec<_> =
            self.sockets.iter().map(|socket| format!("{:?}", socket.role)).collect();
        f.write_str(&roles.join(" to "))
    }
}

impl<'h> Path<'_, 'h> {
    fn first(&self) -> &Socket<'h> {
        self.sockets[0]
    }

    fn last(&self) -> &Socket<'h> {
        self.sockets[self.sockets.len() - 1]
    }

    pub fn leads_to(&self, role: Role) -> bool {
        self.last().role == role
    }

    /// Whether everything must arrive: the end was clean, and until then the last socket had a
    /// listener.
    fn is_complete(&self) -> bool {
        let drops_data =
            |call: &&Call| matches!(call.action, Action::RemoveListener | Action::CloseWithin(_));
        self.is_clean && !self.last().calls.iter().any(drops_data)
    }

    /// Returns how many bytes were received before the last socket had no listener.
    fn received(&self) -> usize {
        let removed = self.last().calls.iter().find(|call| call.action == Action::RemoveListener);
        let until = removed.map_or(usize::MAX, |call| call.begin);
        let turns = self.last().turns.iter().take_while(|turn| turn.begin < until);
        turns.map(|turn| turn.event.bytes()).sum()
    }
}

/// The records that were written arrive, each completely and once, in an order that fits the calls:
/// all of them after a clean end, otherwise the first of them.
pub fn what_was_written_arrives(path: &Path<'_, '_>, received: &[u8]) -> Verdict {
    let first = path.first();
    let records = parse(&received[..path.received()])?;
    let mut arrived = Vec::new();
    let mut latest = 0; // where the latest record that has arrived was written
    for record in &records {
        let call = first.writes().find(|call| call.number == record.number);
        let fits = call.is_some_and(|call| {
            call.action.bytes() == Some(size(record.length)) && latest < call.end
        });
        if !fits || arrived.contains(&record.number) {
            return Err(format!("{record:?} after {arrived:?}"));
        }
        latest = latest.max(call.map_or(0, |call| call.begin));
        arrived.push(record.number);
    }

    // A write that was over before another one began arrives before that one.
    let until = if path.is_complete() { usize::MAX } else { latest };
    let is_missing = |call: &&Call| {
        let in_time = call.end < first.ending || call.begin == first.ending;
        let was_accepted = in_time && !call.has_failed() && call.action.bytes() > Some(0);
        was_accepted && call.end < until && !arrived.contains(&call.number)
    };
    if let Some(call) = first.writes().find(is_missing) {
        return Err(format!("{:?} #{} is missing in {arrived:?}", call.action, call.number));
    }
    match records.last() {
        Some(last) if path.is_complete() && !last.is_whole => {
            Err(format!("only a part of {last:?}"))
        }
        _ => Ok(()),
    }
}

/// After a clean end all sockets of a path count the same bytes: each has read what the one before
/// it has written.
pub fn all_count_the_same_bytes(path: &Path<'_, '_>, _: &[u8]) -> Verdict {
    let facts = path.sockets.iter().filter_map(|socket| Some(socket.close()?.facts));
    let numbers =
        facts.enumerate().map(|(n, facts)| if n % 2 == 0 { facts.written } else { facts.read });
    let numbers: Vec<u64> = numbers.collect();
    let differ = numbers.iter().any(|number| *number != numbers[0]);
    if path.is_clean && differ { Err(format!("{numbers:?}")) } else { Ok(()) }
}

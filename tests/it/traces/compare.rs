//! Two runs of a scenario, party by party. The order within a party counts, the order between
//! parties does not; write callbacks have a separate order, whatever events are between them.

use std::collections::BTreeMap;

/// The lines of each party. The callbacks of party `client` are a separate column,
/// `client, callbacks`.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Lines(BTreeMap<String, Vec<String>>);

impl FromIterator<(String, String)> for Lines {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(lines: I) -> Lines {
        let mut parties = Lines::default();
        for (mut party, event) in lines {
            if is_callback(&event) {
                party += ", callbacks";
            }
            parties.0.entry(party).or_default().push(event);
        }
        parties
    }
}

/// `write-cb`, `write-cb-a`, `end-cb`; not `close-callback`, which is a listener of `close`.
fn is_callback(event: &str) -> bool {
    let name = event.split(' ').next().unwrap_or_default();
    name.ends_with("-cb") || name.contains("-cb-")
}

impl Lines {
    /// Reads a `.trace` file: `PARTY event [detail]`.
    pub fn read(text: &str) -> Lines {
        let line = |line: &str| {
            let (party, event) = line.split_once(' ').expect("a line is `PARTY event [detail]`");
            (party.to_string(), event.to_string())
        };
        text.lines().map(line).collect()
    }

    /// Returns the number of lines.
    pub fn count(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }

    /// Replaces every line that is `node` by `here`, or removes it. Returns `false` if there was
    /// none.
    pub fn replace(&mut self, party: &str, node: &str, here: Option<&str>) -> bool {
        let party = if is_callback(node) { format!("{party}, callbacks") } else { party.into() };
        let Some(events) = self.0.get_mut(&party) else { return false };
        let found = events.iter().any(|event| event == node);
        match here {
            Some(here) => events.iter_mut().filter(|event| *event == node).for_each(|event| {
                *event = here.to_string();
            }),
            None => events.retain(|event| event != node),
        }
        if events.is_empty() {
            self.0.remove(&party);
        }
        found
    }

    /// Returns `None` if both are the same; otherwise the parties that differ, side by side.
    pub fn differs(&self, got: &Lines) -> Option<String> {
        let parties: BTreeMap<_, _> = self.0.iter().chain(&got.0).collect();
        let none = Vec::new();
        let mut report = String::new();
        for party in parties.keys() {
            let expected = self.0.get(*party).unwrap_or(&none);
            let got = got.0.get(*party).unwrap_or(&none);
            if expected != got {
                report += &format!("party `{party}`\n{}", side_by_side(expected, got));
            }
        }
        (!report.is_empty()).then_some(report)
    }
}

/// Formats two columns; `>` before a row that differs.
fn side_by_side(expected: &[String], got: &[String]) -> String {
    const NOTHING: &str = "–";
    let width = expected.iter().map(|line| line.chars().count()).max().unwrap_or(0).max(8);
    let mut rows = format!("    {:width$} | got\n", "expected");
    for row in 0..expected.len().max(got.len()) {
        let left = expected.get(row).map_or(NOTHING, String::as_str);
        let right = got.get(row).map_or(NOTHING, String::as_str);
        let mark = if left == right { ' ' } else { '>' };
        rows += &format!("  {mark} {left:width$} | {right}\n");
    }
    rows
}

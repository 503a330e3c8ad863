//! The pages that are open in browsers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::coach::lock;

/// The time that a page may be absent: while it is reloaded, or changes its language, or after a lost connection.
const AWAY_MAX: Duration = Duration::from_secs(4);

/// The tabs that read events, by the page that they show.
#[derive(Debug, Default)]
pub(super) struct Tabs(Mutex<BTreeMap<String, Page>>);

/// Invariant: `tabs` is how many [`Tab`]s of this page live, and `since` is when it became none, or when it was asked for.
#[derive(Debug)]
struct Page {
    tabs: usize,
    since: Instant,
}

/// One tab, from when it begins to read events to when its connection ends.
#[derive(Debug)]
pub(super) struct Tab {
    page: String,
    all: Arc<Tabs>,
}

impl Tabs {
    /// Records that a tab with this page has begun to read.
    pub(super) fn enter(self: &Arc<Self>, page: &str) -> Tab {
        let mut pages = lock(&self.0);
        let now = Instant::now();
        let entry = pages.entry(page.to_string()).or_insert(Page { tabs: 0, since: now });
        entry.tabs += 1;
        Tab { page: page.to_string(), all: self.clone() }
    }

    /// Whether no tab has shown this page for a while; `began`: when something was started for it.
    pub(super) fn are_gone(&self, page: &str, began: Instant) -> bool {
        let since = match lock(&self.0).get(page) {
            Some(page) if page.tabs > 0 => return false,
            Some(page) => page.since.max(began),
            None => began,
        };
        since.elapsed() >= AWAY_MAX
    }
}

impl Drop for Tab {
    fn drop(&mut self) {
        let mut pages = lock(&self.all.0);
        // Names of pages are received from the network, so those that are no longer open are removed.
        pages.retain(|_, page| page.tabs > 0 || page.since.elapsed() < AWAY_MAX);
        if let Some(page) = pages.get_mut(&self.page) {
            page.tabs -= 1;
            page.since = Instant::now();
        }
    }
}

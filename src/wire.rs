//! The events on the wire, for their observers: `NET_TRACE`, and
//! [`Recorder`](crate::trace::Recorder).
//!
//! `event` and `call_site` define what is observed. `print` formats it for people, `line` for a
//! viewer; `ring` keeps the lines until `viewer` has sent them. No observer is called under the
//! lock of a socket or of a server.

mod call_site;
mod event;
mod line;
mod print;
mod ring;
mod target;
mod viewer;

use std::sync::OnceLock;

pub(crate) use self::call_site::CallSite;
pub(crate) use self::event::{Observer, WireEvent};
use self::target::targets;
use self::viewer::Viewer;

/// Returns the viewer, if `NET_TRACE` names one.
fn viewer() -> Option<&'static Viewer> {
    static VIEWER: OnceLock<Viewer> = OnceLock::new();
    let address = targets().viewer.as_ref()?;
    Some(VIEWER.get_or_init(|| Viewer::new(address.clone())))
}

/// Announces the program to the viewer, which can then show a server that listens and has no client
/// yet.
pub(crate) fn introduce(site: CallSite) {
    if let Some(viewer) = viewer() {
        viewer.introduce(site);
    }
}

/// Returns the observers that `NET_TRACE` asks for.
pub(crate) fn observers(
    socket: u64,
    kind: &'static str,
) -> impl Iterator<Item = Box<dyn Observer>> {
    let printer = targets().standard_error.then(|| {
        let printer = print::Printer::new(socket, kind);
        Box::new(printer) as Box<dyn Observer>
    });
    let reporter = viewer().map(|viewer| {
        let reporter = viewer::Reporter::new(socket, viewer);
        Box::new(reporter) as Box<dyn Observer>
    });
    printer.into_iter().chain(reporter)
}

/// Waits briefly until the viewer has taken the events so far: the program may be about to end.
pub(crate) fn flush() {
    if let Some(viewer) = viewer() {
        viewer.flush();
    }
}

//! The listeners of one event, in the order in which they are called.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::wire::CallSite;

/// The id of a listener: returned by `on` and `once`, taken by `off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ListenerId(u64);

impl ListenerId {
    /// Returns an id that is unique in the process, so an id of one socket never removes a listener
    /// of another.
    pub(crate) fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        ListenerId(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// One listener. `F` is the stored function: a `Box` if one thread calls it, an `Arc` if many do.
#[derive(Debug)]
pub(crate) struct Entry<F> {
    pub(crate) id: ListenerId,
    once: bool,
    /// The line that registered it.
    pub(crate) site: CallSite,
    pub(crate) call: F,
}

/// The listeners of one event.
///
/// No lock may be held while a listener is called. So the listeners of a socket are
/// [taken out](Self::take) and [put back](Self::put_back) afterwards; those of a server, which many
/// threads call at once, are [copied](Self::copy). Either way `on` and `off` work in the meantime
/// and take effect at the next event, as in Node.
// `pub` as part of the sealed event traits; no public path leads here.
#[derive(Debug)]
pub struct List<F> {
    entries: Vec<Entry<F>>,
    /// The listeners that are being called and were not removed since: `put_back` keeps these.
    being_called: Vec<(ListenerId, CallSite)>,
}

impl<F> Default for List<F> {
    fn default() -> Self {
        List { entries: Vec::new(), being_called: Vec::new() }
    }
}

impl<F> List<F> {
    #[track_caller]
    pub(crate) fn add(&mut self, once: bool, call: F) -> ListenerId {
        let id = ListenerId::next();
        self.entries.push(Entry { id, once, site: CallSite::of_caller(), call });
        id
    }

    /// Adds a listener before all others.
    #[track_caller]
    pub(crate) fn add_first(&mut self, call: F) {
        let (id, site) = (ListenerId::next(), CallSite::of_caller());
        self.entries.insert(0, Entry { id, once: false, site, call });
    }

    /// Removes a listener. The second value is the listener itself, which the caller must drop
    /// after it has released its lock.
    pub(crate) fn remove(&mut self, id: ListenerId) -> (bool, Option<Entry<F>>) {
        if let Some(at) = self.being_called.iter().position(|(called, _)| *called == id) {
            self.being_called.swap_remove(at);
            return (true, None);
        }
        let entry = self.entries.iter().position(|e| e.id == id).map(|at| self.entries.remove(at));
        (entry.is_some(), entry)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.being_called.is_empty()
    }

    /// The line that registered the first listener.
    pub(crate) fn site(&self) -> CallSite {
        let called = self.being_called.first().map(|(_, site)| *site);
        called.or_else(|| self.entries.first().map(|entry| entry.site)).unwrap_or_default()
    }

    /// Takes all listeners out. A `once` listener no longer belongs to the list: it is removed
    /// before it is called.
    pub(crate) fn take(&mut self) -> Vec<Entry<F>> {
        self.being_called.extend(self.entries.iter().filter(|e| !e.once).map(|e| (e.id, e.site)));
        std::mem::take(&mut self.entries)
    }

    /// Puts back the listeners that were not removed, before those that were added in the meantime.
    /// Returns the others, to be dropped without the lock: their `Drop` may be code of the user.
    pub(crate) fn put_back(&mut self, taken: Vec<Entry<F>>) -> Vec<Entry<F>> {
        if self.being_called.len() == taken.len() && self.entries.is_empty() {
            self.being_called.clear(); // the usual case: nothing has changed
            self.entries = taken;
            return Vec::new();
        }
        let (mut kept, removed): (Vec<_>, Vec<_>) =
            taken.into_iter().partition(|e| self.being_called.iter().any(|(id, _)| *id == e.id));
        self.being_called.clear();
        kept.append(&mut self.entries);
        self.entries = kept;
        removed
    }

    pub(crate) fn into_calls(self) -> impl Iterator<Item = F> {
        self.entries.into_iter().map(|entry| entry.call)
    }

    /// Removes the `once` listeners, and returns them, to be dropped without the lock.
    pub(crate) fn take_once(&mut self) -> Vec<Entry<F>> {
        let (once, kept) =
            std::mem::take(&mut self.entries).into_iter().partition(|entry| entry.once);
        self.entries = kept;
        once
    }

    /// Returns all listeners, to be called without the lock, and removes the `once` listeners.
    pub(crate) fn copy(&mut self) -> Vec<(CallSite, F)>
    where
        F: Clone,
    {
        let calls = self.entries.iter().map(|entry| (entry.site, entry.call.clone())).collect();
        self.entries.retain(|entry| !entry.once);
        calls
    }
}

/// Defines the table of the listeners of one socket or of one server: a list for each event.
/// Implements `$trait` for each event, with the arguments of its listeners, and with constants that
/// differ from the default.
macro_rules! event_table {
    ($(#[$doc:meta])* $table:ident of $trait:ident kept as $listener:ident: $($event:ident, $field:ident, $args:ty $(, $constant:ident = $value:expr)?;)*) => {
        $(#[$doc])*
        #[derive(Default)]
        #[allow(missing_debug_implementations)] // functions
        pub struct $table {
            $($field: $crate::listeners::List<$listener<$event>>,)*
        }

        impl $table {
            /// Removes a listener of any event. Its function is appended to `removed`, to be
            /// dropped without the lock.
            pub(crate) fn remove(
                &mut self,
                id: $crate::listeners::ListenerId,
                removed: &mut Vec<Box<dyn Send>>,
            ) -> bool {
                $(if let (true, entry) = self.$field.remove(id) {
                    removed.extend(entry.map(|entry| Box::new(entry.call) as _));
                    return true;
                })*
                false
            }

            /// Takes the table apart, so that each listener is dropped separately: more than one
            /// may panic.
            pub(crate) fn into_each(self) -> Vec<Box<dyn Send>> {
                let mut each: Vec<Box<dyn Send>> = Vec::new();
                $(each.extend(self.$field.into_calls().map(|call| Box::new(call) as _));)*
                each
            }
        }

        $(
            #[diagnostic::do_not_recommend]
            impl $trait for $event {
                type Args<'a> = $args;
                fn list(table: &mut $table) -> &mut $crate::listeners::List<$listener<Self>> {
                    &mut table.$field
                }
                $(const $constant: bool = $value;)?
            }
        )*
    };
}
pub(crate) use event_table;

#[cfg(test)]
mod tests {
    use super::*;

    type Calls = List<fn() -> u32>;

    fn call(list: &mut Calls, during: impl FnOnce(&mut Calls)) -> Vec<u32> {
        let taken = list.take();
        let results = taken.iter().map(|entry| (entry.call)()).collect();
        during(list);
        list.put_back(taken);
        results
    }

    #[test]
    fn in_order_of_registration_and_once_means_once() {
        let mut list = Calls::default();
        list.add(false, || 1);
        list.add(true, || 2);
        list.add(false, || 3);
        assert_eq!(call(&mut list, |_| ()), [1, 2, 3]);
        assert_eq!(call(&mut list, |_| ()), [1, 3]);
    }

    #[test]
    fn changes_during_a_call_act_from_the_next_one_on() {
        let mut list = Calls::default();
        let first = list.add(false, || 1);
        list.add(false, || 2);
        let results = call(&mut list, |list| {
            assert!(list.remove(first).0);
            assert!(!list.remove(first).0);
            list.add(false, || 3);
            assert!(!list.is_empty());
        });
        assert_eq!(results, [1, 2]);
        assert_eq!(call(&mut list, |_| ()), [2, 3]);
    }

    #[test]
    fn once_is_off_the_list_while_it_is_called() {
        let mut list = Calls::default();
        let only = list.add(true, || 1);
        call(&mut list, |list| assert!(!list.remove(only).0 && list.is_empty()));
        assert!(list.is_empty());
        list.add(true, || 2);
        assert_eq!(list.copy().len(), 1);
        assert!(list.is_empty());
    }
}

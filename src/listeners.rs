//! The listeners of one event, in the order in which they are called.

use std::sync::atomic::{AtomicU64, Ordering};

/// What `on` and `once` return, and `off` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ListenerId(u64);

impl ListenerId {
    /// Unique in the process, so that an id of one socket never removes a listener of another.
    pub(crate) fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        ListenerId(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// One listener; `F` is the function as it is kept: boxed where one thread calls it, an `Arc` where many do.
#[derive(Debug)]
pub(crate) struct Entry<F> {
    pub(crate) id: ListenerId,
    once: bool,
    pub(crate) call: F,
}

/// The listeners of one event.
///
/// No lock may be held while one is called. So those of a socket are [taken out](Self::take) and [put back](Self::put_back)
/// after, and those of a server, which many threads call at once, are [copied](Self::copy). Either way `on` and `off` go on
/// working in between and act from the next time on, as in Node.
// `pub` as part of the sealed event traits; no path leads here from outside.
#[derive(Debug)]
pub struct List<F> {
    entries: Vec<Entry<F>>,
    /// Those that are called at the moment and shall be there afterwards.
    out: Vec<ListenerId>,
}

impl<F> Default for List<F> {
    fn default() -> Self {
        List { entries: Vec::new(), out: Vec::new() }
    }
}

impl<F> List<F> {
    pub(crate) fn add(&mut self, once: bool, call: F) -> ListenerId {
        let id = ListenerId::next();
        self.entries.push(Entry { id, once, call });
        id
    }

    /// Adds a listener before all others.
    pub(crate) fn add_first(&mut self, call: F) {
        self.entries.insert(0, Entry { id: ListenerId::next(), once: false, call });
    }

    /// Takes a listener off. The second value is the listener itself, to be dropped by the caller outside of its lock.
    pub(crate) fn remove(&mut self, id: ListenerId) -> (bool, Option<Entry<F>>) {
        if let Some(at) = self.out.iter().position(|out| *out == id) {
            self.out.swap_remove(at);
            return (true, None);
        }
        let entry = self.entries.iter().position(|e| e.id == id).map(|at| self.entries.remove(at));
        (entry.is_some(), entry)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.out.is_empty()
    }

    /// Takes all listeners out. A `once` one is off the list from here on: it is removed before it is called.
    pub(crate) fn take(&mut self) -> Vec<Entry<F>> {
        self.out.extend(self.entries.iter().filter(|e| !e.once).map(|e| e.id));
        std::mem::take(&mut self.entries)
    }

    /// Puts back those that are still wanted, before the ones that came meanwhile. Returns the others, to be dropped
    /// outside of the lock: what they own may run code of its own.
    pub(crate) fn put_back(&mut self, taken: Vec<Entry<F>>) -> Vec<Entry<F>> {
        if self.out.len() == taken.len() && self.entries.is_empty() {
            self.out.clear(); // the common case: nothing has changed
            self.entries = taken;
            return Vec::new();
        }
        let (mut stay, go): (Vec<_>, Vec<_>) =
            taken.into_iter().partition(|e| self.out.contains(&e.id));
        self.out.clear();
        stay.append(&mut self.entries);
        self.entries = stay;
        go
    }

    pub(crate) fn into_calls(self) -> impl Iterator<Item = F> {
        self.entries.into_iter().map(|entry| entry.call)
    }

    /// Takes the `once` ones off, to be dropped outside of the lock.
    pub(crate) fn take_once(&mut self) -> Vec<Entry<F>> {
        let (once, stay) =
            std::mem::take(&mut self.entries).into_iter().partition(|entry| entry.once);
        self.entries = stay;
        once
    }

    /// All listeners, to be called outside of the lock. The `once` ones are off the list from here on.
    pub(crate) fn copy(&mut self) -> Vec<F>
    where
        F: Clone,
    {
        let calls = self.entries.iter().map(|entry| entry.call.clone()).collect();
        self.entries.retain(|entry| !entry.once);
        calls
    }
}

/// Makes the table of the listeners of one socket, or of one server: a list for each event. `$trait` is implemented for each
/// event, with what its listeners get, and with constants that differ from the default.
macro_rules! event_table {
    ($(#[$doc:meta])* for $trait:ident: $($event:ident, $field:ident, $args:ty $(, $constant:ident = $value:expr)?;)*) => {
        $(#[$doc])*
        #[derive(Default)]
        #[allow(missing_debug_implementations)] // functions
        pub struct Table {
            $($field: $crate::listeners::List<Listener<$event>>,)*
        }

        impl Table {
            /// Removes a listener, whichever event it is of. Its function goes to `removed`, to be dropped without a lock.
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

            /// Takes the table apart: each listener is dropped by itself, as two of them may panic then.
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
                fn list(table: &mut Table) -> &mut $crate::listeners::List<Listener<Self>> {
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
        let heard = taken.iter().map(|entry| (entry.call)()).collect();
        during(list);
        list.put_back(taken);
        heard
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
        let heard = call(&mut list, |list| {
            assert!(list.remove(first).0);
            assert!(!list.remove(first).0);
            list.add(false, || 3);
            assert!(!list.is_empty());
        });
        assert_eq!(heard, [1, 2]);
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

//! Panics in a user's code: caught where they happen, and let go of where nothing can be hurt.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a panic carries.
pub(crate) type Panic = Box<dyn Any + Send>;

/// Runs code of the user. What it leaves half done is its own.
pub(crate) fn catch(user: impl FnOnce()) -> Option<Panic> {
    catch_unwind(AssertUnwindSafe(user)).err()
}

/// Drops something of the user, which may run code of the user: so never under a lock.
pub(crate) fn let_go<T>(what: T) -> Option<Panic> {
    catch(|| drop(what))
}

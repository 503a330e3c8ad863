//! The checks of the exercises, one a file.

mod e03_server;

use super::exercise::Exercise;

pub(super) const ALL: &[Exercise] = &[e03_server::EXERCISE];

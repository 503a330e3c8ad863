//! The checks of the exercises, one a file.

mod e01_concept;
mod e03_server;

use super::exercise::Exercise;

pub(super) const ALL: &[Exercise] = &[e01_concept::EXERCISE, e03_server::EXERCISE];

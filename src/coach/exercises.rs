//! The checks of the exercises, one a file.

mod e03_server;
mod e09_http_by_hand;
mod e13_custom_protocol;

use super::exercise::Exercise;

pub(super) const ALL: &[Exercise] =
    &[e03_server::EXERCISE, e09_http_by_hand::EXERCISE, e13_custom_protocol::EXERCISE];

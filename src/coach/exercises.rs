//! The checks of the exercises, one a file.

mod e03_server;
mod e12_http_response;

use super::exercise::Exercise;

pub(super) const ALL: &[Exercise] = &[e03_server::EXERCISE, e12_http_response::EXERCISE];

//! The checks of the exercises, one a file.

mod e03_server;
mod e12_http_response;
mod e14_mini_http;

use super::exercise::Exercise;

pub(super) const ALL: &[Exercise] =
    &[e03_server::EXERCISE, e12_http_response::EXERCISE, e14_mini_http::EXERCISE];

//! The checks of the exercises, one a file.

mod common;
mod e01_concept;
mod e02_require;
mod e03_server;
mod e04_client;
mod e05_order;
mod e06_ipc;
mod e07_free_form;
mod e08_duplex_client;
mod e09_http_by_hand;
mod e10_data_loss;
mod e11_server_events;
mod e12_http_response;
mod e13_custom_protocol;
mod e14_mini_http;
mod e16_too_fast;
mod e17_silence;
mod e18_live_page;
mod e19_resp;
mod e20_more_than_one;
mod e21_in_the_open;
mod html;
mod notebook;
mod notice_board;
mod strict;
mod web_socket;

use super::exercise::Exercise;

const ALL: &[Exercise] = &[
    e01_concept::EXERCISE,
    e02_require::EXERCISE,
    e03_server::EXERCISE,
    e04_client::EXERCISE,
    e05_order::EXERCISE,
    e06_ipc::EXERCISE,
    e07_free_form::EXERCISE,
    e08_duplex_client::EXERCISE,
    e09_http_by_hand::EXERCISE,
    e10_data_loss::EXERCISE,
    e11_server_events::EXERCISE,
    e12_http_response::EXERCISE,
    e13_custom_protocol::EXERCISE,
    e14_mini_http::EXERCISE,
    e16_too_fast::EXERCISE,
    e17_silence::EXERCISE,
    e18_live_page::EXERCISE,
    e19_resp::EXERCISE,
    e20_more_than_one::EXERCISE,
    e21_in_the_open::EXERCISE,
];

/// All exercises, in the order of the lessons.
pub(super) fn all() -> &'static [Exercise] {
    ALL
}

/// Finds an exercise by its number (`3`, `03`) or its name (`03_server`).
pub(super) fn find(text: &str) -> Option<&'static Exercise> {
    let wanted: Option<u8> = text.parse().ok();
    ALL.iter().find(|one| one.name == text || wanted.is_some() && one.id().parse().ok() == wanted)
}

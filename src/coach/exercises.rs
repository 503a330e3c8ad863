//! The checks of the exercises, one a file.

mod e01_concept;
mod e02_require;
mod e03_server;
mod e04_client;
mod e05_order;
mod e10_data_loss;

use super::exercise::Exercise;

pub(super) const ALL: &[Exercise] = &[
    e01_concept::EXERCISE,
    e02_require::EXERCISE,
    e03_server::EXERCISE,
    e04_client::EXERCISE,
    e05_order::EXERCISE,
    e10_data_loss::EXERCISE,
];

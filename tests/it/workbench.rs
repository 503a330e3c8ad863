//! The workbench, used as a browser uses it, and as strangers would.

mod browser;
mod collecting;
mod driver;
mod ending;
mod judging;
mod live;
mod model;
mod opened;
mod running;
mod soak;
mod strangers;
mod tab;

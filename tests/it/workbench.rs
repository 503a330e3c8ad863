//! The workbench, reached as a browser reaches it, and as strangers would.

mod collecting;
mod ending;
mod judging;
mod opened;
mod running;
mod strangers;
mod tab;

//! What each function does with its ports, from its input to its answer. The steps hold the order in which things
//! are written down; that order is what makes a crash between any two of them harmless.

pub mod account;
pub mod act;
pub mod alarm;
pub mod count;
pub mod decide;
pub mod enrol;
mod lever;
pub mod look;
pub mod operate;
pub mod sweep;
pub mod watch;

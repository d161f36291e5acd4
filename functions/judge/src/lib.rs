//! The `judge` function: a mark, or a reminder, becomes a decision that is written down.

mod handler;

pub use handler::{Unreadable, Wake, handle};

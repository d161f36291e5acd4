//! The `actuate` function: intents are carried out in SES, and people are told.

mod handler;

pub use handler::{Unreadable, Wake, handle};

//! The `alarm` function: CloudWatch's alarms are taken up, whichever way they come.

mod handler;

pub use handler::{Inbox, Unanswered};

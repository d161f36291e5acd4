//! The `sweep` function: what was lost, what only time changes and what others did in SES is put right.

mod errand;
mod handler;

pub use errand::Errand;
pub use handler::handle;

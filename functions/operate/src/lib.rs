//! The `operate` function: an operator's request becomes an answer.

mod dashboard;
mod handler;

pub use handler::handle;

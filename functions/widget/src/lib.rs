//! The `widget` function: what CloudWatch's dashboard asks becomes a page.

mod handler;

pub use handler::handle;

//! What people are told, and in which words. Pure text: sending it is somebody else's job.

mod compose;
pub mod sentence;

pub use compose::{Notice, SOURCE};

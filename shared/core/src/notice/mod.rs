//! What people are told, and in which words. Pure text: sending it is somebody else's job.

mod compose;
mod hearing;
pub mod sentence;

pub use compose::{Notice, SOURCE};

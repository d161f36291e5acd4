//! What people and machines are told, and in which words. Pure text: sending it is somebody else's job.

mod chat;
mod compose;
mod crowd;
mod digest;
mod hearing;
mod letterhead;
pub mod sentence;
#[cfg(test)]
mod tests;
mod words;

pub use compose::{Audience, Notice, SOURCE};
pub use crowd::Crowd;
pub use letterhead::{Letterhead, Links, RUNBOOK, Section};
pub use words::Urgency;

//! What people are told, and in which words. Pure text: sending it is somebody else's job.

pub mod sentence;

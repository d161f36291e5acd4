//! What the tests of the whole guard share.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test that can't be set up has failed"
)]

pub mod crash;
pub mod guard;
pub mod mail;
pub mod store;

//! What the tests of the whole guard share.

pub mod crash;
pub mod functions;
pub mod guard;
pub mod log;
pub mod mail;
pub mod queue;
pub mod schema;
pub mod store;
pub mod story;
pub mod traffic;
pub mod watch;
pub mod wire;

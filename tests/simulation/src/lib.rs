//! The whole guard in one thread under a seed: its real steps as processes, and around them a queue, a stream, stores,
//! SES, clocks and people, of whom any may fail at any time. An oracle that knows every mail says whether a promise is
//! broken.
//!
//! [`run::Play`] plays a seed. [`shrink`] makes a play that breaks a promise as small as it can. `docs/RELIABILITY.md`
//! says what is promised and how it is tested.

pub mod dice;
pub mod fault;
pub mod model;
pub mod mutant;
pub mod oracle;
pub mod process;
pub mod rules;
pub mod run;
pub mod script;
pub mod shrink;

mod duty;
mod effect;
mod handler;
mod inventory;
mod people;
mod policies;
mod port;
mod queue;
mod request;
mod ses;
mod whole;
mod wiring;
mod world;

use std::future::Future;

use futures::FutureExt;

/// The ports of `guard-local` never wait.
fn now<T>(call: impl Future<Output = T>) -> T {
    call.now_or_never().expect("memory answers at once")
}

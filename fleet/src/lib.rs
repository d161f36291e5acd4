//! Synthetic fleets of configuration sets, to hold the rule that this project ships against others.
//!
//! What a fleet's sets send and what becomes of each mail is drawn from a seed before any rule is asked
//! ([`sender`], [`mail`]), so every rule sees the same mail: a pause only takes mail away ([`replay`]). The shipped rule
//! runs through `guard_core::judge`, the others are the simplest form of what people use instead ([`rule`]). [`study`]
//! adds up, [`account`] looks at a whole account as SES might, [`report`] prints. [`triggered`] is another matter: whom to
//! pause for an account's sake.

pub mod account;
pub mod draw;
pub mod fleet;
pub mod mail;
pub mod replay;
pub mod report;
pub mod rule;
pub mod sender;
pub mod study;
pub mod triggered;

//! The rules of the guard, in the order in which data moves:
//! [`event`] (AWS's JSON becomes a signal), [`tally`] (signals become counts),
//! [`digest`] (old counts are read cheaply), [`judge`] (counts become a decision with its reasons), [`state`] (a decision becomes an intent),
//! [`notice`] (people are told).
//!
//! Nothing here reads a clock, an environment or a random number, and nothing calls AWS.

pub mod account;
pub mod audit;
pub mod digest;
pub mod doctor;
pub mod event;
pub mod fleet;
pub mod hearing;
pub mod home;
pub mod judge;
pub mod line;
pub mod name;
pub mod notice;
pub mod pace;
pub mod policy;
pub mod port;
pub mod sight;
pub mod standing;
pub mod state;
pub mod steps;
pub mod strangers;
pub mod tally;
pub mod tenant;
pub mod time;
mod wildcard;

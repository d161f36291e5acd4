//! What the guard takes: time, memory, write units, money. `make bench` prints it as one table; `docs/PERFORMANCE.md`
//! explains it.
//!
//! Each module measures one thing and beside it what it is compared with, turn by turn in one run, because a machine
//! that does other work as well slows both. `bench/parts/` makes the rows of the table of it.

pub mod archive;
pub mod batch;
pub mod growth;
pub mod mail;
pub mod money;
pub mod reading;
pub mod timing;
pub mod units;

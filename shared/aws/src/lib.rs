//! The only crate that names an AWS client: adapters of the guard's ports, and the settings they are made from.

mod account;
mod alarms;
#[cfg(feature = "doctor")]
mod canary;
mod clients;
mod clock;
#[cfg(feature = "doctor")]
mod doctor;
mod dynamo;
mod events;
mod fault;
mod homes;
mod http;
mod inventory;
mod log;
mod monitor;
mod operator;
mod queue;
#[cfg(feature = "doctor")]
mod roles;
mod ses;
mod settings;
mod stream;
mod tenants;
mod wake;

pub use account::SesAccount;
pub use alarms::CloudWatchAlarms;
#[cfg(feature = "doctor")]
pub use canary::{Canary, Mailed, Way};
pub use clients::Clients;
pub use clock::SystemClock;
#[cfg(feature = "doctor")]
pub use doctor::Examiner;
pub use dynamo::{DynamoDigests, DynamoLedger, DynamoPolicyStore, DynamoRegister};
pub use events::{AwsNotifier, Destinations};
pub use homes::{HomeClients, MemberRole};
pub use inventory::SesInventory;
pub use log::log;
pub use monitor::{CloudWatchMonitor, Pipeline};
pub use operator::{OperateFunction, OperateFunctionError, WidgetFunction};
pub use queue::SqsReminder;
pub use ses::SesSwitch;
pub use settings::{Problems, Settings};
pub use stream::{Woken, woken};
pub use wake::ActuateFunction;

/// The counts of one function: the ledger's, read with digests where they are old.
pub type DigestedLedger = guard_core::digest::Digested<DynamoLedger, DynamoDigests, SystemClock>;

use std::future::Future;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Fault;

/// What SES reckons the account's rates to be, in millionths. It divides by the mail that counts for it, over a volume
/// that it keeps to itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SesRates {
    /// Of hard bounces; `None` when SES published none within the last day.
    pub bounce_ppm: Option<u64>,
    /// Of complaints; the same.
    pub complaint_ppm: Option<u64>,
}

/// How SES lets the account send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountStanding {
    /// `HEALTHY`, `PROBATION` (under review), `SHUTDOWN` (paused by AWS), or whatever AWS may add.
    pub enforcement_status: String,
    /// Whether the account's own switch is on.
    pub sending_enabled: bool,
    /// Its quota; `None` when SES did not say.
    pub quota: Option<SendQuota>,
}

/// How much the account may send. SES counts in recipients, and `-1` a day means without limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SendQuota {
    /// In any 24 hours.
    pub max_24_hours: i64,
    /// In one second.
    pub max_per_second: i64,
    /// Sent in the last 24 hours.
    pub sent_last_24_hours: i64,
}

impl AccountStanding {
    /// Whether AWS is content with the account, and its switch is on.
    pub fn is_fine(&self) -> bool {
        self.enforcement_status == "HEALTHY" && self.sending_enabled
    }
}

/// SES's own opinion of the account. The guard goes on without it.
pub trait AccountView: Send + Sync {
    /// The newest rates that SES published in the day before `now`.
    fn rates(&self, now: Timestamp) -> impl Future<Output = Result<SesRates, Fault>> + Send;

    /// Whether AWS lets the account send.
    fn standing(&self) -> impl Future<Output = Result<AccountStanding, Fault>> + Send;
}

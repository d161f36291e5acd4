//! The numbers the whole account is guarded by. They are a backstop: with the sets' own lines in force they add little.

use super::Ppm;
use crate::judge::Metric;

/// When the account's own rate of one metric asks for pauses, and how far they go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountLines {
    /// At this rate sets are chosen to be paused.
    pub trigger_ppm: Ppm,
    /// Sets are chosen until the rest is at this rate.
    pub target_ppm: Ppm,
    /// At this rate the operator is warned.
    pub warn_ppm: Ppm,
    /// A set with fewer failures, or less excess, is not chosen.
    pub min_events: u32,
}

/// From which rates on the account as a whole is stopped; `None`: not for this metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StopLines {
    /// Of hard bounces.
    pub bounce: Option<Ppm>,
    /// Of complaints.
    pub complaint: Option<Ppm>,
}

impl StopLines {
    /// That of one metric.
    pub fn of(self, metric: Metric) -> Option<Ppm> {
        match metric {
            Metric::Bounce => self.bounce,
            Metric::Complaint => self.complaint,
        }
    }
}

/// What the account is guarded by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountPolicy {
    /// Hard bounces.
    pub bounce: AccountLines,
    /// Complaints.
    pub complaint: AccountLines,
    /// Below so many mails of the account nothing is triggered.
    pub min_mails: u64,
    /// A set with less than this share of the account's failures is not chosen.
    pub min_share_ppm: Ppm,
    /// So many sets at most are paused within 15 minutes; beyond, a person is called.
    pub max_sets: u32,
    /// Sets with more than this share of the account's mail, in sum, are not paused within 15 minutes.
    pub max_volume_ppm: Ppm,
    /// Seconds to wait for a round of pauses to show before the next.
    pub wait_seconds: u32,
    /// The account as a whole is stopped when what goes on, whoever can be paused being paused, is at these; by explicit
    /// opt-in only.
    pub stop: Option<StopLines>,
}

impl AccountPolicy {
    /// The numbers of one metric.
    pub fn metric(&self, metric: Metric) -> &AccountLines {
        match metric {
            Metric::Bounce => &self.bounce,
            Metric::Complaint => &self.complaint,
        }
    }
}

/// 80 % of AWS's review lines, down to a healthy account's rate: the policy page's §7; the caps are the ledger page's §3.
impl Default for AccountPolicy {
    fn default() -> Self {
        let lines = |trigger, target, warn, min_events| AccountLines {
            trigger_ppm: Ppm(trigger),
            target_ppm: Ppm(target),
            warn_ppm: Ppm(warn),
            min_events,
        };
        Self {
            bounce: lines(40_000, 20_000, 25_000, 5),
            complaint: lines(800, 400, 500, 3),
            min_mails: 5_000,
            min_share_ppm: Ppm(20_000),
            max_sets: 10,
            max_volume_ppm: Ppm(200_000),
            wait_seconds: 600,
            stop: None,
        }
    }
}

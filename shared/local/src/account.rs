use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use guard_core::port::{AccountStanding, AccountView, Fault, Landed, SendQuota, SesRates};
use jiff::Timestamp;

use crate::locked;

#[derive(Debug)]
struct Opinion {
    rates: SesRates,
    standing: AccountStanding,
    faults: VecDeque<bool>,
    calls: usize,
}

/// What SES thinks of the account: nothing bad, until told otherwise. Clones share it.
#[derive(Debug, Clone)]
pub struct SimulatedAccount(Arc<Mutex<Opinion>>);

impl Default for SimulatedAccount {
    fn default() -> Self {
        let quota = SendQuota { max_24_hours: 200_000, max_per_second: 14, sent_last_24_hours: 0 };
        let standing =
            AccountStanding { enforcement_status: "HEALTHY".to_owned(), sending_enabled: true, quota: Some(quota) };
        let rates = SesRates::default();
        Self(Arc::new(Mutex::new(Opinion { rates, standing, faults: VecDeque::new(), calls: 0 })))
    }
}

impl SimulatedAccount {
    /// SES reckons these rates.
    pub fn reckon(&self, bounce_ppm: Option<u64>, complaint_ppm: Option<u64>) {
        locked(&self.0).rates = SesRates { bounce_ppm, complaint_ppm };
    }

    /// AWS treats the account so.
    pub fn treat(&self, enforcement_status: &str, sending_enabled: bool) {
        let standing = &mut locked(&self.0).standing;
        standing.enforcement_status = enforcement_status.to_owned();
        standing.sending_enabled = sending_enabled;
    }

    /// The next calls fail where this says so, one each.
    pub fn plant(&self, fails: impl IntoIterator<Item = bool>) {
        locked(&self.0).faults.extend(fails);
    }

    /// How often it was asked.
    pub fn calls(&self) -> usize {
        locked(&self.0).calls
    }

    fn answer<T>(&self, operation: &'static str, of: impl FnOnce(&Opinion) -> T) -> Result<T, Fault> {
        let mut opinion = locked(&self.0);
        opinion.calls += 1;
        match opinion.faults.pop_front() {
            Some(true) => {
                let source = "AccessDeniedException".into();
                Err(Fault { operation, subject: "the account".to_owned(), landed: Landed::No, source })
            }
            Some(false) | None => Ok(of(&opinion)),
        }
    }
}

impl AccountView for SimulatedAccount {
    async fn rates(&self, _: Timestamp) -> Result<SesRates, Fault> {
        self.answer("GetMetricData", |opinion| opinion.rates)
    }

    async fn standing(&self) -> Result<AccountStanding, Fault> {
        self.answer("GetAccount", |opinion| opinion.standing.clone())
    }
}

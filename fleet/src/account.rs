//! A whole account as SES might see it: failures that became known during the last so many mails.

use guard_core::judge::Metric;

use crate::mail::{Pause, RUN, SECOND};
use crate::sender::Sender;

/// What an account sent and learned, second by second.
#[derive(Debug, Clone)]
pub struct Account {
    seconds: Vec<Second>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Second {
    mails: u32,
    bounces: u32,
    complaints: u32,
}

/// The highest rates of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Peak {
    /// Of bounces.
    pub bounce: f64,
    /// Of complaints.
    pub complaint: f64,
}

impl Default for Account {
    fn default() -> Self {
        let seconds = usize::try_from(RUN / SECOND).unwrap_or(0);
        Self { seconds: vec![Second::default(); seconds] }
    }
}

impl Account {
    /// Adds what a sender sent in spite of its pauses.
    pub fn include(&mut self, sender: &Sender, pauses: &[Pause]) {
        for slice in &sender.mail.slices {
            for index in 0..slice.mails {
                let sent_at = slice.sent_at(index);
                if !pauses.iter().any(|pause| pause.stops(sent_at)) {
                    self.at(sent_at, |second| second.mails += 1);
                }
            }
        }
        for failure in &sender.mail.failures {
            if !pauses.iter().any(|pause| pause.stops(failure.sent_at)) {
                self.at(failure.known_at, |second| match failure.metric {
                    Metric::Bounce => second.bounces += 1,
                    Metric::Complaint => second.complaints += 1,
                });
            }
        }
    }

    fn at(&mut self, instant: u64, change: impl FnMut(&mut Second)) {
        let index = usize::try_from(instant / SECOND).unwrap_or(usize::MAX);
        self.seconds.get_mut(index).into_iter().for_each(change);
    }

    /// The highest rates that were ever seen over the last `looks_back` mails, once there were so many.
    pub fn peak(&self, looks_back: u64) -> Peak {
        let mut peak = Peak::default();
        let (mut mails, mut bounces, mut complaints) = (0_u64, 0_u64, 0_u64);
        let mut oldest = self.seconds.iter();
        let mut leaving = oldest.next();
        for second in &self.seconds {
            mails += u64::from(second.mails);
            bounces += u64::from(second.bounces);
            complaints += u64::from(second.complaints);
            while let Some(gone) = leaving
                && mails - u64::from(gone.mails) >= looks_back
            {
                mails -= u64::from(gone.mails);
                bounces -= u64::from(gone.bounces);
                complaints -= u64::from(gone.complaints);
                leaving = oldest.next();
            }
            if mails >= looks_back {
                peak.bounce = peak.bounce.max(bounces as f64 / mails as f64);
                peak.complaint = peak.complaint.max(complaints as f64 / mails as f64);
            }
        }
        peak
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_is_over_the_last_mails_and_not_before_there_are_so_many() {
        let mut account = Account::default();
        // Ten bounces at once, known after 500 mails and gone after 1,000 more.
        for second in 0..3_000_u64 {
            account.at(second * SECOND, |at| at.mails += 1);
        }
        account.at(499 * SECOND, |at| at.bounces += 10);
        account.at(2_999 * SECOND, |at| at.complaints += 3);
        for (looks_back, bounce, complaint) in [(100, 0.1, 0.03), (1_000, 0.01, 0.003), (3_001, 0.0, 0.0)] {
            assert_eq!(account.peak(looks_back), Peak { bounce, complaint }, "the last {looks_back}");
        }
    }
}

//! One sender's mail past one rule.

use guard_core::judge::{BucketCount, Metric};
use guard_core::time::Bucket;
use jiff::Timestamp;

use crate::mail::{BUCKET, Failure, HOUR, Millis, Pause, RUN, Slice};
use crate::rule::{Asked, Booked, Rule};
use crate::sender::Sender;

/// After so long somebody resumes a healthy sender. Nobody resumes a bad one.
const RESUMED_AFTER: Millis = 12 * HOUR;

/// What a rule did to a sender.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// When SES refused its mail.
    pub pauses: Vec<Pause>,
    /// How often it was paused for bounces while it was healthy.
    pub false_bounce: u64,
    /// How often it was paused for complaints while it was healthy.
    pub false_complaint: u64,
    /// Whether it was paused once it was no longer healthy.
    pub found: bool,
    /// How many of its mails that should have been stopped went out.
    pub bad_mails: u64,
}

/// Plays a sender's mail past a rule.
pub fn replay(sender: &Sender, rule: &Rule) -> Outcome {
    let mut watch = Watch::new(sender, rule);
    for failure in &sender.mail.failures {
        watch.ask_if_due(failure.known_at);
        if watch.outcome.found {
            break;
        }
        watch.learn(failure);
    }
    watch.ask_if_due(RUN);
    let mut outcome = watch.outcome;
    let bad = sender.mail.slices.iter().filter(|slice| slice.bad);
    outcome.bad_mails = bad.map(|slice| slice.spared(&outcome.pauses)).sum();
    outcome
}

struct Watch<'a> {
    sender: &'a Sender,
    rule: &'a Rule,
    counts: Counts<'a>,
    outcome: Outcome,
    due: Option<Millis>,
    /// A pause was decided that lasts until then.
    paused_until: Millis,
    fresh: Option<Bucket>,
}

impl<'a> Watch<'a> {
    fn new(sender: &'a Sender, rule: &'a Rule) -> Self {
        let counts = Counts { slices: &sender.mail.slices, counts: Vec::new(), so_far: 0 };
        Self { sender, rule, counts, outcome: Outcome::default(), due: None, paused_until: 0, fresh: None }
    }

    fn ask_if_due(&mut self, now: Millis) {
        if let Some(due) = self.due.take_if(|due| *due < now) {
            self.ask(due);
        }
    }

    fn learn(&mut self, failure: &Failure) {
        if self.outcome.pauses.iter().any(|pause| pause.stops(failure.sent_at)) {
            return;
        }
        let now = failure.known_at;
        let booked = match self.rule.booked {
            Booked::WhenSent => failure.sent_at,
            Booked::WhenKnown => now,
        };
        self.counts.bring_up_to(now, &self.outcome.pauses);
        self.counts.book(bucket(booked), failure.metric);
        match self.rule.asked {
            Asked::EachFailure => self.ask(now),
            // The last instant of the interval: what an hourly alarm looks at is the hour that ends, not the next one.
            Asked::Every(interval) => self.due = self.due.or(Some((now / interval + 1) * interval - 1)),
        }
    }

    fn ask(&mut self, now: Millis) {
        if now < self.paused_until {
            return;
        }
        self.counts.bring_up_to(now, &self.outcome.pauses);
        if let Some(metric) = self.rule.over(&self.counts.counts, bucket(now), self.fresh) {
            self.pause(metric, now);
        }
    }

    fn pause(&mut self, metric: Metric, now: Millis) {
        let from = now + self.rule.latency;
        let mistaken = now < self.sender.healthy_until;
        self.paused_until = if mistaken { from + RESUMED_AFTER } else { Millis::MAX };
        self.fresh = mistaken.then(|| bucket(self.paused_until));
        self.outcome.pauses.push(Pause { from, until: self.paused_until });
        match (mistaken, metric) {
            (false, Metric::Bounce | Metric::Complaint) => self.outcome.found = true,
            (true, Metric::Bounce) => self.outcome.false_bounce += 1,
            (true, Metric::Complaint) => self.outcome.false_complaint += 1,
        }
    }
}

/// What the guard would have counted by now.
struct Counts<'a> {
    /// Those of buckets that are not over yet, or not counted yet.
    slices: &'a [Slice],
    /// Oldest first; only buckets with mail or failures.
    counts: Vec<BucketCount>,
    /// Sends in the newest of the counts that are of slices not done yet.
    so_far: u64,
}

impl Counts<'_> {
    fn bring_up_to(&mut self, now: Millis, pauses: &[Pause]) {
        if let Some(newest) = self.counts.last_mut() {
            newest.sends -= self.so_far;
        }
        let present = now / BUCKET * BUCKET;
        let done = self.slices.iter().take_while(|slice| slice.start < present).count();
        let (over, still) = self.slices.split_at(done);
        for slice in over {
            self.at(bucket(slice.start), |count| count.sends += slice.spared(pauses));
        }
        self.slices = still;
        let begun = still.iter().take_while(|slice| slice.start <= now);
        let so_far = begun.map(|slice| slice.spared_before(now, pauses)).sum();
        self.so_far = so_far;
        if so_far > 0 {
            self.at(bucket(now), |count| count.sends += so_far);
        }
    }

    fn book(&mut self, bucket: Bucket, metric: Metric) {
        self.at(bucket, |count| match metric {
            Metric::Bounce => count.bounces += 1,
            Metric::Complaint => count.complaints += 1,
        });
    }

    fn at(&mut self, bucket: Bucket, change: impl FnMut(&mut BucketCount)) {
        let place = self.counts.partition_point(|count| count.bucket < bucket);
        if self.counts.get(place).is_none_or(|count| count.bucket != bucket) {
            self.counts.insert(place, BucketCount { bucket, sends: 0, bounces: 0, complaints: 0 });
        }
        self.counts.get_mut(place).into_iter().for_each(change);
    }
}

/// The ledger's bucket of an instant; runs begin with the epoch.
pub(crate) fn bucket(at: Millis) -> Bucket {
    Bucket::of(Timestamp::UNIX_EPOCH).plus(i64::try_from(at / BUCKET).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::{DAY, Mail, SECOND};
    use crate::sender::Kind;

    /// 1,000 mails in 1,000 seconds from `start` on; the first `bounces` of them bounce 5 seconds later.
    fn blast(start: Millis, bounces: u64, healthy_until: Millis) -> Sender {
        let slice = Slice { start, length: 800 * SECOND, mails: 1_000, bad: start >= healthy_until };
        let bounce = |index| {
            let sent_at = slice.sent_at(index);
            Failure { metric: Metric::Bounce, sent_at, known_at: sent_at + 5 * SECOND }
        };
        let mail = Mail { slices: vec![slice], failures: (0..bounces).map(bounce).collect() };
        Sender { kind: Kind::BoughtList, healthy_until, mail }
    }

    #[test]
    fn a_bad_sender_is_stopped_one_latency_after_the_failure_that_is_too_many() {
        let outcome = replay(&blast(0, 1_000, 0), &Rule::shipped());
        // Of n mails n - 6 have bounced after 0.8 n seconds: at the line with 10 + 5 % at n = 17, so with 11 bounces.
        let eleventh = 400 + 10 * 800 + 5_000;
        let pause = Pause { from: eleventh + 10 * SECOND, until: Millis::MAX };
        assert_eq!((outcome.pauses.as_slice(), outcome.found), ([pause].as_slice(), true));
        assert_eq!(outcome.bad_mails, (pause.from - 400).div_ceil(800));
        assert_eq!((outcome.false_bounce, outcome.false_complaint), (0, 0));
    }

    #[test]
    fn a_healthy_sender_is_resumed_after_12_hours_and_judged_by_new_mail_only() {
        let sender = blast(0, 1_000, DAY);
        let outcome = replay(&sender, &Rule::shipped());
        assert_eq!((outcome.false_bounce, outcome.found), (1, false));
        assert_eq!(outcome.pauses.iter().map(|pause| pause.until - pause.from).collect::<Vec<_>>(), [12 * HOUR]);
    }

    #[test]
    fn an_interval_waits_for_its_end() {
        let sender = blast(0, 1_000, 0);
        let pause = |rule: Rule| replay(&sender, &rule).pauses.first().map(|pause| pause.from);
        let every = |interval| pause(Rule::shipped().every(interval));
        assert_eq!(every(60 * SECOND), Some(70 * SECOND - 1));
        assert_eq!(every(300 * SECOND), Some(310 * SECOND - 1));
    }

    #[test]
    fn what_was_counted_is_what_was_sent() {
        let sender = crate::fleet::Fleet::SMALL.of_run(1, 0).nth(20).unwrap();
        let mut counts = Counts { slices: &sender.mail.slices, counts: Vec::new(), so_far: 0 };
        let pauses = [Pause { from: DAY, until: DAY + 12 * HOUR }];
        for now in (0..RUN).step_by(7_777_777) {
            counts.bring_up_to(now, &pauses);
            let sent: u64 = sender.mail.slices.iter().map(|slice| slice.spared_before(now, &pauses)).sum();
            assert_eq!(counts.counts.iter().map(|count| count.sends).sum::<u64>(), sent, "at {now}");
        }
    }
}

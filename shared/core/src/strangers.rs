//! Mail that was sent with a set's name by someone who, by the policy, may not: found in what is counted, told, and with
//! `strict_sender` left out of what the set is judged by.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use crate::event::SignalKind;
use crate::name::CallerIdentity;
use crate::policy::{Senders, SetPolicy};
use crate::state::{State, Totals};
use crate::tally::{BucketTally, Share};
use crate::time::{Bucket, plus_seconds};

/// How often people are told of the same set, and how old the mail may be that they are told of.
const DAY_SECONDS: i64 = 86_400;

/// Identities that a sentence names; the record has all.
const NAMED: usize = 3;

/// What strangers sent with one set, in the window.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Strangers {
    /// Of each what is counted, at its upper bound.
    pub counts: BTreeMap<CallerIdentity, Totals>,
    /// In which bucket the newest of their mail was sent.
    pub newest: Option<Bucket>,
    /// Whether their mail is left out.
    pub left_out: bool,
}

/// The tallies by which a set is judged, and what strangers sent.
pub fn apart(judged_by: &SetPolicy, tallies: Vec<BucketTally>) -> (Vec<BucketTally>, Strangers) {
    let Some(senders) = &judged_by.senders else { return (tallies, Strangers::default()) };
    let strangers = found(senders, &tallies);
    if !strangers.left_out || strangers.counts.is_empty() {
        return (tallies, strangers);
    }
    let who: BTreeSet<CallerIdentity> = strangers.counts.keys().cloned().collect();
    let own = tallies.into_iter().map(|tally| tally.without(&who)).collect();
    (own, strangers)
}

fn found(senders: &Senders, tallies: &[BucketTally]) -> Strangers {
    let all: BTreeSet<&CallerIdentity> = tallies.iter().flat_map(|tally| tally.senders.keys()).collect();
    let strange: BTreeSet<&CallerIdentity> = all.into_iter().filter(|sender| !senders.admit(sender)).collect();
    let mut strangers = Strangers { left_out: senders.is_strict(), ..Strangers::default() };
    for tally in tallies {
        for (sender, shares) in tally.senders.iter().filter(|(sender, _)| strange.contains(sender)) {
            let of = |kind| shares.of(kind).receipts;
            let sum = strangers.counts.entry(sender.clone()).or_default();
            sum.sends += of(SignalKind::Send);
            sum.bounces += of(SignalKind::Bounce);
            sum.complaints += of(SignalKind::Complaint);
            sum.prevented += of(SignalKind::Prevented);
            if SignalKind::ALL.into_iter().any(|kind| *shares.of(kind) != Share::default()) {
                strangers.newest = strangers.newest.max(Some(tally.bucket));
            }
        }
    }
    strangers
}

impl Strangers {
    /// Whether people are to be told now: of mail of the last day, once a day.
    pub fn are_news(&self, state: &State, now: Timestamp) -> bool {
        let a_day_ago = plus_seconds(now, -DAY_SECONDS);
        let told_lately = state.strangers_told_at.is_some_and(|told| told > a_day_ago);
        self.newest.is_some_and(|newest| newest.start() > a_day_ago) && !told_lately
    }

    /// What people are told.
    pub fn sentence(&self) -> String {
        let mut all = Totals::default();
        for one in self.counts.values() {
            all.sends += one.sends;
            all.bounces += one.bounces;
            all.complaints += one.complaints;
        }
        let mut who: Vec<String> = self.counts.keys().take(NAMED).map(ToString::to_string).collect();
        if self.counts.len() > NAMED {
            who.push(format!("{} more", self.counts.len() - NAMED));
        }
        let but =
            if self.left_out { "It is left out of the set's counts" } else { "It counts for the set all the same" };
        format!(
            "Mail was sent with this configuration set by others than the policy's senders: {}. In the window that \
             is {}, {} and {}. {but}.",
            who.join(", "),
            counted(all.sends, "mail"),
            counted(all.bounces, "hard bounce"),
            counted(all.complaints, "complaint"),
        )
    }

    /// For machines.
    pub fn evidence(&self) -> serde_json::Value {
        serde_json::json!({ "strangers": self.counts, "leftOut": self.left_out })
    }
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// How an answer tells who may send with a set, and who else did.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SendersAnswer {
    senders: Vec<String>,
    strict_sender: bool,
    strangers: BTreeMap<CallerIdentity, Totals>,
}

impl SendersAnswer {
    /// `None` where everybody may.
    pub fn of(judged_by: &SetPolicy, strangers: &Strangers) -> Option<Self> {
        let senders = judged_by.senders.as_ref()?;
        Some(Self {
            senders: senders.patterns().map(str::to_owned).collect(),
            strict_sender: senders.is_strict(),
            strangers: strangers.counts.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::PolicyBook;
    use crate::tally::PerKind;

    fn now() -> Timestamp {
        "2026-11-20T12:15:00Z".parse().unwrap()
    }

    /// What this sender sent in the bucket that began so many ago: sends, bounces, complaints and prevented recipients.
    fn tally(ago: i64, sender: &str, counts: [u64; 4]) -> BucketTally {
        let [sends, bounces, complaints, prevented] = counts.map(|receipts| Share { receipts, suspect: 0 });
        let senders = [(sender.parse().unwrap(), PerKind { sends, bounces, complaints, prevented })].into();
        BucketTally { senders, ..BucketTally::nothing(Bucket::of(now()).plus(-ago)) }
    }

    fn strangers(tallies: Vec<BucketTally>) -> Strangers {
        let text = "[[assign]]\nsets = 'promo'\nsenders = ['ours-*']";
        let policy = PolicyBook::read(text).unwrap().for_set(&"promo".parse().unwrap(), now());
        apart(&policy, tallies).1
    }

    #[test]
    fn each_strangers_mail_is_added_up_and_the_newest_is_known() {
        let found = strangers(vec![
            tally(3, "theirs-a", [100, 20, 3, 40]),
            tally(2, "theirs-a", [10, 2, 1, 5]),
            tally(2, "theirs-b", [0, 0, 0, 7]),
            tally(1, "theirs-a", [0, 0, 0, 0]),
            tally(0, "ours-a", [1_000, 1, 1, 1]),
        ]);
        let totals = |sends, bounces, complaints, prevented| Totals { sends, bounces, complaints, prevented };
        let expected = [("theirs-a", totals(110, 22, 4, 45)), ("theirs-b", totals(0, 0, 0, 7))];
        assert_eq!(found.counts, expected.map(|(who, counts)| (who.parse().unwrap(), counts)).into());
        assert_eq!(found.newest, Some(Bucket::of(now()).plus(-2)), "nothing is counted in the newer one");
    }

    #[test]
    fn strangers_are_news_of_the_last_day_once_a_day() {
        const DAY: i64 = 96;
        for (what, sent, told, are_news) in [
            ("just now, and never told", Some(0), None, true),
            ("nobody was there", None, None, false),
            ("not quite a day ago", Some(DAY - 1), None, true),
            ("a day ago", Some(DAY), None, false),
            ("told not quite a day ago", Some(0), Some(DAY - 1), false),
            ("told a day ago", Some(0), Some(DAY), true),
        ] {
            let newest = sent.map(|ago: i64| Bucket::of(now()).plus(-ago));
            let strangers = Strangers { newest, ..Strangers::default() };
            let told = told.map(|ago: i64| Bucket::of(now()).plus(-ago).start());
            let state = State { strangers_told_at: told, ..State::default() };
            assert_eq!(strangers.are_news(&state, now()), are_news, "{what}");
        }
    }

    #[test]
    fn three_strangers_are_named_and_their_mail_is_told_together() {
        let of = |names: &[&str]| strangers(names.iter().map(|name| tally(1, name, [2, 1, 1, 0])).collect()).sentence();
        let three = of(&["a", "b", "c"]);
        assert!(three.contains("senders: a, b, c. "), "{three}");
        insta::assert_snapshot!(of(&["a", "b", "c", "d"]), @"Mail was sent with this configuration set by others than the policy's senders: a, b, c, 1 more. In the window that is 8 mails, 4 hard bounces and 4 complaints. It counts for the set all the same.");
        insta::assert_snapshot!(of(&["a"]), @"Mail was sent with this configuration set by others than the policy's senders: a. In the window that is 2 mails, 1 hard bounce and 1 complaint. It counts for the set all the same.");
    }
}

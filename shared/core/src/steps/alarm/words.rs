//! The sentences in which people read what an alarm said and what became of it.

use crate::event::{AlarmChange, ParseError};
use crate::home::NotGuarded;
use crate::judge::Metric;
use crate::name::ConfigurationSetName;
use crate::notice::sentence;
use crate::policy::Policy;
use crate::standing::Assessment;
use crate::state::Why;
use crate::steps::decide::Outcome;

/// What CloudWatch said, as far as its words are its own.
fn said(alarm: &AlarmChange) -> String {
    let reason = alarm.reason.as_deref().map(|reason| format!(" ({})", reason.trim_end_matches('.')));
    format!("CloudWatch alarm {} went off{}", alarm.name, reason.unwrap_or_default())
}

pub(super) fn followed(alarm: &AlarmChange, blind: bool) -> Why {
    let because = match blind {
        true => "the guard counted no mail of this set, so nothing speaks against it: its events do not arrive",
        false => "its policy trusts the alarm",
    };
    Why::guard(format!("Sending was paused: {}, and {because}.", said(alarm)))
}

pub(super) fn not_followed(alarm: &AlarmChange, because: &str) -> Why {
    Why::guard(format!("{}, and the set was not paused. {because}", said(alarm)))
}

/// It would not have been paused by its own counts either.
pub(super) fn spared(because: &str) -> String {
    let mut letters = because.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

/// What the guard counted itself.
pub(super) fn disagreement(found: &Assessment, policy: &Policy, outcome: &Outcome) -> String {
    match outcome {
        Outcome::Rechecking(_) | Outcome::Later | Outcome::Contended => {
            "The guard is still counting, and judges it again within a minute.".to_owned()
        }
        Outcome::Kept(_) | Outcome::Changed(..) => {
            let trial = found.judgement.trial;
            let line = |metric| match policy.effective_line(metric, trial) {
                line if trial => line,
                line => policy.scaled(line, found.totals.sends),
            };
            let counted = sentence::standing(&found.totals, line(Metric::Bounce), line(Metric::Complaint));
            format!("The guard's own counts do not agree. {counted}")
        }
    }
}

pub(super) fn account_at_risk(alarm: &AlarmChange) -> Why {
    Why::guard(format!("{}: the account as a whole nears the rate at which AWS reviews it.", said(alarm)))
}

pub(super) fn names_nothing(alarm: &AlarmChange) -> Why {
    Why::guard(format!(
        "{}, but neither it nor an alarm in its rule watches a configuration set's metrics or the account's.",
        said(alarm)
    ))
}

pub(super) fn foreign(alarm: &AlarmChange, not_guarded: &NotGuarded) -> Why {
    Why::guard(format!("{}, but {not_guarded}.", said(alarm)))
}

pub(super) fn unknown_set(alarm: &AlarmChange, name: &ConfigurationSetName) -> Why {
    Why::guard(format!("{}, but SES knows no configuration set {name}.", said(alarm)))
}

pub(super) fn unreadable(error: &ParseError) -> Why {
    Why::guard(format!("Something that should be a CloudWatch alarm could not be read: {error}."))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::standing::assess;
    use crate::state::Phase;
    use crate::tally::{BucketTally, Interval, PerKind};
    use crate::time::Bucket;

    #[test]
    fn who_may_not_be_paused_is_told_in_a_sentence_of_its_own() {
        for (because, sentence) in [
            ("the guard observes only", "The guard observes only."),
            ("held by ops@example.com", "Held by ops@example.com."),
            ("Über alles erhaben", "Über alles erhaben."),
        ] {
            assert_eq!(spared(because), sentence);
        }
    }

    /// Where the policy's slack grows with the volume that of half a million mails does; on trial it stays small.
    #[test]
    fn counts_that_do_not_agree_are_told_beside_the_lines_that_hold_for_the_set() {
        let now: Timestamp = "2026-11-20T12:07:30Z".parse().unwrap();
        let known = |count| Interval { receipts: count, recorded: count, suspect: 0, ids: count };
        let counts = PerKind { sends: known(500_000), bounces: known(10_000), ..PerKind::default() };
        let tallies = [BucketTally { counts, ..BucketTally::nothing(Bucket::of(now)) }];
        let policy = Policy { scale_slack: true, trial_sends: 1_000_000, ..Policy::default() };
        let said = |fresh| {
            let found = assess(&policy, &tallies, fresh, now);
            disagreement(&found, &policy, &Outcome::Kept(Phase::Active))
        };
        insta::assert_snapshot!(said(None), @"The guard's own counts do not agree. Mails sent in the window 500,000: hard bounces 10,000 (2.0 %, limit 25,158 = 158 + 5 %), complaints 0 (0.000 %, limit 522 = 22 + 0.1 %).");
        insta::assert_snapshot!(said(Some(Bucket::of(now))), @"The guard's own counts do not agree. Mails sent in the window 500,000: hard bounces 10,000 (2.0 %, limit 25,005 = 5 + 5 %), complaints 0 (0.000 %, limit 503 = 3 + 0.1 %).");
    }
}

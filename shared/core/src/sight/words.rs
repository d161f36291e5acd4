//! What is said of a blind spot besides its numbers.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::BlindSpot;
use crate::time::seconds_between;

pub(super) const NEVER_CHECKED: &str = "The guard has not looked for blind spots yet.";

pub(super) fn unchecked(checked_at: Timestamp, now: Timestamp) -> String {
    let minutes = seconds_between(checked_at, now) / 60;
    let at = when(checked_at);
    format!(
        "The guard last looked for blind spots on {at}, {minutes} minutes ago: whatever else is said here may be old."
    )
}

pub(super) fn over(since: Timestamp, sentence: &str) -> String {
    format!("Over; it was first seen on {}. {sentence}", when(since))
}

fn when(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%a %-d %b %Y %H:%M UTC").to_string()
}

impl BlindSpot {
    /// What people read when it begins, before the account's number.
    pub(crate) fn subject(self) -> &'static str {
        match self {
            Self::Silence => "does not hear what SES sends, account",
            Self::Behind => "behind, account",
            Self::Suspect => "counts uncertain, account",
            Self::NoDefaultSet => "mail past the guard, account",
            Self::DeadLetters => "dead letters, account",
            Self::CantTell => "can't tell how it stands, account",
            Self::Unchecked => "does not look, account",
        }
    }

    /// What people read when it is over, before the account's number.
    pub(crate) fn subject_when_over(self) -> &'static str {
        match self {
            Self::Silence => "hears again what SES sends, account",
            Self::Behind => "no longer behind, account",
            Self::Suspect => "counts certain again, account",
            Self::NoDefaultSet => "no more mail past the guard, account",
            Self::DeadLetters => "no more dead letters, account",
            Self::CantTell => "can tell again how it stands, account",
            Self::Unchecked => "looks again, account",
        }
    }

    /// What to do, with the command. `STACK` stands for the stack's name.
    pub(crate) fn remedy(self) -> &'static str {
        match self {
            Self::Silence => {
                "see which configuration sets do not publish to the guard: ses-guard list --unheard, and attach them: ses-guard \
                 enrol --plan, then --apply. Give identities a default set, so that no mail is without one. Then look at the \
                 topic, its policy and its subscription: ses-guard doctor"
            }
            Self::Behind => {
                "look at the errors and throttles of the function that is late: aws logs tail /aws/lambda/STACK-ingest \
                 --since 15m (or STACK-judge, STACK-actuate). A queue that only grows needs a greater IngestConcurrency"
            }
            Self::Suspect => {
                "find out why events were delivered more than once; ingest failed or was throttled: aws logs tail \
                 /aws/lambda/STACK-ingest --since 4h --filter-pattern '?WARN ?ERROR'. It heals four hours after the cause"
            }
            Self::NoDefaultSet => {
                "give each a default set: aws sesv2 put-email-identity-configuration-set-attributes --email-identity \
                 example.com --configuration-set-name NAME. All identities: aws sesv2 list-email-identities. They are looked \
                 through again within a day or two"
            }
            Self::DeadLetters => {
                "find out why they are there: aws logs tail /aws/lambda/STACK-ingest --since 1d --filter-pattern '?WARN \
                 ?ERROR'. Then put events back, and purge the wake-up calls, since the sweep does what they were for: \
                 ses-guard doctor says both commands, with the queues in them"
            }
            Self::CantTell => {
                "see why: aws logs tail /aws/lambda/STACK-sweep --since 30m --filter-pattern '?WARN ?ERROR'. Its role needs \
                 cloudwatch:GetMetricData, ses:ListEmailIdentities and ses:GetEmailIdentity"
            }
            Self::Unchecked => {
                "see why the sweep does not run, or fails: aws logs tail /aws/lambda/STACK-sweep --since 1h; and whether its \
                 timer is on: ses-guard doctor"
            }
        }
    }
}

//! A notice: one subject, one sentence with numbers, what the guard did, what to do next.

use serde::Deserialize;
use serde_json::{Value, json};

use super::hearing;
use crate::audit::{Act, AuditRecord, GUARD};
use crate::home::{Home, Homes};
use crate::name::SetKey;
use crate::sight::BlindSpot;

/// What people and machines are told.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// At most 100 characters, as SNS wants.
    pub subject: String,
    /// For people.
    pub text: String,
    /// EventBridge's `detail-type`.
    pub detail_type: &'static str,
    /// EventBridge's `detail`.
    pub detail: Value,
}

/// EventBridge's `source`.
pub const SOURCE: &str = "ses.reputation-guard";

/// The version of [`Notice::detail`]; grows when a field changes its meaning or goes away.
const DETAIL_VERSION: u32 = 1;

impl Notice {
    /// The notice of a record; `None` for what nobody needs to be told.
    pub fn of(record: &AuditRecord) -> Option<Self> {
        Self::naming(record, &argument(&record.set))
    }

    /// The same, of a guard of these homes: where they are several, its commands say which is meant.
    pub fn among(record: &AuditRecord, homes: &Homes) -> Option<Self> {
        match homes.are_several() {
            true => Self::naming(record, &format!("{} --home {}", argument(&record.set), Home::of(&record.set))),
            false => Self::of(record),
        }
    }

    /// With commands that name the set so.
    fn naming(record: &AuditRecord, named: &str) -> Option<Self> {
        let words = Words::of(record, named)?;
        let name = &record.set.name;
        let mut text = format!("{}\n\n", record.sentence);
        text += &match record.set.is_account() {
            true => format!("Account: {} in {}\n", record.set.account, record.set.region),
            false => format!("Configuration set: {name} (account {}, {})\n", record.set.account, record.set.region),
        };
        text += &format!("What the guard did: {}\n", words.done);
        if record.actor != GUARD {
            text += &format!("By: {}\n", record.actor);
        }
        if let Some(reason) = &record.reason {
            text += &format!("Reason given: {reason}\n");
        }
        text += &format!("What to do: {}\n", words.next);
        text += &format!("\nAudit record {} of {:.0}\n", record.id, record.at);
        Some(Self {
            subject: match record.set.is_account() {
                true => format!("SES guard: {} {}", words.subject, record.set.account),
                false => format!("SES guard: {} {name}", words.subject),
            },
            text,
            detail_type: words.detail_type,
            detail: json!({
                "version": DETAIL_VERSION,
                "account": record.set.account,
                "region": record.set.region,
                "configurationSet": (!record.set.is_account()).then_some(name),
                "subject": words.subject,
                "sentence": record.sentence,
                "audit": record,
            }),
        })
    }
}

/// As an operator's shell wants it: the account's name would be a pattern there.
fn argument(set: &SetKey) -> String {
    if set.is_account() { format!("'{}'", set.name) } else { set.name.to_string() }
}

pub(super) struct Words {
    pub(super) subject: &'static str,
    pub(super) detail_type: &'static str,
    pub(super) done: String,
    pub(super) next: String,
}

impl Words {
    fn of(record: &AuditRecord, name: &str) -> Option<Self> {
        let resume = format!("ses-guard resume {name} --reason \"what was mended\" --actor you@example.com");
        let (subject, detail_type, done, next) = match record.act {
            Act::Warned => (
                "warned",
                "Configuration Set Warned",
                "nothing yet; the configuration set may send.".to_owned(),
                format!("look at where its recipients come from before it is paused. See: ses-guard status {name}"),
            ),
            Act::WouldPause => (
                "would pause",
                "Configuration Set Warned",
                "nothing; the configuration set may send, and each further failure counts against the account.".to_owned(),
                format!("stop it yourself, if it should be stopped: ses-guard pause {name} --reason \"…\" --actor you@example.com"),
            ),
            Act::Paused if record.set.is_account() => (
                "stopped all sending of",
                "Account At Risk",
                format!("stopped the account in SES at {:.0}. SES refuses all of its mail in this Region.", record.at),
                format!("find out what fails (ses-guard list), pause those sets, and then: {resume}"),
            ),
            Act::Resumed if record.set.is_account() => (
                "resumed all sending of",
                "Account At Risk",
                format!("let the account send again at {:.0}. Sets that are paused stay paused; nothing sent before counts for the account's rate.", record.at),
                "watch it: ses-guard status".to_owned(),
            ),
            Act::Paused => (
                "paused",
                "Configuration Set Paused",
                format!("paused it in SES at {:.0}. SES refuses its mail; all other configuration sets go on sending.", record.at),
                format!("find out where the failing addresses come from, mend that, then: {resume}"),
            ),
            Act::Resumed => (
                "resumed",
                "Configuration Set Resumed",
                format!("let it send again at {:.0}, on trial: with half the slack, and nothing sent before counts against it.", record.at),
                format!("watch it: ses-guard status {name}"),
            ),
            Act::CountingDegraded => (
                "counting degraded for",
                "Counting Degraded",
                "judged with what it has; it pauses later than it should, or not at all.".to_owned(),
                "check that SES publishes SEND, BOUNCE and COMPLAINT of this set to the guard's topic, and that the guard's dead-letter queues are empty.".to_owned(),
            ),
            Act::StrangersSend => (
                "unexpected sender for",
                "Configuration Set Warned",
                match left_out(record) {
                    true => "left that mail out when it judged the configuration set; the account's rate has it.".to_owned(),
                    false => "nothing; that mail counts as any other.".to_owned(),
                },
                format!("find out who that is, and let its IAM policy allow it its own configuration set only. If it may send with {name}, add it to the policy's senders: ses-guard policy show"),
            ),
            Act::Gone => (
                "no longer found:",
                "Configuration Set Drifted",
                "dropped what it meant to do; a new configuration set of this name starts afresh.".to_owned(),
                "nothing, if you deleted it.".to_owned(),
            ),
            Act::AlarmNotFollowed => (
                "alarm not followed for",
                "Configuration Set Warned",
                "nothing; the configuration set may send.".to_owned(),
                format!("compare what the guard counted with the alarm: ses-guard status {name}. If the alarm is right: ses-guard pause {name} --reason \"…\" --actor you@example.com"),
            ),
            Act::AlarmNotUnderstood => (
                "alarm not understood in account",
                "Counting Degraded",
                "nothing; it goes by its own counts.".to_owned(),
                "point the alarm at one configuration set's metrics, or take its action on the guard away.".to_owned(),
            ),
            Act::AccountAtRisk => (
                "account at risk:",
                "Account At Risk",
                "nothing yet; within a minute it looks whether configuration sets stand out as the cause, and pauses those.".to_owned(),
                "see how the account stands (ses-guard status) and which configuration sets fail most (ses-guard list): AWS reviews, and then pauses, the whole account.".to_owned(),
            ),
            Act::Reasserted => (
                "pausing again:",
                "Configuration Set Drifted",
                "wrote down that SES is to stop it again.".to_owned(),
                format!("find out who or what enabled it (a person in the console, Terraform). To let it send: {resume}"),
            ),
            Act::Adopted => (
                "found sending again:",
                "Configuration Set Drifted",
                "let it send, on trial: with half the slack, and nothing sent before counts against it.".to_owned(),
                format!("find out who enabled it, and whether its list was mended. To stop it: ses-guard pause {name} --reason \"…\" --actor you@example.com"),
            ),
            Act::FoundOff => (
                "found disabled:",
                "Configuration Set Drifted",
                "took note of it; it will not enable what someone else disabled.".to_owned(),
                format!("nothing, if you disabled it. To let it send: {resume} --force"),
            ),
            Act::FoundOn => (
                "found enabled again:",
                "Configuration Set Drifted",
                "judges it again, by all it has counted.".to_owned(),
                format!("watch it: ses-guard status {name}"),
            ),
            Act::StillPaused => (
                "still paused:",
                "Configuration Set Paused",
                "nothing new; SES goes on refusing its mail.".to_owned(),
                format!("mend it, then: {resume}. Or keep it paused without reminders: ses-guard hold {name} --reason \"…\" --actor you@example.com"),
            ),
            Act::AccountWarned => (
                "account nears its line:",
                "Account At Risk",
                "nothing yet; at the trigger it pauses the configuration sets that cause it.".to_owned(),
                "see which configuration sets fail most (ses-guard list), and mend those before they have to be paused.".to_owned(),
            ),
            Act::AccountDefended => (
                "pausing for the account:",
                "Account At Risk",
                "wrote down that SES is to stop the configuration sets it names; each pause is told by itself when SES has confirmed it.".to_owned(),
                "mend their lists, and resume them one by one: ses-guard status NAME says how each stands. See the account with: ses-guard status".to_owned(),
            ),
            Act::AccountUndefended => (
                "account at risk:",
                "Account At Risk",
                "paused nobody more for it; each configuration set goes on being judged by its own counts.".to_owned(),
                "decide what must stop: ses-guard pause NAME --reason \"…\" --actor you@example.com. AWS reviews, and then pauses, the whole account.".to_owned(),
            ),
            Act::AccountDisputed => (
                "SES counts otherwise in",
                "Account At Risk",
                "nothing; it goes by its own counts, and lowers its target where SES's rate is the higher.".to_owned(),
                "look for configuration sets whose SEND, BOUNCE and COMPLAINT events do not reach the guard, and for mail that is sent without a configuration set.".to_owned(),
            ),
            Act::AccountStandingChanged => (
                "AWS changed how it treats",
                "Account At Risk",
                "nothing; what AWS stops, the guard does not start.".to_owned(),
                "see the account's standing in the SES console and the mail to the account's address; a review is answered in the Support Center.".to_owned(),
            ),
            Act::Unheard => return Some(hearing::unheard(record)),
            Act::HeardAgain => return Some(hearing::heard_again()),
            Act::Enrolled => return Some(hearing::enrolled(record)),
            Act::ManyUnheard => return Some(hearing::many_unheard()),
            Act::SetsNearLimit => return Some(hearing::sets_near_limit()),
            Act::WentBlind => {
                let spot = spot(record)?;
                let done = "nothing more; it goes on judging what it counts, and looks again every five minutes.";
                (spot.subject(), "Counting Degraded", done.to_owned(), format!("{}.", spot.remedy()))
            }
            Act::SeesAgain => {
                let done = "noted it by itself.";
                (spot(record)?.subject_when_over(), "Counting Degraded", done.to_owned(), "nothing.".to_owned())
            }
            Act::PauseIntended | Act::ResumeIntended | Act::Held | Act::Released | Act::FoundAgain => return None,
        };
        Some(Self { subject, detail_type, done, next })
    }
}

/// Whether the mail of strangers is left out.
fn left_out(record: &AuditRecord) -> bool {
    record.evidence.as_ref().and_then(|evidence| evidence.get("leftOut")).and_then(Value::as_bool).unwrap_or(false)
}

/// Which blind spot it is about.
fn spot(record: &AuditRecord) -> Option<BlindSpot> {
    BlindSpot::deserialize(record.evidence.as_ref()?.get("blindSpot")?).ok()
}

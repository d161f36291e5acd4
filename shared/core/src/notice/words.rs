//! What each act is called, what the guard did and what is to be done next.

use serde::{Deserialize, Serialize};

use super::hearing;
use super::letterhead::Section;
use crate::audit::{Act, AuditRecord};
use crate::sight::BlindSpot;

/// Whether a person is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Urgency {
    /// Someone must do something: mail is refused, or the account is in danger, or the guard does not see it.
    Act,
    /// Someone should look, in working hours.
    Look,
    /// Something is over, or as it should be.
    Fine,
}

impl Urgency {
    /// How it looks in a chat.
    pub(super) fn symbol(self) -> &'static str {
        match self {
            Self::Act => "🔴",
            Self::Look => "🟡",
            Self::Fine => "🟢",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) subject: &'static str,
    pub(super) detail_type: &'static str,
    pub(super) urgency: Urgency,
    pub(super) section: Section,
    pub(super) done: String,
    pub(super) next: String,
}

/// What changed with a set's mail.
const WARNED: &str = "Configuration Set Warned";
const PAUSED: &str = "Configuration Set Paused";
const RESUMED: &str = "Configuration Set Resumed";
const DRIFTED: &str = "Configuration Set Drifted";
const AT_RISK: &str = "Account At Risk";
const DEGRADED: &str = "Counting Degraded";
const TENANT: &str = "Tenant Status Changed";

impl Words {
    /// Of one record, with commands that name its set so. `None` for what nobody needs to be told.
    pub(super) fn of(record: &AuditRecord, name: &str) -> Option<Self> {
        Self::timed(record, name, &format!(" at {:.0}", record.at))
    }

    /// The same of any record of this kind.
    pub(super) fn of_each(record: &AuditRecord) -> Option<Self> {
        Self::timed(record, "NAME", "")
    }

    fn timed(record: &AuditRecord, name: &str, at: &str) -> Option<Self> {
        use Urgency::{Act as Must, Fine, Look};
        let resume = format!("ses-guard resume {name} --reason \"what was mended\" --actor you@example.com");
        let pause = format!("ses-guard pause {name} --reason \"…\" --actor you@example.com");
        let (subject, detail_type, urgency, section, done, next) = match record.act {
            Act::Warned => (
                "warned",
                WARNED,
                Look,
                Section::Reading,
                "nothing yet; the configuration set may send.".to_owned(),
                format!("look at where its recipients come from before it is paused. See: ses-guard status {name}"),
            ),
            Act::WouldPause => (
                "would pause",
                WARNED,
                Must,
                Section::Orders,
                "nothing; the configuration set may send, and each further failure counts against the account.".to_owned(),
                format!("stop it yourself, if it should be stopped: {pause}"),
            ),
            Act::Paused if record.set.is_account() => (
                "stopped all sending of",
                AT_RISK,
                Must,
                Section::Account,
                format!("stopped the account in SES{at}. SES refuses all of its mail in this Region."),
                format!("find out what fails (ses-guard list), pause those sets, and then: {resume}"),
            ),
            Act::Resumed if record.set.is_account() => (
                "resumed all sending of",
                AT_RISK,
                Look,
                Section::Account,
                format!("let the account send again{at}. Sets that are paused stay paused; nothing sent before counts for the account's rate."),
                "watch it: ses-guard status".to_owned(),
            ),
            Act::Paused => (
                "paused",
                PAUSED,
                Must,
                Section::Refused,
                match &record.through {
                    None => format!("paused it in SES{at}. SES refuses its mail; all other configuration sets go on sending."),
                    Some(tenant) => format!("disabled its tenant {tenant} in SES{at}. SES refuses all mail of that tenant; all others go on sending."),
                },
                format!("find out where the failing addresses come from, mend that, then: {resume}"),
            ),
            Act::Resumed => (
                "resumed",
                RESUMED,
                Fine,
                Section::Orders,
                format!(
                    "let {}{at}, on trial: with half the slack, and nothing sent before counts against it.",
                    record.through.as_ref().map_or("it send again".to_owned(), |tenant| format!("its tenant {tenant} send again"))
                ),
                format!("watch it: ses-guard status {name}"),
            ),
            Act::TrialEnded => (
                "trial over for",
                RESUMED,
                Fine,
                Section::Orders,
                "judges it with the whole slack again.".to_owned(),
                "nothing.".to_owned(),
            ),
            Act::CountingDegraded => (
                "counting degraded for",
                DEGRADED,
                Must,
                Section::Reading,
                "judged with what it has; it pauses later than it should, or not at all.".to_owned(),
                format!("check that SES publishes SEND, BOUNCE and COMPLAINT of this set to the guard's topic (ses-guard status {name} says so if not), and that the guard's dead-letter queues are empty."),
            ),
            Act::StrangersSend => (
                "unexpected sender for",
                WARNED,
                Must,
                Section::Senders,
                match left_out(record) {
                    true => "left that mail out when it judged the configuration set; the account's rate has it.".to_owned(),
                    false => "nothing; that mail counts as any other.".to_owned(),
                },
                format!("find out who that is, and let its IAM policy allow it its own configuration set only. If it may send with {name}, add it to the policy's senders: ses-guard policy show"),
            ),
            Act::Gone => (
                "no longer found:",
                DRIFTED,
                Look,
                Section::Reading,
                "dropped what it meant to do; a new configuration set of this name starts afresh.".to_owned(),
                format!("nothing, if you deleted it. What was decided before: ses-guard history {name}"),
            ),
            Act::AlarmNotFollowed => (
                "alarm not followed for",
                WARNED,
                Look,
                Section::Alarm,
                "nothing; the configuration set may send.".to_owned(),
                format!("compare what the guard counted with the alarm: ses-guard status {name}. If the alarm is right: {pause}"),
            ),
            Act::AlarmNotUnderstood => (
                "alarm not understood in account",
                DEGRADED,
                Look,
                Section::Alarm,
                "nothing; it goes by its own counts.".to_owned(),
                "point the alarm at one configuration set's metrics, or take its action on the guard away. What it watches: aws cloudwatch describe-alarms --alarm-names ALARM".to_owned(),
            ),
            Act::AccountAtRisk => (
                "account at risk:",
                AT_RISK,
                Must,
                Section::Account,
                "nothing yet; within a minute it looks whether configuration sets stand out as the cause, and pauses those.".to_owned(),
                "see how the account stands (ses-guard status) and which configuration sets fail most (ses-guard list): AWS reviews, and then pauses, the whole account.".to_owned(),
            ),
            Act::Reasserted => (
                "pausing again:",
                DRIFTED,
                Must,
                Section::Infrastructure,
                "wrote down that SES is to stop it again.".to_owned(),
                format!("find out who or what enabled it (a person in the console, Terraform). To let it send: {resume}"),
            ),
            Act::Adopted => (
                "found sending again:",
                DRIFTED,
                Look,
                Section::Infrastructure,
                "let it send, on trial: with half the slack, and nothing sent before counts against it.".to_owned(),
                format!("find out who enabled it, and whether its list was mended. To stop it: {pause}"),
            ),
            Act::FoundOff => (
                "found disabled:",
                DRIFTED,
                Look,
                Section::Refused,
                "took note of it; it will not enable what someone else disabled.".to_owned(),
                format!("nothing, if you disabled it. To let it send: {resume} --force"),
            ),
            Act::FoundOn => (
                "found enabled again:",
                DRIFTED,
                Fine,
                Section::Reading,
                "judges it again, by all it has counted.".to_owned(),
                format!("watch it: ses-guard status {name}"),
            ),
            Act::StillPaused => (
                "still paused:",
                PAUSED,
                Look,
                Section::Orders,
                "nothing new; SES goes on refusing its mail.".to_owned(),
                format!("mend it, then: {resume}. Or keep it paused without reminders: ses-guard hold {name} --reason \"…\" --actor you@example.com"),
            ),
            Act::AccountWarned => (
                "account nears its line:",
                AT_RISK,
                Look,
                Section::Account,
                "nothing yet; at the trigger it pauses the configuration sets that cause it.".to_owned(),
                "see which configuration sets fail most (ses-guard list), and mend those before they have to be paused.".to_owned(),
            ),
            Act::AccountDefended => (
                "pausing for the account:",
                AT_RISK,
                Must,
                Section::Account,
                "wrote down that SES is to stop the configuration sets it names; each pause is told by itself when SES has confirmed it.".to_owned(),
                "mend their lists, and resume them one by one: ses-guard status NAME says how each stands. See the account with: ses-guard status".to_owned(),
            ),
            Act::AccountUndefended => (
                "account at risk:",
                AT_RISK,
                Must,
                Section::Account,
                "paused nobody more for it; each configuration set goes on being judged by its own counts.".to_owned(),
                "decide what must stop: ses-guard pause NAME --reason \"…\" --actor you@example.com. AWS reviews, and then pauses, the whole account.".to_owned(),
            ),
            Act::AccountDisputed => (
                "SES counts otherwise in",
                AT_RISK,
                Look,
                Section::Account,
                "nothing; it goes by its own counts, and lowers its target where SES's rate is the higher.".to_owned(),
                "look for configuration sets whose SEND, BOUNCE and COMPLAINT events do not reach the guard (ses-guard list --unheard), and for mail that is sent without a configuration set.".to_owned(),
            ),
            Act::AccountStandingChanged => (
                "AWS changed how it treats",
                AT_RISK,
                Must,
                Section::Review,
                "nothing; what AWS stops, the guard does not start.".to_owned(),
                "see the account's standing in the SES console and the mail to the account's address; a review is answered in the Support Center, with what is on file: ses-guard evidence --account --since 14d".to_owned(),
            ),
            Act::Unheard => return Some(hearing::unheard(record)),
            Act::HeardAgain => return Some(hearing::heard_again()),
            Act::Enrolled => return Some(hearing::enrolled(name)),
            Act::ManyUnheard => return Some(hearing::many_unheard()),
            Act::SetsNearLimit => return Some(hearing::sets_near_limit()),
            Act::WentBlind => {
                let spot = spot(record)?;
                let done = "nothing more; it goes on judging what it counts, and looks again every five minutes.";
                let section = section(spot);
                (spot.subject(), DEGRADED, Must, section, done.to_owned(), format!("{}.", spot.remedy()))
            }
            Act::SeesAgain => {
                let spot = spot(record)?;
                let done = "noted it by itself.";
                (spot.subject_when_over(), DEGRADED, Fine, section(spot), done.to_owned(), "nothing.".to_owned())
            }
            Act::TenantInTrouble => (
                "AWS speaks of a tenant in account",
                TENANT,
                Must,
                Section::Tenants,
                "nothing; what AWS or someone else disables, the guard does not enable.".to_owned(),
                "see the tenant's findings in the SES console (Tenants). A tenant that AWS disabled only AWS enables: answer its case in the Support Center. How the account's tenants stand: ses-guard status".to_owned(),
            ),
            Act::TenantRecovered => (
                "a tenant is well again in account",
                TENANT,
                Fine,
                Section::Tenants,
                "noted it. It changed nothing in SES.".to_owned(),
                "nothing. How the account's tenants stand: ses-guard status".to_owned(),
            ),
            Act::PauseIntended | Act::ResumeIntended | Act::Held | Act::Released | Act::FoundAgain => return None,
        };
        Some(Self { subject, detail_type, urgency, section, done, next })
    }
}

/// Whether the mail of strangers is left out.
fn left_out(record: &AuditRecord) -> bool {
    let of = |evidence: &serde_json::Value| evidence.get("leftOut")?.as_bool();
    record.evidence.as_ref().and_then(of).unwrap_or(false)
}

/// Which blind spot it is about.
fn spot(record: &AuditRecord) -> Option<BlindSpot> {
    BlindSpot::deserialize(record.evidence.as_ref()?.get("blindSpot")?).ok()
}

fn section(spot: BlindSpot) -> Section {
    match spot {
        BlindSpot::DeadLetters => Section::DeadLetters,
        BlindSpot::Silence
        | BlindSpot::Behind
        | BlindSpot::Suspect
        | BlindSpot::NoDefaultSet
        | BlindSpot::CantTell
        | BlindSpot::Unchecked => Section::Blind,
    }
}

//! The SES record: its limits, whose it is, and its recipients, who become keyed hashes here.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::counts::{self, EventType};
use super::envelope::{Arn, Origin};
use super::fault::{ParseError, Part, parse};
use super::text::Text;
use super::{
    Accounts, Ignored, MAX_AGE_SECONDS, MAX_AHEAD_SECONDS, MAX_RECIPIENTS, Reader, Reading, ReceiptId, Signal,
    SignalKind,
};
use crate::home::Home;
use crate::name::{AccountId, CallerIdentity, ConfigurationSetName, Region, SetKey};
use crate::time::plus_seconds;

/// The wire form. Headers, subject and diagnostic text are never read; fields not named here are skipped, and text is
/// borrowed from the body.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SesRecord<'a> {
    #[serde(borrow)]
    pub(super) mail: Option<Mail<'a>>,
    #[serde(borrow)]
    pub(super) bounce: Option<Bounce<'a>>,
    #[serde(borrow)]
    pub(super) complaint: Option<Complaint<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Mail<'a> {
    #[serde(borrow)]
    timestamp: Option<Text<'a>>,
    #[serde(borrow)]
    source_arn: Option<Text<'a>>,
    #[serde(borrow)]
    sending_account_id: Option<Text<'a>>,
    #[serde(borrow)]
    message_id: Option<Text<'a>>,
    #[serde(borrow)]
    destination: Option<Vec<Text<'a>>>,
    #[serde(borrow)]
    tags: Option<Tags<'a>>,
}

/// Senders' own tags stand beside SES's: only those named `ses:` can be trusted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Tags<'a> {
    #[serde(borrow, rename = "ses:configuration-set")]
    configuration_set: Option<Vec<Text<'a>>>,
    #[serde(borrow, rename = "ses:caller-identity")]
    caller_identity: Option<Vec<Text<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Bounce<'a> {
    #[serde(borrow)]
    bounce_type: Option<Text<'a>>,
    #[serde(borrow)]
    bounce_sub_type: Option<Text<'a>>,
    #[serde(borrow)]
    bounced_recipients: Option<Vec<Recipient<'a>>>,
    timestamp: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Complaint<'a> {
    #[serde(borrow)]
    feedback_id: Option<Text<'a>>,
    #[serde(borrow)]
    complaint_sub_type: Option<Text<'a>>,
    #[serde(borrow)]
    complaint_feedback_type: Option<Text<'a>>,
    #[serde(borrow)]
    complained_recipients: Option<Vec<Recipient<'a>>>,
    timestamp: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Recipient<'a> {
    #[serde(borrow)]
    email_address: Option<Text<'a>>,
    #[serde(borrow)]
    action: Option<Text<'a>>,
}

/// Who is counted: never nobody.
struct Recipients {
    ids: Vec<ReceiptId>,
    simulated: bool,
}

/// What a record adds; or why it adds nothing.
type Counted = Result<(counts::Counting, Recipients), Ignored>;

/// Reads the text of a record of a counted type.
pub(super) fn read(
    reader: &Reader,
    event_type: EventType,
    text: &str,
    part: Part,
    origin: &Origin,
    now: Timestamp,
) -> Result<Reading, ParseError> {
    count(reader, event_type, parse(text, part)?, origin, now)
}

/// What a record of a counted type comes to: first whose it is and when it was sent, then what it counts.
pub(super) fn count(
    reader: &Reader,
    event_type: EventType,
    record: SesRecord<'_>,
    origin: &Origin,
    now: Timestamp,
) -> Result<Reading, ParseError> {
    let mail = record.mail.ok_or(ParseError::Missing("mail"))?;
    let source = mail.source_arn.as_deref().and_then(Arn::of);
    let account = account_of(reader, mail.sending_account_id.as_deref(), source, origin)?;
    let region = region_of(reader, &account, source, origin);
    check_home(reader, &account, region.as_ref())?;
    let message_id = present(mail.message_id, "mail.messageId")?;
    let sent_at = instant(&present(mail.timestamp, "mail.timestamp")?)?;
    at_most_50(mail.destination.as_deref(), "mail.destination")?;

    if sent_at > plus_seconds(now, MAX_AHEAD_SECONDS) {
        return Err(ParseError::InTheFuture);
    }
    if !reader.any_age && sent_at < plus_seconds(now, -MAX_AGE_SECONDS) {
        return Ok(Reading::Ignored(Ignored::TooOld));
    }
    let sender = sender(reader, mail.tags.as_ref());
    let Some(name) = configuration_set(mail.tags, origin)? else {
        return Ok(Reading::Ignored(Ignored::NoConfigurationSet));
    };
    let region = region.ok_or(ParseError::NoRegion)?;

    let set = SetKey { account, region, name };
    let units = Units { reader, message_id: &message_id, is_canary: reader.canary.as_ref() == Some(&set) };
    let occurred_at = occurred_at(&record.bounce, &record.complaint, sent_at);
    let counted = match event_type {
        EventType::Send => units.of_send(mail.destination)?,
        EventType::Bounce => units.of_bounce(record.bounce.ok_or(ParseError::Missing("bounce"))?)?,
        EventType::Complaint => units.of_complaint(record.complaint.ok_or(ParseError::Missing("complaint"))?)?,
    };
    Ok(match counted {
        Ok((counting, Recipients { ids, simulated })) => {
            let signal = Signal { set, kind: counting.kind, ids, sender, sent_at, occurred_at, simulated };
            Reading::Signals { signals: vec![signal], unknown_subtype: counting.unknown_subtype }
        }
        Err(ignored) => Reading::Ignored(ignored),
    })
}

/// What is counted of one mail.
struct Units<'a> {
    reader: &'a Reader,
    message_id: &'a str,
    is_canary: bool,
}

impl Units<'_> {
    fn of_send(&self, destination: Option<Vec<Text<'_>>>) -> Result<Counted, ParseError> {
        let addresses = destination.ok_or(ParseError::Missing("mail.destination"))?;
        let ids = self.recipients(addresses.iter().map(|address| &**address), "mail.destination[]")?;
        Ok(ids.map(|ids| (counts::Counting { kind: SignalKind::Send, unknown_subtype: None }, ids)))
    }

    fn of_bounce(&self, bounce: Bounce<'_>) -> Result<Counted, ParseError> {
        let recipients = bounce.bounced_recipients.ok_or(ParseError::Missing("bounce.bouncedRecipients"))?;
        at_most_50(Some(&recipients), "bounce.bouncedRecipients")?;
        let bounce_type = present(bounce.bounce_type, "bounce.bounceType")?;
        let counting = match counts::bounce(&bounce_type, bounce.bounce_sub_type.as_deref().unwrap_or_default()) {
            Ok(counting) => counting,
            Err(ignored) => return Ok(Err(ignored)),
        };
        let listed = recipients.len();
        let is_delayed = |r: &&Recipient<'_>| r.action.as_deref().is_some_and(|a| a.eq_ignore_ascii_case("delayed"));
        let final_ones: Vec<_> = recipients.iter().filter(|r| !is_delayed(r)).map(Recipient::address).collect();
        if listed > 0 && final_ones.is_empty() {
            return Ok(Err(Ignored::Delayed));
        }
        let ids = self.recipients(final_ones.into_iter(), "bounce.bouncedRecipients[].emailAddress")?;
        Ok(ids.map(|ids| (counting, ids)))
    }

    /// The recipients of a complaint are candidates: they only tell whether it came from the simulator, and whom SES
    /// refused.
    fn of_complaint(&self, complaint: Complaint<'_>) -> Result<Counted, ParseError> {
        let recipients = complaint.complained_recipients.unwrap_or_default();
        at_most_50(Some(&recipients), "complaint.complainedRecipients")?;
        let (subtype, feedback_type) = (complaint.complaint_sub_type, complaint.complaint_feedback_type);
        let counting = match counts::complaint(subtype.as_deref(), feedback_type.as_deref()) {
            Ok(counting) => counting,
            Err(ignored) => return Ok(Err(ignored)),
        };
        let addresses = recipients.iter().map(Recipient::address);
        let candidates = self.recipients(addresses, "complaint.complainedRecipients[].emailAddress")?;
        let ids = match candidates {
            Ok(_) | Err(Ignored::NoRecipients) if counting.kind == SignalKind::Complaint => {
                let feedback_id = present(complaint.feedback_id, "complaint.feedbackId")?;
                let ids = vec![self.reader.key.complaint(self.message_id, &feedback_id)];
                Ok(Recipients { ids, simulated: candidates.is_ok_and(|found| found.simulated) })
            }
            candidates => candidates,
        };
        Ok(ids.map(|ids| (counting, ids)))
    }

    /// One id for each different address that is not the simulator's. Of the canary the simulator's count, too, in mail that
    /// went nowhere else: what it sends to people is a mail like any other.
    fn recipients<'t>(
        &self,
        addresses: impl ExactSizeIterator<Item = &'t str> + Clone,
        field: &'static str,
    ) -> Result<Result<Recipients, Ignored>, ParseError> {
        if addresses.len() == 0 {
            return Ok(Err(Ignored::NoRecipients));
        }
        let simulated = self.is_canary && addresses.clone().all(|written| counts::is_simulator(bare(written)));
        let mut ids = Vec::with_capacity(addresses.len());
        for written in addresses {
            let address = bare(written);
            if address.is_empty() {
                return Err(ParseError::Missing(field));
            }
            if counts::is_simulator(address) && !simulated {
                continue;
            }
            let id = self.reader.key.recipient(self.message_id, address);
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        Ok(if ids.is_empty() { Err(Ignored::Simulator) } else { Ok(Recipients { ids, simulated }) })
    }
}

impl Recipient<'_> {
    fn address(&self) -> &str {
        self.email_address.as_deref().unwrap_or_default()
    }
}

/// `Ana <ana@example.net>` and `ana@example.net` are one recipient.
fn bare(address: &str) -> &str {
    let address = address.trim();
    let inner = address.strip_suffix('>').and_then(|rest| rest.rsplit_once('<'));
    inner.map_or(address, |(_, inner)| inner.trim())
}

fn present<'a>(field: Option<Text<'a>>, name: &'static str) -> Result<Text<'a>, ParseError> {
    field.filter(|text| !text.is_empty()).ok_or(ParseError::Missing(name))
}

/// Who sent; `None` when SES does not say, and then the mail counts as the set's own. A name that can't be kept is told
/// apart all the same.
fn sender(reader: &Reader, tags: Option<&Tags<'_>>) -> Option<CallerIdentity> {
    let identity = tags?.caller_identity.as_deref()?.first()?;
    identity.parse().ok().or_else(|| reader.key.sender(identity))
}

/// A time that nothing is counted by refuses no record.
fn occurred_at(bounce: &Option<Bounce<'_>>, complaint: &Option<Complaint<'_>>, sent_at: Timestamp) -> Timestamp {
    let of_bounce = bounce.as_ref().and_then(|bounce| bounce.timestamp.as_ref());
    let written = of_bounce.or_else(|| complaint.as_ref()?.timestamp.as_ref());
    written.and_then(|time| instant(time.as_str()?).ok()).map_or(sent_at, |instant| instant.max(sent_at))
}

/// `jiff` reads all of ISO 8601 and more; SES writes RFC 3339, and what it would never write is damage.
fn instant(text: &str) -> Result<Timestamp, ParseError> {
    let malformed = ParseError::Malformed { field: "mail.timestamp", must_be: "an RFC 3339 time with its zone" };
    let has_date_and_time =
        matches!(text.as_bytes(), [_, _, _, _, b'-', _, _, b'-', _, _, _, _, _, b':', _, _, b':', _, _, ..]);
    let has_zone = matches!(text.as_bytes(), [.., b'Z' | b'z'] | [.., b'+' | b'-', _, _, b':', _, _]);
    if !(has_date_and_time && has_zone) {
        return Err(malformed);
    }
    text.parse().map_err(|_| malformed)
}

fn at_most_50<T>(list: Option<&[T]>, field: &'static str) -> Result<(), ParseError> {
    match list.map_or(0, <[T]>::len) {
        0..=MAX_RECIPIENTS => Ok(()),
        _ => Err(ParseError::TooManyRecipients(field)),
    }
}

/// The account that sent: as the record says, else EventBridge, else the identity's ARN, else the only one there is.
/// Whatever was said is checked, EventBridge's word too.
fn account_of(
    reader: &Reader,
    sending_account_id: Option<&str>,
    source: Option<Arn<'_>>,
    origin: &Origin,
) -> Result<AccountId, ParseError> {
    const FIELD: &str = "mail.sendingAccountId";
    let only_one = || match &reader.accounts {
        Accounts::These(ids) if ids.len() == 1 => ids.first().cloned(),
        Accounts::Guarded(homes) => homes.only_account().cloned(),
        Accounts::These(_) | Accounts::Any => None,
    };
    let account = match sending_account_id {
        Some(id) => {
            id.parse().map_err(|_| ParseError::Malformed { field: FIELD, must_be: "an account id of 12 digits" })?
        }
        None => (origin.account.clone())
            .or_else(|| source.and_then(|arn| arn.account.parse().ok()))
            .or_else(only_one)
            .ok_or(ParseError::Missing(FIELD))?,
    };
    if let Accounts::These(ids) = &reader.accounts
        && !ids.contains(&account)
    {
        return Err(ParseError::OfAnotherAccount(FIELD));
    }
    if origin.account.as_ref().is_some_and(|id| *id != account) {
        return Err(ParseError::OfAnotherAccount("account"));
    }
    Ok(account)
}

/// `None` when nothing says it.
fn region_of(reader: &Reader, account: &AccountId, source: Option<Arn<'_>>, origin: &Origin) -> Option<Region> {
    let of_source = source.and_then(|arn| arn.region.parse().ok());
    let only_one = || match &reader.accounts {
        Accounts::Guarded(homes) => homes.only_region_of(account).cloned(),
        Accounts::These(_) | Accounts::Any => reader.region.clone(),
    };
    of_source.or_else(|| origin.region.clone()).or_else(only_one)
}

/// `Err` when it is not guarded; that no Region is known is another error.
fn check_home(reader: &Reader, account: &AccountId, region: Option<&Region>) -> Result<(), ParseError> {
    let Accounts::Guarded(homes) = &reader.accounts else { return Ok(()) };
    match region {
        Some(region) => {
            let home = Home { account: account.clone(), region: region.clone() };
            homes.check(&home).map_err(ParseError::NotGuarded)
        }
        None if homes.iter().any(|home| home.account == *account) => Ok(()),
        None => Err(ParseError::OfAnotherAccount("mail.sendingAccountId")),
    }
}

/// `None` when the mail was sent without one.
fn configuration_set(tags: Option<Tags<'_>>, origin: &Origin) -> Result<Option<ConfigurationSetName>, ParseError> {
    let tag = tags.as_ref().and_then(|tags| Some(&**tags.configuration_set.as_ref()?.first()?));
    let Some(name) = tag.or(origin.configuration_set.as_deref()) else { return Ok(None) };
    let malformed = ParseError::Malformed {
        field: "mail.tags.ses:configuration-set",
        must_be: "a configuration set's name: 1 to 64 of A-Z a-z 0-9 _ -",
    };
    name.parse().map(Some).map_err(|_| malformed)
}

//! The one table of what counts, as what, and why.
//!
//! | event, type | subtype | counts as | units | source |
//! |---|---|---|---|---|
//! | `Send` | | send | recipients of `mail.destination` | SES quotas: "a message sent to ten recipients counts as ten" |
//! | `Bounce`, `Permanent` | `General`, `NoEmail` | bounce | recipients that are not `delayed` | SES: hard bounces make the bounce rate |
//! | | `Suppressed` | bounce | recipients | SES: the global suppression list counts toward your bounce rate |
//! | | `OnAccountSuppressionList`, `OnTenantSuppressionList` | prevented | recipients | SES: does not count toward your bounce rate |
//! | | `EmailValidationSuppressed`, `UnsubscribedRecipient` | prevented | recipients | never attempted |
//! | | anything else | bounce | recipients | our choice: what we don't know must not hide a bad sender |
//! | `Bounce`, `Transient` | any | nothing | | SES: temporary failures don't count |
//! | `Bounce`, `Undetermined` | any | nothing | | not a hard bounce |
//! | `Complaint` | `OnAccountSuppressionList`, `OnTenantSuppressionList` | prevented | `complainedRecipients` | accepted, never sent: nobody complained |
//! | | none, anything else | complaint | 1 per `feedbackId` | SES: the recipients listed *may have* complained |
//! | | feedback type `not-spam` | nothing | | RFC 5965 and its registry: the opposite of a complaint |
//! | any | recipients `@simulator.amazonses.com` | nothing, but of the canary | | SES: the mailbox simulator does not affect your rates |
//!
//! Sources: Amazon SES Developer Guide, "Contents of event data that Amazon SES publishes to Amazon SNS", "Managing
//! sending quotas", "Using the global / account-level / tenant-level suppression list", "Using the mailbox simulator".

use super::ignored::{Ignored, Word};
use super::signal::SignalKind;

/// The event types that can count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EventType {
    Send,
    Bounce,
    Complaint,
}

/// What a record counts as; `unknown_subtype` when only the default row matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Counting {
    pub(super) kind: SignalKind,
    pub(super) unknown_subtype: Option<Word>,
}

const fn counts_as(kind: SignalKind) -> Result<Counting, Ignored> {
    Ok(Counting { kind, unknown_subtype: None })
}

fn counts_unknown_as(kind: SignalKind, subtype: &str) -> Result<Counting, Ignored> {
    Ok(Counting { kind, unknown_subtype: Some(Word::of(subtype)) })
}

/// The event types, by SES's exact spelling ("Rendering Failure" has a space).
pub(super) fn event_type(name: &str) -> Result<EventType, Ignored> {
    let (name, why) = match name {
        "Send" => return Ok(EventType::Send),
        "Bounce" => return Ok(EventType::Bounce),
        "Complaint" => return Ok(EventType::Complaint),
        "Delivery" => ("Delivery", "the recipient was counted when the mail was sent"),
        "Reject" => ("Reject", "SES refused the mail and did not send it"),
        "Open" => ("Open", "a reader's doing, not in either rate"),
        "Click" => ("Click", "a reader's doing, not in either rate"),
        "Rendering Failure" => ("Rendering Failure", "the template failed and nothing was sent"),
        "DeliveryDelay" => ("DeliveryDelay", "SES is still trying"),
        "Subscription" => ("Subscription", "a contact's preferences, not in either rate"),
        unknown => return Err(Ignored::UnknownEventType(Word::of(unknown))),
    };
    Err(Ignored::NotCounted { name, why })
}

/// A bounce, by its type and subtype.
pub(super) fn bounce(bounce_type: &str, subtype: &str) -> Result<Counting, Ignored> {
    match (bounce_type, subtype) {
        ("Permanent", "General" | "NoEmail" | "Suppressed") => counts_as(SignalKind::Bounce),
        ("Permanent", "OnAccountSuppressionList" | "OnTenantSuppressionList") => counts_as(SignalKind::Prevented),
        ("Permanent", "EmailValidationSuppressed" | "UnsubscribedRecipient") => counts_as(SignalKind::Prevented),
        ("Permanent", unknown) => counts_unknown_as(SignalKind::Bounce, unknown),
        ("Transient", _) => Err(Ignored::Transient),
        ("Undetermined", _) => Err(Ignored::Undetermined),
        (unknown, _) => Err(Ignored::UnknownBounceType(Word::of(unknown))),
    }
}

/// A complaint, by its subtype and the type in the feedback report; either is usually absent.
pub(super) fn complaint(subtype: Option<&str>, feedback_type: Option<&str>) -> Result<Counting, Ignored> {
    match subtype {
        Some("OnAccountSuppressionList" | "OnTenantSuppressionList") => counts_as(SignalKind::Prevented),
        _ if feedback_type.is_some_and(|t| t.trim().eq_ignore_ascii_case("not-spam")) => Err(Ignored::NotSpam),
        None | Some("") => counts_as(SignalKind::Complaint),
        Some(unknown) => counts_unknown_as(SignalKind::Complaint, unknown),
    }
}

/// Whether this address is SES's mailbox simulator (`bounce@`, `bounce+label@`, …).
pub(super) fn is_simulator(address: &str) -> bool {
    address.rsplit_once('@').is_some_and(|(_, domain)| domain.eq_ignore_ascii_case("simulator.amazonses.com"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hard_bounces_count_and_prevented_mail_is_kept_apart() {
        let unknown = |kind, word| counts_unknown_as(kind, word);
        for (bounce_type, subtype, expected) in [
            ("Permanent", "General", counts_as(SignalKind::Bounce)),
            ("Permanent", "NoEmail", counts_as(SignalKind::Bounce)),
            ("Permanent", "Suppressed", counts_as(SignalKind::Bounce)),
            ("Permanent", "OnAccountSuppressionList", counts_as(SignalKind::Prevented)),
            ("Permanent", "OnTenantSuppressionList", counts_as(SignalKind::Prevented)),
            ("Permanent", "EmailValidationSuppressed", counts_as(SignalKind::Prevented)),
            ("Permanent", "UnsubscribedRecipient", counts_as(SignalKind::Prevented)),
            ("Permanent", "BrandNew", unknown(SignalKind::Bounce, "BrandNew")),
            ("Permanent", "", unknown(SignalKind::Bounce, "")),
            ("Transient", "General", Err(Ignored::Transient)),
            ("Transient", "ContentRejected", Err(Ignored::Transient)),
            ("Transient", "Suppressed", Err(Ignored::Transient)),
            ("Undetermined", "Undetermined", Err(Ignored::Undetermined)),
            ("Eternal", "General", Err(Ignored::UnknownBounceType(Word::of("Eternal")))),
        ] {
            assert_eq!(bounce(bounce_type, subtype), expected, "{bounce_type}/{subtype}");
        }
    }

    #[test]
    fn a_complaint_counts_unless_nobody_complained() {
        for (subtype, feedback_type, expected) in [
            (None, Some("abuse"), counts_as(SignalKind::Complaint)),
            (None, None, counts_as(SignalKind::Complaint)),
            (None, Some("something-new"), counts_as(SignalKind::Complaint)),
            (None, Some("not-spam"), Err(Ignored::NotSpam)),
            (None, Some("Not-Spam"), Err(Ignored::NotSpam)),
            (Some("OnAccountSuppressionList"), None, counts_as(SignalKind::Prevented)),
            (Some("OnTenantSuppressionList"), None, counts_as(SignalKind::Prevented)),
            (Some("BrandNew"), Some("abuse"), counts_unknown_as(SignalKind::Complaint, "BrandNew")),
            (Some("BrandNew"), Some("not-spam"), Err(Ignored::NotSpam)),
        ] {
            assert_eq!(complaint(subtype, feedback_type), expected, "{subtype:?}/{feedback_type:?}");
        }
    }

    #[test]
    fn the_simulator_is_its_exact_domain_in_any_case() {
        for (address, simulator) in [
            ("bounce@simulator.amazonses.com", true),
            ("bounce+label@simulator.amazonses.com", true),
            ("Bounce@SIMULATOR.AmazonSES.com", true),
            ("ana@notsimulator.amazonses.com", false),
            ("ana@simulator.amazonses.com.example.org", false),
            ("simulator.amazonses.com@example.org", false),
            ("simulator.amazonses.com", false),
        ] {
            assert_eq!(is_simulator(address), simulator, "{address}");
        }
    }
}

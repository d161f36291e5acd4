//! Why a well-formed record is left alone.

use std::fmt;

/// The reason, typed; its text is the "why" for people and is safe to log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Ignored {
    /// SES's plain-text message to a topic that became an event destination.
    #[error("SES validated its SNS topic: a set-up message, not an event")]
    TopicValidation,
    /// SNS's own messages about a subscription.
    #[error("SNS message about the subscription itself, not an event")]
    SubscriptionNotice,
    /// SES's message to a topic that began to receive an identity's feedback.
    #[error("SES confirmed an identity's feedback topic: a set-up message, not an event")]
    FeedbackTopicConfirmed,
    /// `notificationType` instead of `eventType`.
    #[error(
        "identity feedback notification: it names no configuration set, and event publishing reports the same fact"
    )]
    IdentityNotification,
    /// One of SES's event types that says nothing about sends, bounces or complaints.
    #[error("event type {name}: {why}")]
    NotCounted {
        /// SES's name of it.
        name: &'static str,
        /// Why it is not counted.
        why: &'static str,
    },
    /// An event type that SES did not have when the table was written.
    #[error("unknown event type {0}")]
    UnknownEventType(Word),
    /// A soft bounce.
    #[error("Transient bounce: it does not count toward SES's bounce rate")]
    Transient,
    /// SES could not tell.
    #[error("Undetermined bounce: it is not a hard bounce")]
    Undetermined,
    /// A bounce type that SES did not have when the table was written.
    #[error("unknown bounce type {0}")]
    UnknownBounceType(Word),
    /// A recipient took a mail out of the spam folder.
    #[error("complaint feedback type not-spam is a retraction")]
    NotSpam,
    /// Every recipient is the mailbox simulator.
    #[error("only mailbox simulator recipients, which count on neither side")]
    Simulator,
    /// Every recipient of a bounce is `delayed`.
    #[error("only delayed recipients: none of them bounced yet")]
    Delayed,
    /// An empty list.
    #[error("no recipients to count")]
    NoRecipients,
    /// Sent without a configuration set, so there is nothing that could be paused.
    #[error("no ses:configuration-set tag: the mail was sent without a configuration set")]
    NoConfigurationSet,
    /// Outside every window.
    #[error("mail.timestamp is more than 15 days old")]
    TooOld,
    /// EventBridge: a tenant was paused or resumed.
    #[error("sending status of a tenant, not of a configuration set")]
    TenantStatus,
    /// EventBridge: a finding of SES's advisor.
    #[error("recommendation of SES's advisor: a finding, not a count")]
    Advisor,
    /// EventBridge: somebody called an API.
    #[error("API call recorded by CloudTrail, not an SES event")]
    ApiCall,
    /// EventBridge: a timer.
    #[error("scheduled event: a timer, not an SES event")]
    Schedule,
    /// EventBridge: anything else.
    #[error("EventBridge event of another kind")]
    OtherEventBridgeEvent,
    /// What Lambda writes when it gives an asynchronous invocation up.
    #[error("Lambda's on-failure destination record: a failed invocation of a function, not an SES event")]
    FailureDestination,
}

impl Ignored {
    /// The metric under which an operator should see it; `None` for what is normal.
    pub fn metric(&self) -> Option<&'static str> {
        match self {
            Self::TooOld => Some("EventsTooOld"),
            Self::UnknownEventType(_) => Some("EventsOfUnknownType"),
            Self::UnknownBounceType(_) => Some("BouncesOfUnknownType"),
            Self::NoConfigurationSet => Some("EventsWithoutConfigurationSet"),
            Self::TopicValidation
            | Self::SubscriptionNotice
            | Self::FeedbackTopicConfirmed
            | Self::IdentityNotification
            | Self::NotCounted { .. }
            | Self::Transient
            | Self::Undetermined
            | Self::NotSpam
            | Self::Simulator
            | Self::Delayed
            | Self::NoRecipients
            | Self::TenantStatus
            | Self::Advisor
            | Self::ApiCall
            | Self::Schedule
            | Self::OtherEventBridgeEvent
            | Self::FailureDestination => None,
        }
    }
}

/// A name that came from outside and may be shown: 1 to 40 letters, as AWS's type names are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word(String);

impl Word {
    const MAX_LETTERS: usize = 40;

    /// The name itself, or a stand-in that says it was not shown: a text with any other character could be an address.
    pub(super) fn of(name: &str) -> Self {
        let shown = (1..=Self::MAX_LETTERS).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphabetic());
        Self(if shown { name } else { "(not a plain word)" }.to_owned())
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_shown_only_when_it_is_40_letters_at_most() {
        let (longest, too_long) = ("a".repeat(40), "a".repeat(41));
        for (what, name, shown) in [
            ("one letter", "a", true),
            ("40 letters", longest.as_str(), true),
            ("41 letters", too_long.as_str(), false),
            ("nothing", "", false),
            ("an address", "ana@example.net", false),
            ("a new line", "Bounce\nlevel", false),
            ("not ASCII", "Zustellungä", false),
        ] {
            assert_eq!(Word::of(name).as_str() == name, shown, "{what}");
        }
    }
}

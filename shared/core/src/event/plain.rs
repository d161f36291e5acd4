//! The commonest body, a record with nothing around it, read in one go.
//!
//! `envelope` reads a body twice: for its form, then for what is in that form. This reads both at once and gives up on
//! everything that is not plain; `envelope` reads that, and says what is wrong with it. `tests/plain.rs` holds the two to
//! the same answers.

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::envelope::Origin;
use super::record::{self, SesRecord};
use super::text::Text;
use super::{ParseError, Reader, Reading, counts};

/// A record with nothing around it.
#[derive(Debug)]
pub(super) struct Plain<'a> {
    event_type: Text<'a>,
    record: SesRecord<'a>,
}

/// All fields of `envelope`'s form and all of [`SesRecord`]: a body that is damaged for one of the two is damaged here.
#[derive(Default, Deserialize)]
#[serde(default)]
struct FormAndRecord<'a> {
    #[serde(borrow, rename = "eventType")]
    event_type: Option<Text<'a>>,
    #[serde(borrow)]
    mail: Option<record::Mail<'a>>,
    #[serde(borrow)]
    bounce: Option<record::Bounce<'a>>,
    #[serde(borrow)]
    complaint: Option<record::Complaint<'a>>,
    #[serde(rename = "requestPayload")]
    request_payload: Option<IgnoredAny>,
    #[serde(rename = "requestContext")]
    request_context: Option<IgnoredAny>,
    #[serde(rename = "detail-type")]
    detail_type: Option<IgnoredAny>,
    #[serde(rename = "alarmData")]
    alarm_data: Option<IgnoredAny>,
    #[serde(rename = "AlarmName")]
    alarm_name: Option<IgnoredAny>,
    #[serde(rename = "notificationType")]
    notification_type: Option<IgnoredAny>,
    #[serde(rename = "Type")]
    sns_type: Option<IgnoredAny>,
}

impl<'a> Plain<'a> {
    /// `None`: it is something else, or damaged, and is to be read by its form.
    pub(super) fn of(text: &'a str) -> Option<Self> {
        if !text.starts_with('{') {
            return None;
        }
        let all: FormAndRecord<'a> = serde_json::from_str(text).ok()?;
        let surrounds = [all.request_payload, all.request_context, all.detail_type, all.alarm_data, all.alarm_name];
        let others = [all.notification_type, all.sns_type];
        if surrounds.iter().chain(&others).any(Option::is_some) {
            return None;
        }
        let record = SesRecord { mail: all.mail, bounce: all.bounce, complaint: all.complaint };
        Some(Self { event_type: all.event_type?, record })
    }

    /// What it says.
    pub(super) fn read(self, reader: &Reader, origin: &Origin, now: Timestamp) -> Result<Reading, ParseError> {
        match counts::event_type(&self.event_type) {
            Ok(event_type) => record::count(reader, event_type, self.record, origin, now),
            Err(ignored) => Ok(Reading::Ignored(ignored)),
        }
    }
}

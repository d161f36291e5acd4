//! What form a body has, and what is wrapped in what. Every form ends in a record, an alarm or a reason to ignore it.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::fault::{BYTE_ORDER_MARK, ParseError, Part, parse};
use super::plain::Plain;
use super::{Ignored, MAX_BODY_BYTES, Reader, Reading, alarm, counts, record};
use crate::name::{AccountId, Region};

/// SES's greeting to a topic that becomes an event destination: the only message that is not JSON.
const TOPIC_VALIDATION: &str = "Successfully validated SNS topic for Amazon SES event publishing.";

/// One body out of what a function was invoked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The text for [`Reader::read_record`].
    pub body: String,
    /// The Region it came through.
    pub region: Option<Region>,
}

/// What surrounds a record, for what the record itself does not say.
#[derive(Debug, Clone, Default)]
pub(super) struct Origin {
    pub(super) account: Option<AccountId>,
    pub(super) region: Option<Region>,
    pub(super) configuration_set: Option<String>,
}

/// Splits an invocation of a function into bodies: an SQS batch, an SNS event, or anything else as one body.
/// A record of a batch that has no text stays as it is, so that it fails alone when it is read.
pub fn records(input: &str) -> Vec<Record> {
    #[derive(Deserialize)]
    struct Batch<'a> {
        #[serde(borrow, rename = "Records")]
        records: Vec<&'a RawValue>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Entry<'a> {
        body: Option<String>,
        #[serde(rename = "awsRegion")]
        region: Option<String>,
        #[serde(borrow, rename = "Sns")]
        sns: Option<&'a RawValue>,
    }
    let whole = || vec![Record { body: input.to_owned(), region: None }];
    if !is_object(input) {
        return whole();
    }
    let Ok(batch) = parse::<Batch<'_>>(input, Part::Body) else { return whole() };
    let split = |raw: &RawValue| {
        let entry =
            if is_object(raw.get()) { parse(raw.get(), Part::Body).unwrap_or_default() } else { Entry::default() };
        let body = entry.body.or_else(|| entry.sns.map(|sns| sns.get().to_owned()));
        let region = entry.region.and_then(|region| region.parse().ok());
        Record { body: body.unwrap_or_else(|| raw.get().to_owned()), region }
    };
    batch.records.into_iter().map(split).collect()
}

/// Reads one body.
pub(super) fn read(reader: &Reader, body: &str, region: Option<Region>, now: Timestamp) -> Result<Reading, ParseError> {
    if body.len() > MAX_BODY_BYTES {
        return Err(ParseError::TooLong);
    }
    read_text(reader, body, Part::Body, Origin { region, ..Origin::default() }, now)
}

/// The fields by which the forms are told apart.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Form<'a> {
    #[serde(borrow, rename = "requestPayload")]
    request_payload: Option<&'a RawValue>,
    #[serde(borrow, rename = "requestContext")]
    request_context: Option<&'a RawValue>,
    #[serde(borrow, rename = "detail-type")]
    detail_type: Option<&'a RawValue>,
    #[serde(borrow, rename = "alarmData")]
    alarm_data: Option<&'a RawValue>,
    #[serde(borrow, rename = "AlarmName")]
    alarm_name: Option<&'a RawValue>,
    #[serde(borrow, rename = "eventType")]
    event_type: Option<&'a RawValue>,
    #[serde(borrow, rename = "notificationType")]
    notification_type: Option<&'a RawValue>,
    #[serde(borrow, rename = "Type")]
    sns_type: Option<&'a RawValue>,
    #[serde(borrow)]
    mail: Option<&'a RawValue>,
}

fn read_text(reader: &Reader, text: &str, part: Part, origin: Origin, now: Timestamp) -> Result<Reading, ParseError> {
    match Plain::of(text) {
        Some(plain) => plain.read(reader, &origin, now),
        None => read_form(reader, text, part, origin, now),
    }
}

/// Reads a text by its form: whatever it is, and whatever is wrong with it.
pub(super) fn read_form(
    reader: &Reader,
    text: &str,
    part: Part,
    origin: Origin,
    now: Timestamp,
) -> Result<Reading, ParseError> {
    if text.trim_start_matches(BYTE_ORDER_MARK).trim() == TOPIC_VALIDATION {
        return Ok(Reading::Ignored(Ignored::TopicValidation));
    }
    let form = form_of(text, part)?;
    if form.request_payload.is_some() && form.request_context.is_some() {
        Ok(Reading::Ignored(Ignored::FailureDestination))
    } else if form.detail_type.is_some() {
        read_eventbridge(reader, text, part, origin, now)
    } else if form.alarm_data.is_some() {
        alarm::read_invocation(text, part).map(Reading::Alarm)
    } else if form.alarm_name.is_some() {
        alarm::read_message(text, part).map(Reading::Alarm)
    } else if let Some(name) = form.event_type {
        read_record(reader, name, text, part, &origin, now)
    } else if let Some(name) = form.notification_type {
        Ok(Reading::Ignored(match name.get() {
            r#""AmazonSnsSubscriptionSucceeded""# => Ignored::FeedbackTopicConfirmed,
            _ => Ignored::IdentityNotification,
        }))
    } else if form.sns_type.is_some() {
        match part {
            Part::Body => read_sns(reader, text, origin, now),
            Part::SnsMessage | Part::Detail => Err(ParseError::NotAnEvent("an SNS envelope inside another envelope")),
        }
    } else if form.mail.is_some() {
        Err(ParseError::Missing("eventType"))
    } else {
        Err(ParseError::NotAnEvent("a JSON object of none of the known forms"))
    }
}

fn read_record(
    reader: &Reader,
    event_type: &RawValue,
    text: &str,
    part: Part,
    origin: &Origin,
    now: Timestamp,
) -> Result<Reading, ParseError> {
    let Ok(name) = serde_json::from_str::<String>(event_type.get()) else {
        return Err(ParseError::Malformed { field: "eventType", must_be: "text" });
    };
    match counts::event_type(&name) {
        Ok(event_type) => record::read(reader, event_type, text, part, origin, now),
        Err(ignored) => Ok(Reading::Ignored(ignored)),
    }
}

/// SNS's envelope: the same in an SQS body and, but for two keys we don't read, in a Lambda event.
fn read_sns(reader: &Reader, text: &str, origin: Origin, now: Timestamp) -> Result<Reading, ParseError> {
    #[derive(Default, Deserialize)]
    #[serde(default, rename_all = "PascalCase")]
    struct Envelope {
        r#type: Option<String>,
        topic_arn: Option<String>,
        message: Option<String>,
    }
    let envelope: Envelope = parse(text, Part::Body)?;
    match envelope.r#type.as_deref() {
        Some("Notification") => {
            let message = envelope.message.ok_or(ParseError::Missing("Message"))?;
            let topic = envelope.topic_arn.as_deref().and_then(Arn::of);
            let region = topic.and_then(|arn| arn.region.parse().ok()).or(origin.region);
            read_text(reader, &message, Part::SnsMessage, Origin { region, ..Origin::default() }, now)
        }
        Some("SubscriptionConfirmation" | "UnsubscribeConfirmation") => {
            Ok(Reading::Ignored(Ignored::SubscriptionNotice))
        }
        Some(_) | None => Err(ParseError::NotAnEvent("an SNS envelope of an unknown `Type`")),
    }
}

fn read_eventbridge(
    reader: &Reader,
    text: &str,
    part: Part,
    origin: Origin,
    now: Timestamp,
) -> Result<Reading, ParseError> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Event<'a> {
        #[serde(rename = "detail-type")]
        detail_type: Option<String>,
        source: Option<String>,
        account: Option<String>,
        region: Option<String>,
        resources: Option<Vec<String>>,
        #[serde(borrow)]
        detail: Option<&'a RawValue>,
    }
    let event: Event<'_> = parse(text, part)?;
    let detail_type = event.detail_type.as_deref().unwrap_or_default();
    let detail = event.detail.map_or("null", RawValue::get);
    let form = if is_object(detail) { form_of(detail, Part::Detail)? } else { Form::default() };
    let from = |source: &'static str| match event.source.as_deref() {
        Some(given) if given == source => Ok(()),
        Some(_) | None => Err(ParseError::ForeignSource(source)),
    };

    if detail_type.starts_with("Email ") || (form.event_type.is_some() && form.mail.is_some()) {
        from("aws.ses")?;
        let name = form.event_type.ok_or(ParseError::Missing("detail.eventType"))?;
        let account = event.account.map(|id| {
            id.parse().map_err(|_| ParseError::Malformed { field: "account", must_be: "an account id of 12 digits" })
        });
        let set_of = |arn: &String| Some(Arn::of(arn)?.resource.strip_prefix("configuration-set/")?.to_owned());
        let origin = Origin {
            account: account.transpose()?,
            region: event.region.and_then(|region| region.parse().ok()).or(origin.region),
            configuration_set: event.resources.iter().flatten().find_map(set_of),
        };
        return read_record(reader, name, detail, Part::Detail, &origin, now);
    }
    Ok(match detail_type {
        "CloudWatch Alarm State Change" => {
            from("aws.cloudwatch")?;
            let arn = event.resources.iter().flatten().next().map(String::as_str);
            Reading::Alarm(alarm::read_change(detail, Part::Detail, arn)?)
        }
        "Sending Status Enabled" | "Sending Status Disabled" => Reading::Ignored(Ignored::TenantStatus),
        "AWS API Call via CloudTrail" => Reading::Ignored(Ignored::ApiCall),
        "Scheduled Event" => Reading::Ignored(Ignored::Schedule),
        advisor if advisor.starts_with("Advisor Recommendation ") => Reading::Ignored(Ignored::Advisor),
        _ => Reading::Ignored(Ignored::OtherEventBridgeEvent),
    })
}

/// `serde` would read an array as a struct, field by field: only an object is one.
fn is_object(text: &str) -> bool {
    text.trim_start_matches(BYTE_ORDER_MARK).trim_start().starts_with('{')
}

fn form_of(text: &str, part: Part) -> Result<Form<'_>, ParseError> {
    if is_object(text) {
        return parse(text, part);
    }
    parse::<&RawValue>(text, part)?;
    Err(ParseError::NotAnEvent("JSON, but not an object"))
}

/// `arn:partition:service:region:account:resource`.
#[derive(Clone, Copy)]
pub(super) struct Arn<'a> {
    pub(super) region: &'a str,
    pub(super) account: &'a str,
    resource: &'a str,
}

impl<'a> Arn<'a> {
    /// `None` when it is no ARN.
    pub(super) fn of(text: &'a str) -> Option<Self> {
        let mut parts = text.strip_prefix("arn:")?.splitn(5, ':').skip(2);
        Some(Self { region: parts.next()?, account: parts.next()?, resource: parts.next()? })
    }
}
